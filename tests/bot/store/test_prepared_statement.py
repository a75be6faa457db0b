"""What goes straight to the driver is stored as by every other statement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, select

from bot.domain import Outcome
from bot.store.tables import inbox, outbox
from tests.bot.store.building import HELLO, HandClock, Store, a_message


def test_a_time_is_found_again_by_its_value(store: Store, clock: HandClock) -> None:
    """SQLite compares times as texts."""
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    store.inbox.complete(item, Outcome((HELLO,)))
    assert find(store, inbox.c.received_at, clock) == clock.now()
    assert find(store, inbox.c.ended_at, clock) == clock.now()
    assert find(store, outbox.c.created_at, clock) == clock.now()


def find(store: Store, column: Column[Any], clock: HandClock) -> datetime | None:
    found: datetime | None = store.database.read(
        lambda connection: connection.scalar(select(column).where(column == clock.now()))
    )
    return found
