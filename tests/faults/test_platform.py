"""Slack says slow down, says no, says nothing, or says it too late."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bot.store import Database, Letters
from tests.faults.building import SettableClock, a_bot, until
from tests.support.history import answers_in
from tests.support.program import Program
from tests.support.relay import Relay, Weather
from tests.support.slack import BROKEN_AFTER_STORING, HTML, LOST, Fault, RecordingSlack, error, too_fast
from tests.support.slack_people import an_event

POST = "chat.postMessage"


IN_TWO_MINUTES = "in two minutes"


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        pytest.param("30", 30, 36, id="seconds"),
        pytest.param(IN_TWO_MINUTES, 100, 144, id="a date"),
        pytest.param("soon", 30, 36, id="nonsense"),
        pytest.param(None, 30, 36, id="nothing"),
        pytest.param("99999", 900, 1080, id="more than a quarter of an hour"),
    ],
)
def test_a_channel_waits_as_long_as_slack_asks_and_the_others_go_on(
    wish: str | None, least: float, most: float, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL15."""
    clock = SettableClock()
    if wish == IN_TWO_MINUTES:
        wish = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    slack.will(POST, too_fast(wish))
    with a_bot(tmp_path, slack, clock=clock) as bot:
        bot.people.says("help", channel="C1")
        until(lambda: POST in slack.methods() and bot.app.outbox.counts()["waiting"] == 1)
        bot.people.says("help", channel="C2")
        until(lambda: _rooms(slack) == ["C2"])
        clock.sleeps(least - 1)
        bot.people.says("help", channel="C3")
        until(lambda: _rooms(slack) == ["C2", "C3"])
        clock.sleeps(most - least + 2)
        bot.people.says("help", channel="C4")
        until(lambda: sorted(_rooms(slack)) == ["C1", "C2", "C3", "C4"])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(LOST, id="reset after storing"),
        pytest.param(BROKEN_AFTER_STORING, id="500 after storing"),
        pytest.param(HTML, id="502 without storing"),
        pytest.param(error("fatal_error"), id="fatal error"),
        pytest.param(Fault(status=0), id="reset before storing"),
    ],
)
def test_a_reply_whose_answer_was_lost_is_seen_once(
    fault: Fault, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL16, REL17."""
    slack.will(POST, fault)
    with a_bot(tmp_path, slack) as bot:
        bot.people.says("help")
        until(lambda: len(slack.posted) == 1 and _is_idle(bot))

    assert set(answers_in(slack.posted).values()) == {1}


def test_an_answer_that_comes_after_the_timeout_is_looked_for(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL14, REL16. The request arrives, the cable swallows what comes back."""
    with Relay(_port(slack)) as cable:
        cable.weather = Weather(loses_answers=True)
        with a_bot(tmp_path, slack, slack_url=f"http://127.0.0.1:{cable.port}") as bot:
            bot.people.says("help")
            until(lambda: len(slack.posted) == 1)
            cable.weather = Weather()
            until(lambda: "conversations.replies" in slack.methods() and _is_idle(bot))

    assert len(slack.posted) == 1


def test_a_cable_that_was_cut_delays_a_reply_and_does_not_double_it(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL14. Connections open and nothing comes through: the call ends by its own timeout."""
    with Relay(_port(slack)) as cable:
        cable.weather = Weather(is_cut=True)
        with a_bot(tmp_path, slack, slack_url=f"http://127.0.0.1:{cable.port}") as bot:
            bot.people.says("help")
            until(lambda: bot.app.outbox.counts()["waiting"] == 1)
            cable.weather = Weather()
            until(lambda: len(slack.posted) == 1 and _is_idle(bot))

    assert len(slack.posted) == 1


def test_a_redelivery_is_acknowledged_and_answered_once(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL01: what Slack sends again because an acknowledgement was lost."""
    envelope = an_event(text="<@U0BOT> help", number=7)
    with a_bot(tmp_path, slack) as bot:
        statuses = {bot.people.event(envelope).status_code for _ in range(4)}
        until(lambda: bool(slack.posted) and _is_idle(bot) and not bot.app.inbox.oldest_received_at())

    assert statuses == {200}
    assert answers_in(slack.posted) == {7: 1}


@pytest.mark.parametrize("code", ["invalid_auth", "channel_not_found", "not_in_channel"])
def test_what_cannot_be_helped_is_a_dead_letter_at_once(
    code: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL17."""
    slack.will(POST, error(code))
    with a_bot(tmp_path, slack) as bot:
        bot.people.says("help")
        until(lambda: bot.app.outbox.counts()["dead"] == 1)

        (letter,) = _letters(bot).newest(10)

    assert letter.attempts == 1
    assert code in letter.reason or "invite" in letter.reason
    assert not slack.posted


def test_what_is_too_long_for_slack_arrives_in_parts_or_plain(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL17."""
    slack.will(POST, error("msg_too_long"))
    with a_bot(tmp_path, slack) as bot:
        bot.people.says("help")
        until(lambda: len(slack.posted) == 1 and _is_idle(bot))


def test_a_dead_letter_is_answered_once_however_many_replay_it(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL18. Also when the response address has expired: the reply goes through the Web API."""
    slack.will(POST, error("channel_not_found"))
    with a_bot(tmp_path, slack) as bot:
        bot.people.says("help")
        until(lambda: bot.app.outbox.counts()["dead"] == 1)
        letters = _letters(bot)
        (letter,) = letters.newest(10)
        at_once = threading.Barrier(2)
        revived: list[bool] = []

        def replay() -> None:
            at_once.wait()
            revived.append(letters.replay("delivery", letter.id))

        admins = [threading.Thread(target=replay) for _ in range(2)]
        for admin in admins:
            admin.start()
        for admin in admins:
            admin.join()
        until(lambda: len(slack.posted) == 1 and _is_idle(bot))

        assert sorted(revived) == [False, True]
        assert letters.replay_all() == 0
        assert not letters.newest(10)
    assert len(slack.posted) == 1


def _letters(bot: Program) -> Letters:
    database: Database = bot.app._database
    return Letters(database, bot.edges.clock, on_work=bot.app.inbox._on_work)


def _is_idle(bot: Program) -> bool:
    counts = bot.app.outbox.counts()
    return counts["waiting"] == counts["sending"] == 0


def _rooms(slack: RecordingSlack) -> list[str]:
    return [str(message["channel"]) for message in slack.posted]


def _port(slack: RecordingSlack) -> int:
    return int(slack.origin.rpartition(":")[2])
