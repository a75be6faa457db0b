"""Too many at once, or too slowly: what one person, one channel or idlers can do to the others."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.faults.building import BotHome, a_bot, a_true_engine, until
from tests.support.at_rest import until_at_rest
from tests.support.engine_server import EngineServer
from tests.support.history import answers_in
from tests.support.load_clients import (
    OK,
    Crowd,
    Line,
    Sent,
    percentile,
)
from tests.support.slack import RecordingSlack
from tests.support.slow_clients import SlowClients

QUESTION = "<@U0BOT> which fruit is yellow?"
CUT_SECONDS = 10.0
USUAL = {"person": 20, "channel": 60}


@pytest.mark.parametrize(
    "count", [pytest.param(30, id="short"), pytest.param(300, id="long", marks=pytest.mark.soak)]
)
def test_slow_clients_are_cut_and_take_nothing_from_the_others(
    count: int, tmp_path: Path, slack: RecordingSlack
) -> None:
    """SEC39, rule 11: so many that drip a header, drip a body, or say nothing."""
    home = BotHome(tmp_path, slack).migrated()
    with home.start(), SlowClients(home.port, count, "head", "body", "silent") as slow:
        with Crowd(home.port, connections=4, pause_seconds=0.1) as crowd:
            assert slow.until_all_are_cut(2 * CUT_SECONDS)
        assert max(slow.cut_after) <= CUT_SECONDS
        refused = [sent for sent in crowd.history if sent.status != OK]
        assert refused == []
        assert home.verdict(crowd.acknowledged).is_good


def test_one_person_who_floods_is_told_once_and_every_event_is_acknowledged(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """SEC37. Twenty of a hundred questions are answered, the others are kept as throttled."""
    with (
        EngineServer(a_true_engine) as engine,
        a_bot(
            tmp_path, slack, engine_url=engine.url, questions_per_minute={"person": 20, "channel": 60}
        ) as bot,
    ):
        statuses = {bot.people.says(QUESTION, channel=f"C{n % 5}").status_code for n in range(100)}
        until_at_rest(bot.app, is_sent=True)
        bot.people.says(QUESTION, channel="C9", user="U2")
        until(lambda: any(message["channel"] == "C9" for message in slack.posted))

    assert statuses == {200}
    answered = [message for message in slack.posted if "banana" in str(message)]
    told = [message for message in slack.posted if "banana" not in str(message)]
    assert len(answered) == 21
    assert len(told) == 1
    assert set(answers_in(slack.posted).values()) == {1}


@pytest.mark.parametrize(
    ("seconds", "is_quiet"),
    [pytest.param(4, False, id="short"), pytest.param(60, True, id="long", marks=pytest.mark.soak)],
)
def test_one_channel_that_floods_leaves_the_others_their_answers(
    seconds: int, *, is_quiet: bool, tmp_path: Path, slack: RecordingSlack
) -> None:
    """SEC38. No event is lost; quiet, the backlog is gone in less time than the flood took."""
    with EngineServer(a_true_engine) as engine:
        rates = {"person": 1000, "channel": 60}
        home = BotHome(tmp_path, slack, engine_url=engine.url, questions_per_minute=rates).migrated()
        with home.start(), closing(Line(home.port)) as line:
            quiet = _answer_seconds(line, slack, range(1, 21))
            with Crowd(
                home.port, connections=4, pause_seconds=0.02, text=lambda _: QUESTION, rooms=1, first=1000
            ) as flood:
                began = time.monotonic()
                number = 21
                flooded: list[float] = []
                while time.monotonic() - began < seconds:
                    flooded += _answer_seconds(line, slack, range(number, number + 1))
                    number += 1
            ended = time.monotonic()
            verdict = home.verdict(flood.acknowledged | set(range(1, number)), seconds=seconds + 60)
            drained = time.monotonic() - ended

    assert verdict.is_good, verdict
    if is_quiet:
        assert drained <= seconds
        assert percentile(flooded, 0.95) <= max(2 * percentile(quiet, 0.95), 0.5)


def _is_answered(slack: RecordingSlack, thread: str) -> bool:
    return any(message.get("thread_ts") == thread for message in slack.posted)


def _answer_seconds(line: Line, slack: RecordingSlack, numbers: range) -> list[float]:
    """The seconds that each of these questions, asked one after the other, takes to its answer."""
    found = []
    for number in numbers:
        began = time.monotonic()
        sent: Sent = line.send(number, QUESTION, channel=f"Cquiet{number % 10}", user="U5")
        assert sent.status == OK
        slack.until(partial(_is_answered, slack, f"1700000000.{number:06d}"))
        found.append(time.monotonic() - began)
    return found
