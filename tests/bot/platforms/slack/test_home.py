"""The Home tab: what it shows to whom, within which limits, and what a click on it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import (
    Channel,
    KeptProposal,
    KnowledgeState,
    OwnChannel,
    OwnGap,
    OwnQuestion,
    Person,
    PersonalOverview,
    Proposal,
    RunCommand,
)
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.action_values import BrokenClick, read_gap, read_home, write_again
from bot.platforms.slack.home import MOST_BLOCKS, home_view
from bot.platforms.slack.home_form import GAP_FIELD, GAP_FORM, gap_form
from bot.platforms.slack.home_pages import HomePages
from bot.platforms.slack.home_parser import HomeOpened
from bot.platforms.slack.inbound import say_not_saved
from bot.platforms.slack.parser import BotIdentity, read_event, read_interaction
from bot.platforms.slack.workspace import Workspace
from tests.bot.store.building import HandClock
from tests.faults.building import until
from tests.support.at_rest import until_at_rest
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program
from tests.support.slack import all_texts, block_mistakes, error, links, rings, too_fast
from tests.support.slack_people import a_click, an_event

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
C1 = Channel("slack", "T1", "C1")
LIN = Person("slack", "T1", "U1", "lin")
CHANNEL = OwnChannel(
    channel=C1,
    knowledge_base="shop",
    threshold=Decimal("0.65"),
    threshold_source="channel",
    gaps=(OwnGap("where is my parcel", 3, "0123abcd"),),
    open_gaps=4,
    reviews=2,
    proposals=(KeptProposal(7, Proposal("shop", "e1", "can I return it"), "open", LIN, NOW),),
)
QUESTION = OwnQuestion(C1, "can I get a refund", 2, Decimal("0.65"), 0.8123, NOW, "shop")
WHOLE = PersonalOverview(
    may_see=True,
    channels=(CHANNEL,),
    questions=(QUESTION,),
    knowledge=(KnowledgeState("shop", 6, "bundled", NOW),),
)


def view(overview: PersonalOverview = WHOLE, language: Any = "en", **more: Any) -> dict[str, Any]:
    return home_view(overview, language, NOW, public_url="https://kb.example.com", direct="D1", **more)


def words_of(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)


def test_it_shows_the_channels_with_their_dials_questions_gaps_and_proposals() -> None:
    shown = view()
    text = words_of(shown)
    for part in ("<#C1> threshold *0.65* (set here)", "can I get a refund", "2 found at 0.65, best 0.8123"):
        assert part in text
    for part in ("4 questions of the last 7 days", "where is my parcel (3×)", "teach “can I return it”"):
        assert part in text
    assert "Waiting for review: 2 (/queue)" in text
    assert [one["value"] for one in buttons(shown)] == [
        "C1|/threshold 0.60",
        "C1|/threshold 0.70",
        "C1|0123abcd|where is my parcel",
        "D1|shop|can I get a refund",
        "C1|/teach 7",
        "D1|/console",
        "D1|/help",
    ]
    assert block_mistakes(shown["blocks"]) == []


def test_it_speaks_both_languages() -> None:
    assert "您的频道" in words_of(view(language="zh"))
    assert "阈值 *0.65*（本频道设置）" in words_of(view(language="zh"))


def test_every_value_it_writes_is_one_that_it_reads() -> None:
    for one in buttons(view()):
        gap = read_gap(one["action_id"], one["value"])
        again = one["action_id"].startswith("again:")
        found = read_home(one["action_id"], one["value"])
        if gap is not None:
            assert "|".join(gap) == one["value"]
        elif again:
            assert found == ("D1", RunCommand("/ask can I get a refund", knowledge_base="shop"))
        else:
            assert found is not None
            assert f"{found[0]}|{found[1].command}" == one["value"]


@pytest.mark.parametrize(
    "value", ["", "C1", "C1|/admin claim X", "C1|/threshold 2", "C1|/threshold 0.6\n/export", "a b|/help"]
)
def test_a_value_that_was_never_written_is_not_believed(value: str) -> None:
    with pytest.raises(BrokenClick):
        read_home("home:1", value)
    assert read_home("run:1", value) is None
    for read, kind in ((read_gap, "gap:1"), (read_home, "again:1")):
        with pytest.raises(BrokenClick):
            read(kind, value)


def test_a_question_too_long_for_a_button_has_none() -> None:
    shown = view(replace(WHOLE, questions=(replace(QUESTION, text="🙂" * 999),)))
    assert not [one for one in buttons(shown) if one["action_id"].startswith("again")]
    assert write_again("D1", "shop", "x" * 1992) is not None
    assert write_again("D1", "shop", "x" * 1993) is None


def test_somebody_from_outside_is_told_nothing_of_ours() -> None:
    shown = view(PersonalOverview())
    (block,) = shown["blocks"]
    assert block["text"]["text"] == "Ask me in a channel by mentioning me, or write to me directly."


def test_an_engine_that_is_silent_is_said_and_no_number_is_made_up() -> None:
    silent = replace(CHANNEL, threshold=None, open_gaps=None, gaps=())
    text = words_of(view(replace(WHOLE, knowledge=(), channels=(silent,))))
    assert "threshold not known just now" in text
    assert "does not answer just now" in text
    assert "found nothing:" not in text


def test_what_was_done_is_told_on_top() -> None:
    assert (
        view(notice="Threshold is <now> 0.60")["blocks"][0]["text"]["text"] == "Threshold is &lt;now&gt; 0.60"
    )


def test_the_link_to_a_channel_needs_a_login_and_names_it_whole() -> None:
    (found,) = links(words_of(view()))
    assert found[0] == "https://kb.example.com/console/channel?channel=slack%3AT1%3AC1"


LOUD = st.sampled_from(
    ["<!channel>", "<@U1>", "*b*", "&amp;", "退款", "\n", "x" * 3000, "<http://e|b>", "🙂" * 90]
)
TEXT = st.lists(LOUD | st.text(max_size=20), min_size=1, max_size=4).map("".join)


@settings(max_examples=40)
@given(text=TEXT, many=st.integers(0, 12), language=st.sampled_from(["en", "zh"]))
def test_whatever_people_wrote_the_limits_hold_and_nobody_is_rung(
    text: str, many: int, language: str
) -> None:
    proposal = KeptProposal(7, Proposal("shop", text, text), "open", LIN, NOW)
    channel = replace(
        CHANNEL,
        knowledge_base=text,
        gaps=(OwnGap(text, 3, "0123abcd"),) * min(many, 3),
        proposals=(proposal,) * min(many, 3),
    )
    overview = PersonalOverview(
        may_see=True,
        channels=(channel,) * min(many, 5),
        questions=(replace(QUESTION, text=text),) * min(many, 5),
        knowledge=(KnowledgeState(text, 6, text, None),),
    )
    shown = view(overview, language, notice=text)
    assert len(shown["blocks"]) <= MOST_BLOCKS
    assert block_mistakes(shown["blocks"]) == []
    form = gap_form("C1", "0123abcd", text, "zh" if language == "zh" else "en", direct="D1")
    for one in (*all_texts(shown), *all_texts(form)):
        assert rings(one) == 0
    ids = [one["action_id"] for one in buttons(shown)]
    assert len(ids) == len(set(ids))


def buttons(shown: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for block in shown["blocks"]:
        found += block.get("elements", []) if block["type"] == "actions" else []
        found += [block["accessory"]] if "accessory" in block else []
    return found


def opening(user: str = "U1", **event: Any) -> dict[str, Any]:
    inner = {"type": "app_home_opened", "user": user, "channel": f"D{user}", "tab": "home"} | event
    return an_event() | {"event": inner}


def home_click(value: str, *, user: str = "U1", number: int = 1, **fields: Any) -> dict[str, Any]:
    action_id = fields.pop("action_id", "home:1")
    action = {"action_id": action_id, "value": value, "action_ts": f"1.{number}"}
    whole = {
        "container": {"type": "view", "view_id": "V1"},
        "view": {"type": "home", "private_metadata": f"D{user}"},
        "user": {"id": user, "username": "lin", "team_id": "T1"},
        "trigger_id": f"t{number}",
    }
    return a_click(action) | whole | fields


def test_an_opening_is_read_with_its_workspace_and_the_direct_chat() -> None:
    assert read_event(opening(), BotIdentity()) == HomeOpened(Workspace("", "T1"), "U1", "DU1")
    assert not isinstance(read_event(opening(tab="messages"), BotIdentity()), HomeOpened)
    assert not isinstance(read_event(opening(user="no id"), BotIdentity()), HomeOpened)


def test_a_click_on_it_is_a_command_in_the_channel_that_it_names() -> None:
    (reading,) = read_interaction(home_click("C1|/threshold 0.60"))
    assert getattr(reading, "channel", None) == C1
    assert getattr(reading, "action", None) == RunCommand("/threshold 0.60")
    assert getattr(reading, "address", None) == {"user": "U1", "home": "1", "direct": "DU1", "team": "T1"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("home")
    base = a_knowledge_base(folder / "texts", "lemon", threshold=0.8)
    with a_program(folder, base) as program:
        program.slack.answers["views.publish"] = lambda _: {"ok": True}
        program.slack.answers["views.open"] = lambda _: {"ok": True}
        yield program


def published(program: Program, user: str) -> list[dict[str, Any]]:
    return [
        json.loads(given["view"]) if isinstance(given["view"], str) else given["view"]
        for method, given in program.slack.calls
        if method == "views.publish" and given["user_id"] == user
    ]


def newest(program: Program, user: str, *, holding: str) -> dict[str, Any]:
    until(lambda: any(holding in words_of(one) for one in published(program, user)))
    return published(program, user)[-1]


def test_whoever_opens_it_finds_their_own_channels_and_no_others(running: Program) -> None:
    running.people.says("lemon", channel="C21", user="U21")
    running.people.says("lemon", channel="C22", user="U22")
    running.slack.until(lambda: {"C21", "C22"} <= {one.get("channel") for one in running.slack.posted})
    running.people.event(opening("U21"))
    text = words_of(newest(running, "U21", holding="<#C21>"))
    assert "<#C22>" not in text
    assert "lemon" in text


def test_a_turn_of_its_dial_is_recorded_as_in_the_channel_and_told_on_it(running: Program) -> None:
    running.people.says("lemon", channel="C23", user="U23")
    running.slack.until(lambda: any(one.get("channel") == "C23" for one in running.slack.posted))
    posted = len(running.slack.posted)
    send(running, home_click("C23|/threshold 0.70", user="U23"))
    newest(running, "U23", holding="threshold *0.70* (set here)")
    running.people.says("threshold", channel="C23", user="U23")
    running.slack.until(lambda: any("0.70" in text for text in running.slack.texts()))
    assert len(running.slack.posted) == posted + 1, "the channel was not told of the click"


def test_a_channel_of_others_cannot_be_turned_from_it(running: Program) -> None:
    running.people.says("lemon", channel="C24", user="U24")
    running.slack.until(lambda: any(one.get("channel") == "C24" for one in running.slack.posted))
    send(running, home_click("C24|/threshold 0.10", user="U25", number=2))
    figures = running.app.metrics.text().decode()
    assert 'ignored_total{platform="slack",reason="a channel of others"} 1.0' in figures


def test_a_guest_sees_nothing_of_ours(running: Program) -> None:
    running.slack.profiles["U26"] = {"is_restricted": True}
    running.people.says("lemon", channel="C26", user="U26")
    running.slack.until(lambda: any(one.get("channel") == "C26" for one in running.slack.posted))
    running.people.event(opening("U26"))
    shown = newest(running, "U26", holding="Ask me in a channel")
    assert "C26" not in words_of(shown)
    assert "lemon" not in words_of(shown)


def test_somebody_of_another_company_sees_nothing_of_ours(running: Program) -> None:
    running.slack.profiles["U27"] = {"team_id": "T99"}
    running.people.event(opening("U27"))
    assert len(newest(running, "U27", holding="Ask me in a channel")["blocks"]) == 1


def test_the_console_is_opened_by_a_link_in_the_direct_chat_and_never_in_the_view(running: Program) -> None:
    running.people.says("lemon", channel="C28", user="U28")
    running.people.event(opening("U28"))
    shown = newest(running, "U28", holding="Open the console")
    assert "sign-in" not in words_of(shown)
    send(running, home_click("DU28|/console", user="U28", number=3))
    running.slack.until(lambda: any("/console/sign-in/" in text for text in running.slack.texts()))
    (told,) = [one for one in running.slack.posted if "/console/sign-in/" in str(one["text"])]
    assert told["channel"] == "DU28"


def test_a_chinese_slack_gets_a_chinese_page(running: Program) -> None:
    running.slack.profiles["U29"] = {"locale": "zh-CN"}
    running.people.event(opening("U29"))
    newest(running, "U29", holding="您还没有在频道里提过问")


def test_a_slack_that_asks_to_slow_down_gets_the_page_later_and_a_refusal_is_given_up(
    running: Program,
) -> None:
    clock = HandClock()
    platform: Any = running.app.platforms.senders["slack"]
    pages = HomePages(platform.workspaces, running.app._personal(), lambda _: "en", clock, "http://kb")
    opened = HomeOpened(Workspace("", "T1"), "U30", "D30")
    running.slack.will("views.publish", too_fast("9"))
    pages.open(opened)
    pages.open(opened)
    assert [pages.step(), pages.step()] == [True, False], "one of a person waits at a time"
    clock.go_on(8.9)
    assert not pages.step()
    clock.go_on(0.2)
    assert [pages.step(), pages.step()] == [True, False]
    running.slack.will("views.publish", error("missing_scope", needed="x"))
    pages.open(opened)
    assert pages.step()
    clock.go_on(3600)
    assert not pages.step()


def test_a_question_is_asked_again_in_the_direct_chat(running: Program) -> None:
    running.people.says("lemon", channel="C31", user="U31")
    running.slack.until(lambda: any(one.get("channel") == "C31" for one in running.slack.posted))
    running.people.event(opening("U31"))
    shown = newest(running, "U31", holding="Ask again")
    again = next(one for one in buttons(shown) if one["action_id"].startswith("again:"))
    send(running, home_click(again["value"], user="U31", number=4, action_id=again["action_id"]))
    running.slack.until(lambda: any(one.get("channel") == "DU31" for one in running.slack.posted))
    (told,) = [one for one in running.slack.posted if one["channel"] == "DU31"]
    assert "1.0000" in words_of(told)
    assert "lemon" in words_of(told)


def forms(program: Program) -> list[dict[str, Any]]:
    return [given for method, given in program.slack.calls if method == "views.open"]


def submission(form: dict[str, Any], answer: str | None, *, user: str, view_id: str = "V9") -> dict[str, Any]:
    filled = {GAP_FIELD: {GAP_FIELD: {"type": "plain_text_input", "value": answer}}}
    shown = {"id": view_id, "type": "modal", "state": {"values": filled}}
    return {
        "type": "view_submission",
        "team": {"id": "T1"},
        "user": {"id": user, "username": "lin", "team_id": "T1"},
        "view": shown | {name: form[name] for name in ("callback_id", "private_metadata")},
    }


def test_a_gap_is_answered_by_a_form(running: Program) -> None:
    running.people.says("zzzz", channel="C32", user="U32")
    running.slack.until(lambda: any(one.get("channel") == "C32" for one in running.slack.posted))
    running.people.event(opening("U32"))
    shown = newest(running, "U32", holding="Answer: zzzz")
    wanted = next(one for one in buttons(shown) if one["action_id"].startswith("gap:"))
    send(running, home_click(wanted["value"], user="U32", number=5, action_id=wanted["action_id"]))
    running.slack.until(lambda: bool(forms(running)))
    (given,) = forms(running)
    form = json.loads(given["view"]) if isinstance(given["view"], str) else given["view"]
    assert given["trigger_id"] == "t5"
    assert "zzzz" in words_of(form)
    before = len(published(running, "U32"))
    filled = submission(form, "of sleep\nand more", user="U32")
    for _ in range(2):  # as Slack sends it, and once more
        send(running, filled)
    until(lambda: any("zzzz" in words_of(one) for one in published(running, "U32")[before:]))
    assert "zzzz" not in running.people.command("/gaps", channel_id="C32").get_json()["text"]
    found = running.people.command("/kb", "find zzzz", channel_id="C32").get_json()["text"]
    assert found.count("zzzz") >= 1
    assert len([one for one in running.slack.posted if one.get("channel") == "C32"]) == 1


def test_no_form_is_shown_or_taken_for_a_channel_of_others(running: Program) -> None:
    running.people.says("yyyy", channel="C33", user="U33")
    running.slack.until(lambda: any(one.get("channel") == "C33" for one in running.slack.posted))
    before = len(forms(running))
    send(running, home_click("C33|0123abcd|yyyy", user="U34", number=6, action_id="gap:1"))
    form = gap_form("C33", "0123abcd", "yyyy", "en", direct="DU34")
    send(running, submission(form, "mine", user="U34", view_id="V10"))
    figures = running.app.metrics.text().decode()
    assert 'ignored_total{platform="slack",reason="a channel of others"} 3.0' in figures
    assert len(forms(running)) == before


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"private_metadata": "C1|/admin|"}, "x"),
        ({"private_metadata": ""}, "x"),
        ({"private_metadata": "C1|0123abcd|D1"}, None),
    ],
)
def test_a_form_that_was_never_written_is_put_aside(changed: dict[str, str], answer: str | None) -> None:
    form = {"callback_id": GAP_FORM} | changed
    (reading,) = read_interaction(submission(form, answer, user="U1"))
    assert isinstance(reading, Quarantined)
    (other,) = read_interaction(submission({**form, "callback_id": "other"}, "x", user="U1"))
    assert isinstance(other, Ignored)


def test_a_form_that_could_not_be_stored_stays_open_and_says_so() -> None:
    told = say_not_saved({"type": "view_submission"})
    assert (told["response_action"], list(told["errors"])) == ("errors", [GAP_FIELD])
    assert "response_action" not in say_not_saved({"type": "block_actions"})


def test_somebody_who_writes_to_us_for_the_first_time_is_welcomed_once(running: Program) -> None:
    for _ in range(3):
        running.people.event(opening("U35", tab="messages"))
    until_at_rest(running.app, is_sent=True)
    said = [one["text"] for one in running.slack.posted if one.get("channel") == "DU35"]
    assert len(said) == 1
    assert "Ask me in your own words" in said[0]


def test_whoever_has_asked_us_before_is_not_welcomed(running: Program) -> None:
    said = {"type": "message", "channel_type": "im", "channel": "DU37", "user": "U37", "text": "lemon"}
    running.people.event(an_event(number=900, **said))
    running.slack.until(lambda: any(one.get("channel") == "DU37" for one in running.slack.posted))
    running.people.event(opening("U37", tab="messages"))
    until_at_rest(running.app, is_sent=True)
    assert len([one for one in running.slack.posted if one.get("channel") == "DU37"]) == 1


def send(program: Program, payload: dict[str, Any]) -> None:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    answer = program.people.post("/slack/interactions", body, "application/x-www-form-urlencoded")
    assert answer.status_code == 200
