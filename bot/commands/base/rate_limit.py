"""The limit of questions a minute, per person and per channel."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Literal

from bot.domain import Clock, IncomingMessage, Person

WINDOW_SECONDS = 60.0
MOST_KEYS = 10_000  # of people and of channels; beyond it, those longest silent are forgotten

Scope = Literal["person", "channel"]


class Throttle:
    """A sliding minute. What is refused does not count, so a flood does not lock anybody out for longer.

    Safe to use from several threads. Memory is bounded by the number of keys times the limit.
    """

    def __init__(self, clock: Clock, *, person: int, channel: int) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: dict[Scope, _Recent] = {"person": _Recent(person), "channel": _Recent(channel)}
        self._told: dict[Scope, _Recent] = {"person": _Recent(1), "channel": _Recent(1)}

    def allows(self, message: IncomingMessage) -> bool:
        """Count the question, unless it is one too many."""
        now = self._clock.steady()
        with self._lock:
            if self._refusing(message, now):
                return False
            for scope in self._recent:
                self._recent[scope].add(_key(scope, message), now)
            return True

    def first_refusal(self, message: IncomingMessage) -> Scope | None:
        """The limit that was reached, once per window and person or channel; None when it was told before."""
        now = self._clock.steady()
        with self._lock:
            scope = self._refusing(message, now)
            if scope is None or self._told[scope].is_full(_key(scope, message), now):
                return None
            self._told[scope].add(_key(scope, message), now)
            return scope

    def _refusing(self, message: IncomingMessage, now: float) -> Scope | None:
        return next(
            (scope for scope in self._recent if self._recent[scope].is_full(_key(scope, message), now)), None
        )


class FailedAttempts:
    """Wrong codes in the last minute: a few for each person.

    Nobody is locked out by others: a code has 58 bits, and who somebody is the platform has signed.
    """

    def __init__(self, clock: Clock, *, person: int = 5) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._person = _Recent(person)

    def are_left(self, person: Person) -> bool:
        now = self._clock.steady()
        with self._lock:
            return not self._person.is_full(person.key, now)

    def count(self, person: Person) -> None:
        now = self._clock.steady()
        with self._lock:
            self._person.add(person.key, now)


class _Recent:
    """The times of the last `limit` events of each key, keys in the order of their last event."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def is_full(self, key: str, now: float) -> bool:
        times = self._times.get(key)
        return times is not None and len(times) == self._limit and now - times[0] < WINDOW_SECONDS

    def add(self, key: str, now: float) -> None:
        self._times.setdefault(key, deque(maxlen=self._limit)).append(now)
        self._times.move_to_end(key)
        while len(self._times) > MOST_KEYS or self._oldest_is_over(now):
            self._times.popitem(last=False)

    def _oldest_is_over(self, now: float) -> bool:
        return now - next(iter(self._times.values()))[-1] >= WINDOW_SECONDS


def _key(scope: Scope, message: IncomingMessage) -> str:
    return message.person.key if scope == "person" else message.channel.key
