from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.base.context import standing
from bot.commands.parser import parse
from bot.commands.registry import VERBS
from bot.config import Bot, Rates
from bot.domain import (
    Answer,
    Change,
    Channel,
    ChannelSettings,
    EngineError,
    FailedSource,
    InboxItem,
    Label,
    LeftOut,
    Match,
    Outcome,
    Person,
    RecordedChange,
    RunCommand,
    ShowMore,
    Surface,
    Text,
    TurnDial,
    Vote,
)
from bot.engine_client import Loading
from bot.grammar.command import ChangesChannel
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    BOB,
    NEXT_DOOR,
    ROOM,
    WECOM,
    ResponderRig,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig_with(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., ResponderRig]]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield lambda **settings: ResponderRig(store, clock, Bot(**settings))


@pytest.fixture
def rig(rig_with: Callable[..., ResponderRig]) -> ResponderRig:
    return rig_with()


# questions


def test_a_question_is_answered_with_the_ranked_matches(rig: ResponderRig, clock: HandClock) -> None:
    outcome = rig.hear(rig.message("which are sour?"))
    answer = Answer(
        id="a1",
        question="which are sour?",
        language="en",
        matches=(
            Match(1, "e1", "Lemons are sour. They grow in Sicily.", 0.82, bold=(0, 16)),
            Match(2, "e2", "Limes are sour too", 0.71),
            Match(3, "e3", "Figs", 0.45),
        ),
        total=3,
        best_score=0.82,
        threshold=Decimal("0.40"),
        threshold_source="default",
        limit=5,
        knowledge_base="default",
        snapshot="s1",
        snapshot_at=clock.now() - timedelta(minutes=5),
        model="paper",
        groups=3,
    )
    assert outcome.replies == (answer,)
    assert rig.engine.asked[0].collapse
    assert outcome.asked is not None
    assert outcome.asked.scores == (("e1", 0.82), ("e2", 0.71), ("e3", 0.45))


def test_the_threshold_in_force_is_the_channels_then_the_knowledge_bases_then_the_default(
    rig: ResponderRig,
) -> None:
    assert (rig.ask("sour?").threshold, rig.ask("sour?").threshold_source) == (Decimal("0.40"), "default")
    rig.hear(rig.message("/kb use shop"))
    by_base = rig.ask("sour?")
    assert (by_base.threshold, by_base.threshold_source, by_base.total) == (
        Decimal("0.6"),
        "knowledge base",
        2,
    )
    rig.say("/threshold 0.8")
    own = rig.ask("sour?")
    assert (own.threshold, own.threshold_source, own.total) == (Decimal("0.80"), "channel", 1)


def test_a_command_of_the_platform_is_answered_privately(rig: ResponderRig) -> None:
    assert rig.ask("/ask sour?", surface=Surface.COMMAND).private
    assert not rig.ask("sour?").private


def test_a_blank_question_gets_the_help_page(rig: ResponderRig) -> None:
    assert rig.say("\u200b  ").startswith("Ask in plain words")
    assert rig.say("@知识库助手", channel=WECOM).startswith("直接用平常的话提问即可")


def test_a_very_long_question_is_cut_and_says_so(rig: ResponderRig) -> None:
    answer, note = rig.hear(rig.message("é" * 40_000)).replies
    assert isinstance(answer, Answer)
    assert answer.question == "é" * 2_000
    assert note == Text(
        "That was long: only the first 2000 characters were searched for.", "en", private=True
    )


def test_half_a_character_and_nul_never_reach_engine_or_store(rig: ResponderRig) -> None:
    (answer,) = rig.decide(rig.message("a\ud800b\0c")).replies
    assert isinstance(answer, Answer)
    assert answer.question == "a?bc"


def test_an_unknown_command_is_searched_for_and_help_is_offered(rig: ResponderRig) -> None:
    answer, note = rig.hear(rig.message("/tresholds 0.65")).replies
    assert isinstance(answer, Answer)
    assert note == Text(
        "There is no command /tresholds. Did you mean /threshold?", "en", private=True, verb="help"
    )


