"""What is due next is read in one look, of both queues."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from bot.domain import Outcome
from bot.store import Due
from tests.bot.store.building import HELLO, HandClock, a_message, a_store


def test_both_queues_are_read_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        assert store.due.look() == Due(None, None)
        store.inbox.accept(a_message("1"))
        accepted_at = clock.steady()
        assert store.due.look() == Due(message=accepted_at, reply=None)

        item = store.inbox.claim()
        assert item is not None
        assert store.due.look().message is None, "its channel is busy"
        clock.go_on(1)
        (delivery,) = store.inbox.complete(item, Outcome(replies=(HELLO,)))
        store.outbox.release(delivery)
        assert store.due.look() == Due(message=None, reply=clock.steady())
        assert store.due.look(without=["slack"]) == Due(None, None)


def test_a_look_is_one_statement(tmp_path: Path) -> None:
    with a_store(tmp_path / "bot.db", HandClock()) as store:
        executed: list[str] = []
        event.listen(store.database._reading, "before_cursor_execute", lambda *call: executed.append(call[2]))
        store.due.look()
    assert [statement for statement in executed if statement != "BEGIN"] == executed[1:]
    assert len(executed) == 2


def test_the_soonest_is_that_of_either_queue() -> None:
    assert Due(None, None).soonest is None
    assert Due(2.0, None).soonest == Due(None, 2.0).soonest == 2.0
    assert Due(3.0, 2.0).soonest == Due(2.0, 3.0).soonest == 2.0
