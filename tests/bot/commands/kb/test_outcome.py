"""What /refresh and /kb add say of how it ended, at once and later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import texts
from bot.config import Bot
from bot.domain import EngineError, FailedSource, LeftOut, Outcome, Refreshed, Text
from bot.engine_client import Added, Contradicted, Entry
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import WECOM, ResponderRig

RUNNING = Refreshed("r1", "running")
THEN = datetime(2026, 5, 3, 8, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def later(rig: ResponderRig, clock: HandClock) -> Outcome:
    """What is decided when the message is handed out again."""
    clock.go_on(31)
    item = rig.store.inbox.claim()
    assert item is not None
    outcome = rig.responder.reply_to(item)
    rig.store.inbox.complete(item, outcome)
    return outcome


def done(**parts: Any) -> Refreshed:
    return Refreshed("r1", "done", **parts)


def test_a_quick_refresh_is_answered_with_its_result(rig: ResponderRig) -> None:
    rig.engine.refreshes = [RUNNING, done(read=9, kept=7, added=2, changed=1, removed=4)]
    assert rig.say("/refresh") == (
        "default is up to date: 7 entries from 9 rows; added 2, changed 1, removed 4."
    )
    assert rig.waited == [0.25]
    rig.engine.refreshes = [done(read=9, kept=7)]
    assert rig.say("/refresh", channel=WECOM) == "default 已是最新：没有变化，9 行，共 7 条。"


def test_a_slow_refresh_is_answered_at_once_and_ends_with_its_result(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.engine.refreshes = [RUNNING]
    assert rig.say("/refresh") == (
        "default is being brought up to date; I will say here how it ended. Questions are answered meanwhile."
    )
    assert sum(rig.waited) == 2.0
    assert later(rig, clock).replies == ()
    rig.engine.refreshes = [done(read=9, kept=7, added=7)]
    (result,) = later(rig, clock).replies
    assert isinstance(result, Text)
    assert (result.body, result.private) == (
        "default is up to date: 7 entries from 9 rows; added 7, changed 0, removed 0.",
        False,
    )
    clock.go_on(3600)
    assert rig.store.inbox.claim() is None


def test_whoever_asks_next_is_not_held_up_by_a_slow_refresh(rig: ResponderRig) -> None:
    rig.engine.refreshes = [RUNNING]
    rig.say("/refresh")
    assert rig.ask("sour?").matches
    assert rig.store.inbox.oldest_received_at() is None


@pytest.mark.parametrize(
    ("refreshes", "says"),
    [
        ([None], "The engine no longer knows how the refresh of default ended. /status tells more."),
        ([RUNNING], "The refresh of default still runs after 50 minutes. /status says how far it is."),
    ],
)
def test_waiting_has_an_end(
    rig: ResponderRig, clock: HandClock, refreshes: list[Refreshed | None], says: str
) -> None:
    rig.engine.refreshes = [RUNNING]
    rig.say("/refresh")
    clock.go_on(timedelta(minutes=50).total_seconds())
    rig.engine.refreshes = refreshes
    (reply,) = later(rig, clock).replies
    assert isinstance(reply, Text)
    assert reply.body == says


def test_a_partial_refresh_names_the_failing_source_since_when_and_what_is_served(rig: ResponderRig) -> None:
    gone = FailedSource("/srv/kb/faq.csv", "/srv/kb/faq.csv is gone", "missing", 12, THEN, THEN)
    rig.engine.refreshes = [done(read=9, kept=19, added=7, failed=(gone,))]
    assert rig.say("/refresh") == (
        "default is up to date in part: 19 entries from 9 rows; added 7, changed 0, removed 0.\n"
        "⚠️ faq.csv does not exist (since 2026-05-03 08:30); its 12 entries of 2026-05-03 08:30 are served."
    )
    assert rig.say("/refresh", channel=WECOM) == (
        "default 只更新了一部分：9 行，共 19 条；新增 7，修改 0，删除 0。\n"
        "⚠️ faq.csv 不存在（从 2026-05-03 08:30 起）；仍在使用 2026-05-03 08:30 的 12 条。"
    )


def test_what_the_floor_holds_back_says_how_to_let_it_through(rig: ResponderRig) -> None:
    shrunk = FailedSource("faq.csv", "english", "shrunk", 120, THEN, THEN, {"had": "120", "has": "3"})
    rig.engine.refreshes = [Refreshed("r1", "failed", failed=(shrunk,), error="english")]
    assert rig.say("/refresh") == (
        "default could not be brought up to date. What it held before is still served.\n"
        "⚠️ faq.csv has shrunk from 120 entries to 3 and was held back (since 2026-05-03 08:30); "
        "its 120 entries of 2026-05-03 08:30 are served.\n"
        "If this is meant, whoever keeps it runs: python -m engine refresh default --confirm"
    )
    assert "english" not in rig.say("/refresh", channel=WECOM)


def test_a_failure_without_a_source_says_why_in_the_language_of_the_reader(rig: ResponderRig) -> None:
    rig.engine.refreshes = [Refreshed("r1", "failed", error="the model cannot encode it")]
    assert rig.say("/refresh").endswith("The reason: the model cannot encode it")
    assert rig.say("/refresh", channel=WECOM) == "default 更新失败，仍使用以前的内容。\n原因：见引擎日志"


def test_what_was_left_out_is_told_with_its_place_and_reason(rig: ResponderRig) -> None:
    left_out = (
        LeftOut("a.csv:2", "blank", "blank"),
        LeftOut("a.csv:3", "no letter or digit in the text", "no_words"),
        LeftOut("a.csv:4", "english", "too_long", {"column": "answer"}),
        LeftOut("old.doc", "is none of .txt", "other_kind"),
        LeftOut("b.csv:9", "of a newer engine", "of a newer engine"),
    )
    notes = (LeftOut("b.csv", "was read as gbk", "read_as", {"encoding": "GBK"}),)
    rig.engine.refreshes = [done(read=9, kept=7, left_out=left_out, left_out_total=14, notes=notes)]
    assert rig.say("/refresh").splitlines()[1:] == [
        "Left out: 13.",
        "· a.csv:3: has no letter or digit",
        "· a.csv:4: is too long (column answer)",
        "· old.doc: is a kind of file that is not read",
        "… and 1 more.",
        "To be known: 1.",
        "· b.csv: was read as GBK",
    ]


def test_two_answers_to_one_question_are_both_shown(rig: ResponderRig) -> None:
    two = LeftOut(
        "b.csv:7",
        "english",
        "other_answer",
        {"first": "a.csv:3", "text": "How long?", "kept": "14 days", "left_out": "30 days"},
    )
    rig.engine.refreshes = [done(read=2, kept=1, left_out=(two,), left_out_total=1)]
    assert rig.say("/refresh").splitlines()[1:] == [
        "“How long?” has two answers.",
        "· a.csv:3 says: 14 days (this is served)",
        "· b.csv:7 says: 30 days",
    ]


def test_added_entries_say_whether_they_can_be_found(rig: ResponderRig) -> None:
    dropped = (LeftOut("3", "no letter or digit in the text", "no_words"),)
    rig.engine.add_result = Added((Entry("m1", "pear"),), (Entry("e3", "Figs"),), dropped, "r1")
    assert rig.say("/kb add pear => sweet\nFigs\n--") == (
        "Added to default: 1.\n· pear (/kb remove m1 takes it back)\nKnown already: 1.\n"
        "Left out: 1.\n· line 3: has no letter or digit\nThey can be found now."
    )
    assert rig.engine.added == [("default", "pear => sweet\nFigs\n--")]
    assert "第 3 行：没有文字或数字" in rig.say("/kb add pear => sweet", channel=WECOM)


def test_an_entry_that_a_file_has_with_another_answer_is_not_called_findable(rig: ResponderRig) -> None:
    shadowed = LeftOut(
        "managed, id m1",
        "english",
        "other_answer",
        {"first": "faq.csv", "id": "e1", "entry": "m1", "text": "pear", "kept": "sour", "left_out": "sweet"},
    )
    rig.engine.refreshes = [done(left_out=(shadowed,), left_out_total=1)]
    reply = rig.hear(rig.message("/kb add pear => sweet")).replies[0]
    assert isinstance(reply, Text)
    assert reply.body == (
        "Added to default: 1.\n· pear (/kb remove m1 takes it back)\n"
        "“pear” cannot be found: faq.csv has it with another answer, which comes first.\n"
        "· faq.csv says: sour\n· yours: sweet\nChange it in faq.csv, or take yours back."
    )
    assert [button.command for button in reply.buttons] == ["/kb remove m1"]
    assert "english" not in rig.say("/kb add pear => sweet", channel=WECOM)


def test_an_entry_that_a_file_has_too_is_said_to_be_found_there(rig: ResponderRig) -> None:
    same = LeftOut("managed, id m1", "english", "repeat", {"first": "faq.csv", "id": "e1", "entry": "m1"})
    rig.engine.add_result = Added((Entry("m1", "pear"), Entry("m2", "plum")), refresh="r1")
    rig.engine.refreshes = [done(left_out=(same,), left_out_total=1)]
    assert rig.say("/kb add pear\nplum").splitlines()[3:] == [
        "“pear” stands in faq.csv with the same answer, so that one is found.",
        "What else was added can be found now: 1.",
    ]


def test_a_second_answer_to_a_known_question_can_take_the_place_of_the_first(rig: ResponderRig) -> None:
    other = Contradicted("m1", "How long?", "14 days", "30 days,\nfrom May on")
    rig.engine.add_result = Added((), refresh="r1", contradicted=(other,))
    reply = rig.hear(rig.message("/kb add How long? => 30 days")).replies[0]
    assert isinstance(reply, Text)
    assert reply.body == (
        "Added to default: 0.\n“How long?” is known already, with another answer.\n"
        "· it says: 14 days\n· yours, not taken: 30 days,\nfrom May on"
    )
    (button,) = reply.buttons
    assert button.command == "/kb edit m1 => 30 days, from May on"
    assert "Replace the answer of m1: /kb edit m1 => 30 days, from May on" in texts.with_commands(reply)


def test_an_answer_too_long_for_a_button_is_replaced_by_hand(rig: ResponderRig) -> None:
    other = Contradicted("m1", "How long?", "14 days", "long " * 400)
    rig.engine.add_result = Added((), refresh="r1", contradicted=(other,))
    reply = rig.hear(rig.message("/kb add How long? => …")).replies[0]
    assert isinstance(reply, Text)
    assert (reply.buttons, reply.body.splitlines()[-1]) == ((), "To replace it: /kb edit m1 => …")


def test_entries_that_take_longer_are_told_of_when_they_can_be_found(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.engine.refreshes = [RUNNING]
    assert rig.say("/kb add pear").endswith("I will say here when they can be found.")
    rig.engine.refreshes = [done()]
    (reply,) = later(rig, clock).replies
    assert isinstance(reply, Text)
    assert reply.body == "Added to default: 1. “pear”\nThey can be found now."


def test_a_failed_refresh_does_not_hide_that_the_entries_are_saved(rig: ResponderRig) -> None:
    rig.engine.refreshes = [Refreshed("r1", "failed", error="the disk is full")]
    assert rig.say("/kb add pear").splitlines()[2:] == [
        "They are saved, but the refresh failed; they can be found after the next one that works.",
        "The reason: the disk is full",
    ]


def test_an_engine_that_goes_away_meanwhile_is_waited_for(rig: ResponderRig, clock: HandClock) -> None:
    rig.engine.refreshes = [RUNNING]
    rig.say("/refresh")
    rig.engine.away = True
    clock.go_on(31)
    item = rig.store.inbox.claim()
    assert item is not None
    with pytest.raises(EngineError):
        rig.responder.reply_to(item)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/teach e3 => dried fruit", "Ann taught e3 in default the wording “dried fruit”."),
        ("/kb edit e1 => Wait.", "Ann changed the answer of e1"),
    ],
)
def test_a_change_that_is_taken_up_later_is_told_again_when_it_holds(
    rig: ResponderRig, clock: HandClock, command: str, said: str
) -> None:
    rig.engine.refreshes = [RUNNING]
    first = rig.say(command)
    assert first.startswith(said)
    assert "\nI will say here when it holds." in first
    assert later(rig, clock).replies == ()
    rig.engine.refreshes = [done(read=9, kept=7)]
    (news,) = later(rig, clock).replies
    assert isinstance(news, Text)
    assert (news.body, news.private) == (first.split("\n")[0] + "\nIt holds now.", False)


def test_a_change_whose_refresh_fails_is_told_why(rig: ResponderRig) -> None:
    rig.engine.refreshes = [Refreshed("r1", "failed", error="the disk is full")]
    assert rig.say("/teach e3 => dried fruit").split("\n")[1:] == [
        (
            "It is saved, but the refresh failed; it holds after the next one that works. "
            "/teach undo takes it back."
        ),
        "The reason: the disk is full",
    ]