def test_an_unknown_command_that_finds_nothing_is_told_so_and_not_kept_as_a_question(
    rig: ResponderRig,
) -> None:
    rig.say("/threshold 0.9")
    outcome = rig.hear(rig.message("/tresholds 0.65"))
    assert [reply.body for reply in outcome.replies if isinstance(reply, Text)] == [
        "There is no command /tresholds. Did you mean /threshold?"
    ]
    assert (len(outcome.replies), outcome.asked) == (1, None)


def test_a_channel_whose_knowledge_base_is_gone_is_told_which_there_are(rig: ResponderRig) -> None:
    rig.say("/kb use shop")
    del rig.engine.thresholds["shop"]
    rig.engine.clock.go_on(60)
    assert (
        rig.say("sour?")
        == 'No knowledge base is called "shop". There are: default. Choose with /kb use NAME.'
    )


def test_a_question_while_the_engine_is_away_is_left_to_the_worker(rig: ResponderRig) -> None:
    rig.engine.away = True
    with pytest.raises(EngineError) as raised:
        rig.ask("sour?")
    assert raised.value.code == "away"


# the dial


def test_a_threshold_says_who_from_and_to_and_leaves_other_channels_alone(rig: ResponderRig) -> None:
    outcome = rig.hear(rig.message("/threshold 0.65", surface=Surface.COMMAND))
    assert outcome == Outcome(
        (
            Text(
                "Ann set the threshold here from 0.40 (default) to 0.65 (set in this channel).",
                "en",
                verb="threshold",
                dial=Decimal("0.65"),
            ),
        ),
        (Change("threshold", None, "0.65"),),
    )
    assert (rig.threshold(), rig.threshold(NEXT_DOOR)) == (Decimal("0.65"), None)


