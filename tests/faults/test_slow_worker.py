"""A worker that takes longer than its lease, and comes back with what somebody else has done meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.faults.building import SettableClock, a_bot, a_true_engine, until
from tests.support.engine_server import Call, EngineServer
from tests.support.history import answers_in
from tests.support.slack import RecordingSlack


def test_a_worker_that_was_too_slow_says_nothing(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL01, REL11. Its lease ran out while the engine kept it waiting; another one has answered."""
    clock, searches = SettableClock(), iter(range(10))
    is_asked, go_on = threading.Event(), threading.Event()

    def engine(call: Call) -> None:
        if call.heard.path == "/v1/search" and next(searches) == 0:
            is_asked.set()
            assert go_on.wait(10)
        a_true_engine(call)

    with EngineServer(engine) as server, a_bot(tmp_path, slack, clock=clock, engine_url=server.url) as bot:
        bot.people.says("which fruit is yellow?")
        assert is_asked.wait(10)
        clock.sleeps(31)
        bot.app.inbox.rescue(all_leases=False)
        until(lambda: len(slack.posted) == 1)
        go_on.set()
        bot.people.says("help", channel="C2")
        until(lambda: any(message["channel"] == "C2" for message in slack.posted))

    # The slow one has had its say by then: stopping waits for every worker.
    assert answers_in(message for message in slack.posted if message["channel"] == "C1") == {1: 1}
