"""The engine is down, hangs, lies, or comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sized
from functools import partial
from pathlib import Path

import pytest

from tests.faults.building import SettableClock, a_bot, a_found, a_true_engine
from tests.support.engine_server import (
    Behaviour,
    Call,
    EngineServer,
    answer,
    cuts_its_body,
    drips_its_body,
    drips_its_head,
    error,
    hangs,
    hangs_up,
    head,
)
from tests.support.hang_guard import hang_guard
from tests.support.history import answers_in
from tests.support.relay import Relay, Weather
from tests.support.slack import RecordingSlack
from tests.support.slack_people import SlackPeople

WAITING = "I will answer as soon as"
QUESTION = "which fruit is yellow?"


def test_while_the_engine_is_down_everybody_is_told_once_and_answered_when_it_is_back(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL12. Twelve questions, and the engine is asked no more often than the breaker takes to open."""
    engine = EngineServer(a_true_engine)
    with engine:
        pass  # its port is known, and nobody listens there any more
    with a_bot(tmp_path, slack, engine_url=engine.url, workers=2) as bot:
        for number in range(12):
            assert bot.people.says(QUESTION, channel=f"C{number}").status_code == 200
        slack.until(lambda: len(_told(slack)) == 12)
        assert bot.app.engine.is_away
        with engine, hang_guard():
            slack.until(lambda: len(_answers(slack)) == 12, seconds=60)

    assert len(_told(slack)) == 12
    assert set(answers_in(_answers(slack)).values()) == {1}


