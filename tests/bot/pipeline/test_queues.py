from __future__ import annotations

from pathlib import Path

from bot.domain import Outcome, Text
from bot.pipeline.queues import Queues
from tests.bot.store.building import OTHER_ROOM, HandClock, a_message, a_store


def test_who_asks_what_waits_is_not_counted_and_neither_is_what_was_given_up(tmp_path: Path) -> None:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        queues = Queues(store.inbox, store.outbox, clock)
        assert (queues.waiting(), queues.given_up(), queues.oldest_seconds()) == (0, 0, 0.0)

        store.inbox.accept(a_message("given up"))
        hopeless = store.inbox.claim()
        assert hopeless is not None
        store.inbox.fail(hopeless, "KeyError", is_final=True)
        clock.go_on(5)
        for name, channel in (("asks", OTHER_ROOM), ("waits", OTHER_ROOM)):
            store.inbox.accept(a_message(name, channel=channel))
        asks = store.inbox.claim()
        assert asks is not None
        clock.go_on(7)

        assert (queues.waiting(), queues.given_up(), queues.oldest_seconds()) == (1, 1, 7.0)
        store.inbox.complete(asks, Outcome((Text("one", "en"), Text("two", "en"))))
        # The first reply is being sent, the second waits, and so does the other message.
        assert queues.waiting() == 2
        assert (queues.counts()["inbox_received"], queues.counts()["outbox_waiting"]) == (1, 1)