def test_a_wrong_value_changes_nothing_and_shows_an_example(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    outcome = rig.hear(rig.message("/threshold {0.__class__} %n 💥"))
    assert outcome == Outcome(
        (
            Text(
                "/threshold takes a number from 0 to 1 with at most four decimals, "
                'for example /threshold 0.65 (got "{0.__class__} %n 💥").',
                "en",
                private=True,
                verb="threshold",
            ),
        )
    )
    assert rig.threshold() == Decimal("0.50")


def test_a_bare_percentage_is_asked_back(rig: ResponderRig) -> None:
    assert rig.say("/threshold 65", channel=WECOM) == (
        "/threshold 的用法：0 到 1 之间的数（最多四位小数），例如 /threshold 0.65（收到的是“65”）。"
        "如果想要 65%，请发送 /threshold 65%。"
    )


@pytest.mark.parametrize("command", ["/threshold try 65", "/threshold margin 5"])
def test_a_bare_percentage_after_a_word_is_asked_back_with_the_word(rig: ResponderRig, command: str) -> None:
    assert rig.say(command).endswith(f"write {command}%.")


def test_a_long_wrong_value_is_quoted_in_short(rig: ResponderRig) -> None:
    assert len(rig.say("/threshold " + "x" * 100_000)) < 200


@pytest.mark.parametrize("value", ["0", "1", "100%", "0.0001"])
def test_the_edges_can_be_set(rig: ResponderRig, value: str) -> None:
    rig.say(f"/threshold {value}")
    assert rig.threshold() is not None


def test_undo_steps_back_and_never_forth(rig: ResponderRig) -> None:
    for value in ("0.5", "0.6", "0.5"):
        rig.say(f"/threshold {value}")
    seen = []
    for _ in range(3):
        rig.say("/threshold undo")
        seen.append(rig.threshold())
    assert seen == [Decimal("0.60"), Decimal("0.50"), None]
    assert rig.say("/threshold undo") == "There is no change of the threshold left to take back."


def test_a_reset_can_be_undone_and_a_change_after_an_undo_stands(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.say("/threshold reset")
    assert rig.threshold() is None
    assert rig.say("/threshold undo") == (
        "Ann took the last change of the threshold back: from 0.40 (default) to 0.50 (set in this channel)."
    )
    rig.say("/threshold 0.7")
    rig.say("/threshold undo")
    assert rig.threshold() == Decimal("0.50")


@given(st.lists(st.one_of(st.none(), st.sampled_from(["0.1", "0.2", "0.3", "undo"]))))
def test_undo_is_a_walk_back_over_what_was_set(steps: list[str | None]) -> None:
    """Against a plain model: a list of values, to which setting appends and from which undo takes."""
    values: list[str | None] = [None]
    history: list[RecordedChange] = []
    for step in steps:
        if step == "undo":
            changes = standing(history)
            assert bool(changes) == (len(values) > 1)
            if changes:
                values.pop()
                change = Change("threshold", changes[-1].change.new, changes[-1].change.old, is_undo=True)
                history.insert(0, RecordedChange(change, ANN, HandClock().now()))
                assert change.new == values[-1]
        else:
            history.insert(0, RecordedChange(Change("threshold", values[-1], step), ANN, HandClock().now()))
            values.append(step)


def test_a_preview_counts_the_channels_own_questions_and_sets_nothing(rig: ResponderRig) -> None:
    assert rig.say("/threshold try 0.8") == "Nothing was asked here yet, so there is nothing to try 0.80 on."
    rig.ask("sour?")
    rig.engine.entries = {"e3": ("Figs", 0.45)}
    rig.ask("figs?")
    rig.ask("figs?", channel=NEXT_DOOR)
    asked = len(rig.engine.asked)
    assert rig.say("/threshold try 0.8") == (
        "The last questions here (2):\n"
        "at 0.40: 0 without a match, 2.0 matches each on average\n"
        "at 0.80: 1 without a match, 0.5 matches each on average\n"
        "Questions that would lose their best match: 1\n"
        "“figs?” (0.4500)"
    )
    assert (rig.threshold(), len(rig.engine.asked)) == (None, asked)


def test_a_bare_threshold_shows_value_source_and_who_changed_it(rig: ResponderRig) -> None:
    rig.say("/threshold 0.65")
    assert rig.say("/threshold", person=BOB) == (
        "The threshold here is 0.65 (set in this channel).\n2023-11-14 22:13 Ann: no own value → 0.65"
    )


def test_the_threshold_can_be_shown_and_set_while_the_engine_is_away(rig: ResponderRig) -> None:
    rig.engine.away = True
    assert rig.say("/threshold") == (
        "The threshold here is the knowledge base's own (known when search is back)."
    )
    rig.say("/threshold 0.65")
    assert rig.threshold() == Decimal("0.65")


def test_turning_the_dial_filters_the_same_answer_again_and_says_who(rig: ResponderRig) -> None:
    asked = rig.ask("which are sour?")
    outcome = rig.click(TurnDial(asked.id, Decimal("0.75")), person=BOB)
    (turned,) = outcome.replies
    assert turned == replace(
        asked,
        matches=asked.matches[:1],
        total=1,
        groups=1,
        threshold=Decimal("0.75"),
        threshold_source="channel",
        in_place=True,
        turned_by=(BOB, Decimal("0.40")),
        snapshot_at=turned.snapshot_at if isinstance(turned, Answer) else None,
        notes=("Last questions (1): 0 without a match, now 0; 3.0 → 1.0 matches each.",),
    )
    assert outcome.changes == (Change("threshold", None, "0.75"),)
    assert rig.threshold() == Decimal("0.75")
    assert rig.store.history.answer(ROOM, asked.id) == turned


@pytest.mark.parametrize("threshold", ["-0.05", "1.05", "NaN", "Infinity"])
def test_a_dial_beyond_its_ends_changes_nothing(rig: ResponderRig, threshold: str) -> None:
    asked = rig.ask("sour?")
    outcome = rig.decide(rig.message(action=TurnDial(asked.id, Decimal(threshold))))
    (refusal,) = outcome.replies
    assert isinstance(refusal, Text)
    assert (outcome.changes, refusal.private) == ((), True)


@pytest.mark.parametrize(
    "action", [TurnDial("a1", Decimal("0.9")), Vote("a1", "e1", "helpful"), ShowMore("a1", 5)]
)
def test_a_click_on_another_channels_answer_finds_nothing(
    rig: ResponderRig, action: TurnDial | Vote | ShowMore
) -> None:
    assert rig.ask("sour?").id == "a1"
    assert rig.click(action, channel=NEXT_DOOR) == Outcome(
        (Text("This answer is no longer here. Ask again, please.", "en", private=True),)
    )
    assert rig.threshold(NEXT_DOOR) is None


def test_a_vote_is_kept_and_thanked_for_privately(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    label = Label("sour?", "e1", False, "vote", "default", asked.id, 0.82, "paper", "", "s1")
    assert rig.click(Vote(asked.id, "e1", "not helpful")) == Outcome(
        (Text("Noted: not helpful. Thank you.", "en", private=True),), labels=(label,)
    )
    assert [past.label for past in rig.store.labels.on(ROOM, asked.id)] == [label]


def test_more_shows_the_matches_from_there_on(rig: ResponderRig) -> None:
    rig.say("/limit 2")
    asked = rig.ask("sour?")
    (more,) = rig.click(ShowMore(asked.id, 2)).replies
    assert isinstance(more, Answer)
    assert ([match.entry_id for match in more.matches], more.offset, more.total) == (["e3"], 2, 3)


def test_more_and_the_dial_ask_the_snapshot_that_the_answer_is_of(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    rig.click(ShowMore(asked.id, 1))
    rig.click(TurnDial(asked.id, Decimal("0.75")))
    assert [query.snapshot for query in rig.engine.asked] == ["", "s1", "s1"]


@pytest.mark.parametrize("action", ["more", "turn"])
def test_where_the_knowledge_base_has_changed_the_answer_says_so(rig: ResponderRig, action: str) -> None:
    asked = rig.ask("sour?")
    rig.engine.snapshot = "s2"
    clicked = ShowMore(asked.id, 1) if action == "more" else TurnDial(asked.id, Decimal("0.75"))
    (shown, *_) = rig.click(clicked).replies
    assert isinstance(shown, Answer)
    assert shown.snapshot == "s2"
    assert "The knowledge base has changed since this was asked: these are its matches now." in shown.notes


# other settings


def test_a_channel_has_its_own_limit_and_language(rig: ResponderRig) -> None:
    assert rig.say("/limit 2") == "Ann changed how many matches a reply shows from 5 to 2."
    assert rig.say("/language zh") == "Ann 把这里的回复语言改成了中文。"
    answer = rig.ask("sour?")
    assert (len(answer.matches), answer.limit, answer.language) == (2, 2, "zh")
    assert rig.ask("sour?", channel=NEXT_DOOR).language == "en"


def test_wecom_starts_in_chinese(rig: ResponderRig) -> None:
    assert rig.ask("酸吗？", channel=WECOM).language == "zh"


def test_choosing_a_knowledge_base_says_which_threshold_now_holds_and_why(rig: ResponderRig) -> None:
    assert rig.say("/kb use shop") == (
        "Ann switched the knowledge base here from default to shop (3 entries). "
        "Threshold: 0.60 (from the knowledge base)."
    )
    assert rig.say("/kb") == (
        "This channel asks the knowledge base shop (3 entries). Threshold: 0.60 (from the knowledge base)."
    )
    assert rig.say("/kb list") == "Knowledge bases:\n· default (3 entries)\n▸ shop (3 entries)"


@pytest.mark.parametrize("name", ["sale", "<!channel>", "{names}", "../etc"])
def test_an_unknown_knowledge_base_changes_nothing(rig: ResponderRig, name: str) -> None:
    assert rig.say(f"/kb use {name}") == (
        f'No knowledge base is called "{name}". There are: default, shop. Choose with /kb use NAME.'
    )
    assert rig.store.settings.of(ROOM) == ChannelSettings()


def test_removing_an_entry_says_when_it_belongs_elsewhere(rig: ResponderRig) -> None:
    assert [rig.say(f"/kb remove {entry}") for entry in ("e1", "file:1", "e9")] == [
        "Ann removed the entry e1 from default.",
        "file:1 belongs to a file or another source of default and can only be removed there.",
        "There is no entry e9 in default.",
    ]


def test_the_status_names_model_device_and_age(rig: ResponderRig) -> None:
    assert rig.say("/status") == (
        "Search: ready, paper on cpu\n"
        "Knowledge base default: 3 entries, 512 dimensions, updated 5 min ago\n"
        "Next refresh: 2023-11-14 22:38\n"
        "Messages waiting: 0"
    )
    rig.engine.away = True
    assert rig.say("/status") == (
        "Search: not available just now. Questions are kept and answered when it is back.\n"
        "Messages waiting: 0"
    )


def test_the_status_and_each_answer_say_which_source_fails_and_since_when(rig: ResponderRig) -> None:
    since = rig.engine.clock.now() - timedelta(days=1)
    gone = FailedSource("/srv/kb/faq.csv", "english", "missing", 12, since, since)
    rig.engine.failed, rig.engine.left_out = (gone,), 3
    rig.engine.first_left_out = (LeftOut("/srv/kb/new.txt", "is empty", "empty_file"),)
    assert rig.say("/status").splitlines()[2:5] == [
        "⚠️ faq.csv does not exist (since 2023-11-13 22:13); its 12 entries of 2023-11-13 22:13 are served.",
        "Left out by the last refresh: 3. /refresh names more.",
        "· new.txt: is empty",
    ]
    assert rig.ask("sour?").notes == (
        "⚠️ faq.csv could not be read (since 2023-11-13 22:13): what is said from it may be old or missing.",
    )
    two = (gone, replace(gone, source="b.csv", failing_since=since - timedelta(days=1)))
    rig.engine.failed = two
    rig.say("/status", channel=WECOM)
    assert rig.ask("酸吗？", channel=WECOM).notes == (
        "⚠️ faq.csv 等 2 处读不到（从 2023-11-12 22:13 起），其中的内容可能过时或缺失。",
    )


def test_a_status_without_trouble_says_nothing_of_it(rig: ResponderRig) -> None:
    assert "⚠️" not in rig.say("/status")
    assert rig.ask("sour?").notes == ()


def test_the_status_says_how_far_a_refresh_is(rig: ResponderRig) -> None:
    rig.engine.progress = (3, 9)
    assert rig.say("/status").splitlines()[2] == "A refresh is running: 3 of 9 texts embedded."


def test_the_status_says_how_far_a_beginning_engine_is(rig: ResponderRig) -> None:
    rig.engine.away = True
    rig.engine.is_loading = Loading()
    assert rig.say("/status") == (
        "Search: the model is loading. Questions are kept and answered when it is ready.\nMessages waiting: 0"
    )
    rig.engine.is_loading = Loading(30, 200)
    assert rig.say("/status").startswith("Search: 30 of 200 texts embedded.")


def test_the_settings_say_where_each_value_comes_from(rig: ResponderRig) -> None:
    rig.say("/limit 3")
    assert rig.say("/settings") == (
        "Threshold: 0.40 (default)\n"
        "Matches a reply: 3 (set in this channel), last changed by Ann on 2023-11-14 22:13\n"
        "Knowledge base: default (default)\n"
        "Language: English (default)"
    )


def test_help_lists_every_command_on_a_line_of_its_own_that_fits_a_terminal(rig: ResponderRig) -> None:
    intro, *lines, more, in_slack = rig.say("/help").splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"/{name}" for name in VERBS]
    assert [line for line in (intro, *lines, more, in_slack) if len(line) > 110] == []
    assert more == "/help threshold explains one of them."


def test_help_says_what_slack_keeps_for_itself_only_there(rig: ResponderRig) -> None:
    assert "write /kbdial status" in rig.say("/help")
    assert "kbdial status" not in rig.say("/help", channel=Channel("wecom", "corp", "group"))


def test_help_explains_one_command(rig: ResponderRig) -> None:
    assert rig.say("/help language") == (
        "/language: the language of the replies here\n"
        "· /language – show it\n"
        "· /language zh – Chinese\n"
        "· /language en – English"
    )
    assert rig.say("/help ask") == "/ask: ask a question\nFor example: /ask how do I return an order?"
    assert rig.say("/help cook") == "There is no command /cook. /help lists the commands."


# who may


CHANGING = (
    "/teach 1",
    "/teach no 1",
    "/teach e1 => sour ones?",
    "/teach forget e1 => sour thing",
    "/teach undo",
    "/threshold 0.9",
    "/threshold reset",
    "/threshold undo",
    "/threshold margin 0.1",
    "/strategy precise",
    "/strategy off",
    "/strategy undo",
    "/keywords 0.3",
    "/limit 2",
    "/language zh",
    "/name Returns rig",
    "/kb use shop",
    "/kb add pear",
    "/kb add pear =>\n1. Peel",
    "/kb remove e1",
    "/kb edit e1 => sour",
    "/gaps undo",
    "/review 0.7 0.45",
    "/review off",
    "/gaps add 0123abcd => pear",
    "/gaps point 0123abcd e1",
    "/gaps dismiss 0123abcd",
    "/gaps digest off",
)


def test_every_command_that_changes_something_is_among_those_tried_below() -> None:
    """SEC27."""
    read = [parse(each, names=(), mentioned=False, in_group=False) for each in CHANGING]
    # By name: a dataclass with slots is made twice, and the first one stays known for a while.
    assert {type(each).__name__ for each in read} == {
        each.__name__ for each in ChangesChannel.__subclasses__()
    }


@pytest.mark.parametrize("command", CHANGING)
def test_where_only_admins_may_others_change_nothing_and_learn_who_may(
    rig_with: Callable[..., ResponderRig], command: str
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2", "slack:T9:U9"))
    outcome = rig.hear(rig.message(command))
    assert outcome == Outcome((Text("Only admins may change settings here: U2.", "en", private=True),))
    assert (rig.store.settings.of(ROOM), rig.engine.added) == (ChannelSettings(), [])
    rig.hear(rig.message("/threshold 0.9", person=BOB))
    assert rig.threshold() == Decimal("0.90")


@pytest.mark.parametrize("command", ["/export", "/queue confirm 1", "/queue clear 1", "/queue export"])
def test_where_only_admins_may_others_neither_decide_nor_take_along(
    rig_with: Callable[..., ResponderRig], command: str
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    outcome = rig.hear(rig.message(command))
    assert outcome == Outcome((Text("Only admins may do this here: U2.", "en", private=True),))
    assert "Only admins" not in str(rig.hear(rig.message(command, person=BOB)))


def test_a_refused_change_is_told_to_the_operator(
    rig_with: Callable[..., ResponderRig], caplog: pytest.LogCaptureFixture
) -> None:
    """SEC27."""
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    rig.say("/threshold 0.9")
    (told,) = caplog.records
    assert (told.getMessage(), told.__dict__["channel"], told.__dict__["person"]) == (
        "change_refused",
        "slack:T1:C1",
        "slack:T1:U1",
    )


def test_where_only_admins_may_others_cannot_turn_the_dial_either(
    rig_with: Callable[..., ResponderRig],
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    asked = rig.ask("sour?")
    outcome = rig.click(TurnDial(asked.id, Decimal("0.9")))
    assert outcome == Outcome((Text("Only admins may change settings here: U2.", "en", private=True),))


def test_a_message_without_a_person_changes_nothing(rig: ResponderRig) -> None:
    assert rig.say("/threshold 0.9", person=Person("slack", "T1", "")) == (
        "A change needs a person, and this message names none."
    )


# what the worker asks


def test_only_what_asks_the_engine_needs_it(rig: ResponderRig) -> None:
    needing = ["sour?", "/ask sour?", "/kb list", "/kb add pear", "/refresh"]
    others = [
        "/threshold 0.5",
        "/threshold",
        "/limit 3",
        "/help",
        "/settings",
        "/threshold high",
        "",
        "/language zh",
    ]
    assert [rig.responder.needs_engine(rig.message(text)) for text in needing + others] == [True] * len(
        needing
    ) + [False] * len(others)


def test_a_flood_is_told_once_and_settings_stay_free(
    rig_with: Callable[..., ResponderRig], clock: HandClock
) -> None:
    rig = rig_with(questions_per_minute=Rates(person=2, channel=60))
    items = []
    for text in ("one", "two", "three", "four", "/threshold 0.5"):
        rig.store.inbox.accept(rig.message(text, channel=Channel("slack", "T1", text)))
        item = rig.store.inbox.claim()
        assert item is not None
        items.append(item)
    assert [rig.responder.allows(item) for item in items] == [True, True, False, False, True]
    assert [rig.responder.throttle_notice(items[2]), rig.responder.throttle_notice(items[3])] == [
        Text("That is more than 2 questions in a minute. Please ask again in a moment.", "en", private=True),
        None,
    ]
    clock.go_on(60)
    assert rig.responder.allows(items[3])


def test_the_notices_are_in_the_channels_language(rig: ResponderRig) -> None:
    rig.store.inbox.accept(rig.message("酸吗？", channel=WECOM))
    item = rig.store.inbox.claim()
    assert item is not None
    assert rig.responder.waiting_notice(item) == Text("检索暂时不可用，恢复后我会马上回答。", "zh")
    assert rig.responder.failure_notice(item) == Text("我这边出错了，这条消息没能处理。请再发一次。", "zh")


def test_marks_alone_are_no_question(rig: ResponderRig) -> None:
    for marks in ("？？？", "...", "😀", "—— !"):
        outcome = rig.hear(rig.message(marks))
        assert outcome.asked is None
        (reply,) = outcome.replies
        assert isinstance(reply, Text)
        assert reply.body == "There was no word or number in that to search for. Ask in a few words, please."


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0,65", "/threshold 0.65"), ("零点六五", "/threshold 0.65"), ("try 0，5", "/threshold try 0.5")],
)
def test_a_number_in_another_writing_changes_nothing_and_is_asked_back(
    rig: ResponderRig, written: str, meant: str
) -> None:
    outcome = rig.hear(rig.message(f"/threshold {written}"))
    assert outcome.changes == ()
    (reply,) = outcome.replies
    assert isinstance(reply, Text)
    assert f"Did you mean {meant}?" in reply.body
    assert [button.command for button in reply.buttons] == [meant]


@pytest.mark.parametrize("text", ["which are sour?", "/threshold 0.65"])
def test_a_message_is_parsed_once_on_its_whole_way(rig: ResponderRig, text: str) -> None:
    message = rig.message(text)
    rig.responder.needs_engine(message)  # the intake
    rig.store.inbox.accept(message)
    item = rig.store.inbox.claim()
    assert item is not None
    assert rig.responder.allows(item)
    rig.responder.reply_to(item)
    assert rig.responder._parsed.cache_info().misses == 1


@pytest.mark.parametrize("command", ["/export", "/queue export", "/teach export"])
def test_files_are_few_for_each_person_and_channel(rig: ResponderRig, command: str) -> None:
    def allowed(person: Person, **parts: Any) -> bool:
        return rig.responder.allows(InboxItem(1, rig.message(command, person=person, **parts), 1, 1))

    assert [allowed(ANN) for _ in range(5)] == [True] * 3 + [False] * 2
    notice = rig.responder.throttle_notice(InboxItem(1, rig.message(command), 1, 1))
    assert notice is not None
    assert notice.body == "That is more than 3 files in a minute. Please ask again in a moment."
    assert rig.responder.throttle_notice(InboxItem(1, rig.message(command), 1, 1)) is None
    assert rig.responder.allows(InboxItem(1, rig.message("which are sour?"), 1, 1))
    others = [Person("slack", "T1", f"U{number}") for number in range(10, 20)]
    assert [allowed(other) for other in others] == [True] * 7 + [False] * 3
    assert allowed(ANN, channel=NEXT_DOOR) is False
    click = rig.message(action=RunCommand(command), surface=Surface.ACTION, channel=NEXT_DOOR)
    assert not rig.responder.allows(InboxItem(1, click, 1, 1))