def test_an_engine_that_is_away_costs_no_acknowledgement_its_time(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL12. No route: the connection is never answered, and still nobody waits for it."""
    with EngineServer(hangs) as engine, a_bot(tmp_path, slack, engine_url=engine.url) as bot:
        for number in range(20):
            with hang_guard():
                assert bot.people.says(QUESTION, channel=f"C{number}").status_code == 200


def _lying(lie: Behaviour) -> Behaviour:
    """An engine that seems well and goes wrong when it is asked something."""

    def behave(call: Call) -> None:
        (lie if call.heard.path == "/v1/search" else a_true_engine)(call)

    return behave


LIES: dict[str, Behaviour] = {
    "hangs": hangs,
    "drips its head": drips_its_head,
    "drips its body": drips_its_body,
    "500": answer(500, b"Internal Server Error"),
    "429": answer(429, {"error": {"code": "overloaded", "message": "later"}}, {"Retry-After": "1"}),
    "HTML": answer(200, b"<html>It works!</html>", {"Content-Type": "text/html"}),
    "truncated JSON": answer(200, json.dumps(a_found()).encode()[:-20]),
    "cut short": cuts_its_body,
    "hangs up": hangs_up,
    "redirect": lambda call: call.write(
        head(302, {"Location": "http://127.0.0.1:9/", "Content-Length": "0"})
    ),
    "another knowledge base": answer(200, a_found(knowledge_base="shop")),
    "more matches than it counts": answer(200, a_found(total=0)),
    "a score that is none": answer(200, json.dumps(a_found(best_score="?")).encode()),
    "below the threshold": answer(200, a_found(threshold=0.95)),
}


# Each of these takes the client's whole patience; tests/bot/engine_client/test_http.py tells them apart.
SLOW_LIES = {"drips its head", "drips its body"}


@pytest.mark.parametrize(
    "lie", [pytest.param(lie, marks=[pytest.mark.soak] if lie in SLOW_LIES else []) for lie in LIES]
)
def test_no_answer_is_made_of_what_is_none(lie: str, tmp_path: Path, slack: RecordingSlack) -> None:
    """REL13. Also the workers stay free: a command is answered while the engine goes on like this."""
    with EngineServer(_lying(LIES[lie])) as engine, a_bot(tmp_path, slack, engine_url=engine.url) as bot:
        for number in range(6):
            assert bot.people.says(QUESTION, channel=f"C{number}").status_code == 200
        slack.until(lambda: len(_told(slack)) == 6)
        assert bot.people.says("help", channel="C99").status_code == 200
        slack.until(lambda: any(m["channel"] == "C99" for m in slack.posted), seconds=10)
        assert not _answers(slack)

        engine.usual = a_true_engine
        slack.until(lambda: len(_answers(slack)) == 6)

    assert len(_told(slack)) == 6
    assert set(answers_in(_answers(slack)).values()) == {1}


@pytest.mark.parametrize(
    "weather",
    [
        pytest.param(Weather(is_cut=True), id="cut"),
        pytest.param(Weather(resets=True), id="reset"),
        pytest.param(Weather(tears_after=100), id="torn"),
        pytest.param(Weather(drip_seconds=0.2), id="drip", marks=pytest.mark.soak),
        pytest.param(Weather(latency_seconds=5), id="slow", marks=pytest.mark.soak),
    ],
)
def test_bad_weather_between_bot_and_engine_delays_answers_and_loses_none(
    weather: Weather, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL13, REL14."""
    with (
        EngineServer(a_true_engine) as engine,
        Relay(engine.port) as cable,
        a_bot(tmp_path, slack, engine_url=f"http://127.0.0.1:{cable.port}") as bot,
    ):
        cable.weather = weather
        assert bot.people.says(QUESTION).status_code == 200
        slack.until(lambda: len(_told(slack)) == 1)
        cable.weather = Weather()
        slack.until(lambda: len(_answers(slack)) == 1)


def test_leases_waiting_and_limits_do_not_follow_the_clock_on_the_wall(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL11. An hour ahead, an hour back, a day ahead, 2038, and back: every question is answered once."""
    clock = SettableClock()
    with (
        EngineServer(a_true_engine) as engine,
        a_bot(tmp_path, slack, clock=clock, engine_url=engine.url) as bot,
    ):
        for number, jump in enumerate((3600, -7200, 86_400, 366_000_000, -366_082_800)):
            engine.usual = error(503, "not_ready")
            assert bot.people.says(QUESTION, channel=f"C{number}").status_code == 200
            slack.until(partial(_are, number + 1, _told, slack))
            clock.ahead += jump
            engine.usual = a_true_engine
            slack.until(partial(_are, number + 1, _answers, slack))

    assert set(answers_in(_answers(slack)).values()) == {1}


def _are(count: int, found: Callable[[RecordingSlack], Sized], slack: RecordingSlack) -> bool:
    return len(found(slack)) == count


def test_health_says_that_the_clock_is_wrong_and_not_that_somebody_attacks(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL11. Right signatures at a wrong time, many together; forged ones say nothing about the clock."""
    clock = SettableClock()
    with a_bot(tmp_path, slack, clock=clock) as bot:
        people = SlackPeople(bot.client, now=time.time)
        forger = SlackPeople(bot.client, now=time.time, secret="not ours")
        assert [people.says("help").status_code for _ in range(20)] == [200] * 20
        assert [forger.says("help").status_code for _ in range(20)] == [401] * 20
        clock.ahead = 3600
        assert [people.says("help").status_code for _ in range(5)] == [401] * 5
        assert bot.client.get("/healthz").json == {"alive": True, "clock": "ok"}
        people.says("help")
        told = "6 of the last 26 signed requests are out of date: set this machine's clock"
        assert bot.client.get("/healthz").json == {"alive": True, "clock": told}
        clock.ahead = 0
        assert [people.says("help").status_code for _ in range(45)] == [200] * 45
        assert bot.client.get("/healthz").json == {"alive": True, "clock": "ok"}


def _told(slack: RecordingSlack) -> list[dict[str, object]]:
    return [message for message in list(slack.posted) if WAITING in str(message["text"])]


def _answers(slack: RecordingSlack) -> list[dict[str, object]]:
    return [message for message in list(slack.posted) if "banana" in str(message)]
