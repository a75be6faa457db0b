"""The history checker: whatever was acknowledged is answered once, or throttled, or a dead letter.

It looks from outside: at what the sender was told, at what the room shows, and at the
states in the database. It knows nothing of how the bot got there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

EXCUSED = frozenset({"throttled", "dead"})
_STATES = """
    SELECT message_key.id, inbox.state FROM message_key JOIN inbox ON inbox.id = message_key.item_id
    WHERE message_key.kind = 'event'
"""


@dataclass(frozen=True, repr=False)
class Verdict:
    """`lost` and `doubled` name the events; a good history has none of them."""

    acknowledged: int
    answered: int
    excused: int
    lost: tuple[int, ...]
    doubled: tuple[int, ...]

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.doubled

    def __repr__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged: {self.answered} answered, {self.excused} excused,"
            f" {len(self.lost)} lost {self.lost[:5]}, {len(self.doubled)} doubled {self.doubled[:5]}"
        )


def judged(acknowledged: Collection[int], answers: Mapping[int, int], states: Mapping[int, str]) -> Verdict:
    """`answers` counts what the room shows for each event; `states` is where each one ended."""
    excused = {number for number in acknowledged if states.get(number) in EXCUSED}
    lost = {number for number in acknowledged if not answers.get(number)} - excused
    doubled = [number for number, count in answers.items() if count > 1]
    return Verdict(
        acknowledged=len(acknowledged),
        answered=sum(1 for number in acknowledged if answers.get(number)),
        excused=len(excused),
        lost=tuple(sorted(lost)),
        doubled=tuple(sorted(doubled)),
    )


def answers_in(posted: Iterable[Mapping[str, Any]]) -> Counter[int]:
    """The number of answers to each event in its thread; an event's number is its timestamp's fraction."""
    threads = (str(message.get("thread_ts") or "") for message in posted)
    return Counter(int(thread.partition(".")[2]) for thread in threads if "." in thread)


def states_on(database_url: str) -> dict[int, str]:
    """The same of a PostgreSQL server, which anybody may look into at any time."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(text(_STATES)).all()
    finally:
        engine.dispose()
    return {int(name.removeprefix("Ev")): state for name, state in rows}


def states_in(database: Path) -> dict[int, str]:
    """The state of each event in the database. Read it only while the bot runs, or from a copy:

    whoever closes a database last empties its log into it.
    """
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True, timeout=10)) as connection:
        return {int(name.removeprefix("Ev")): state for name, state in connection.execute(_STATES)}
