"""Files that are being written while they are read, and lists that were cut off on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from engine.domain import Entry

STILL_SECONDS: Final = 1.0
"""A copy over a network writes more often than this."""

Looks = Mapping[str, tuple[int, int]]
"""Size and time of change, in nanoseconds, of each file."""


@dataclass(frozen=True, slots=True)
class Stillness:
    """The seconds that a file must have been left unchanged before it is read; 0 reads every file at once.

    `now` is the clock by which files are dated, in seconds. `wait` takes seconds.
    """

    seconds: float = 0.0
    now: Callable[[], float] = time.time
    wait: Callable[[float], None] = time.sleep

    def moving(self, before: Looks, look: Callable[[], Looks]) -> frozenset[str]:
        """The files that have changed since they were looked at, or do so within the time."""
        young = [changed for _, changed in before.values() if self._is_young(changed)]
        if young and self.seconds:
            self.wait(self.seconds)
        after = look()
        return frozenset(path for path, seen in before.items() if after.get(path) not in {seen, None})

    def _is_young(self, changed_nanoseconds: int) -> bool:
        return abs(self.now() - changed_nanoseconds / 1e9) < self.seconds


def is_cut_off(now: Iterable[Entry], before: Iterable[Entry]) -> bool:
    """Whether a list is the beginning of what it was and ends in the middle of a row.

    >>> whole = [Entry("1", "Where?", "In the shop."), Entry("2", "When?", "Today.")]
    >>> is_cut_off([Entry("1", "Where?", "In the")], whole)
    True
    >>> is_cut_off(whole[:1], whole)
    False
    """
    new, old = list(now), list(before)
    if not new or len(new) >= len(old):  # who shortens the last answer of as many rows means it
        return False
    *same, last = new
    if any(_content_of(one) != _content_of(other) for one, other in zip(same, old, strict=False)):
        return False
    written, was = _content_of(last), _content_of(old[len(same)])
    if written == was:
        return False
    text, answer = written
    if answer:
        return text == was[0] and was[1].startswith(answer)
    return was[0].startswith(text) and (text != was[0] or bool(was[1]))


def _content_of(entry: Entry) -> tuple[str, str]:
    return entry.text, entry.answer or ""
