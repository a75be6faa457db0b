"""A long connection as a state machine: no socket, no thread, no clock of its own.

    away ──opened──► opening ──accept──► live ──renew──► draining
     ▲                  │                 │
     └───────lost───────┴─────────────────┘         (1, 2, 4 … 30 s)

    refuse ──► refused      evict ──► evicted

The last two are final. Who was evicted does not come back: another process holds the
connection now, and two that both came back would evict each other for ever. A connection that
drains is still read to its end, beside the one that is opened in its place.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from typing import Any, Generic, Literal, TypeVar

OPEN_SECONDS = 10.0
DRAIN_SECONDS = 60.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
MOST_MISSED_PINGS = 2

State = Literal["away", "opening", "live", "draining", "refused", "evicted"]
Frame = dict[str, Any]
T_co = TypeVar("T_co", covariant=True)


class Link(ABC, Generic[T_co]):
    """One connection: what it may do next. It is told what happened, with the time (steady seconds).

    Each platform says how its frames read, and calls `accept`, `renew`, `refuse` and `evict` when one
    of them says so. `ping_seconds`: how often it sends a ping of its own; never where the
    socket pings already.
    """

    ping_seconds = math.inf

    def __init__(self) -> None:
        self.state: State = "away"
        self.try_again_at = 0.0
        self.why_over = ""
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._give_up_at = 0.0
        self._next_ping_at = 0.0
        self._missed_pings = 0

    @abstractmethod
    def first_frame(self) -> Frame | None:
        """The frame that opens a connection; None where the other side speaks first."""

    @abstractmethod
    def read(self, text: str | bytes, now: float) -> T_co | None:
        """Read one frame; None when it was for the connection alone, or is none. It never raises."""

    def ping(self) -> Frame | None:
        """Make a ping, where `ping_seconds` is set. Whatever is received afterwards is an answer to it."""
        return None

    @property
    def is_over(self) -> bool:
        return self.state in {"refused", "evicted"}

    def begin(self, now: float) -> Frame | None:
        """Record that there is a connection; this frame is sent first."""
        self.state = "opening"
        self._give_up_at = now + OPEN_SECONDS
        self._missed_pings = 0
        return self.first_frame()

    def lost(self, now: float, wait_seconds: float = 0.0) -> None:
        """Record that the connection was lost, or could not be made."""
        if self.is_over:
            return
        self.state = "away"
        self.try_again_at = now + max(self._wait_seconds, wait_seconds)
        self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def take(self, text: str | bytes, now: float) -> T_co | None:
        """Take one frame, see `read`."""
        self._missed_pings = 0
        return self.read(text, now)

    def accept(self, now: float) -> None:
        """The other side has taken us."""
        if self.state == "opening":
            self.state = "live"
            self._wait_seconds = FIRST_WAIT_SECONDS
            self._next_ping_at = now + self.ping_seconds

    def reject(self, now: float) -> None:
        """The other side has not taken us, and may do so later."""
        self._give_up_at = now

    def renew(self, now: float) -> None:
        """The other side wants another connection in place of this one, which ends soon."""
        if self.state == "live":
            self.state = "draining"
            self._give_up_at = now + DRAIN_SECONDS

    def refuse(self, why: str) -> None:
        """End in the state "refused": connecting again is useless until somebody changes something."""
        self.state, self.why_over = "refused", why

    def evict(self, why: str) -> None:
        """End in the state "evicted": another client is connected in our place."""
        self.state, self.why_over = "evicted", why

    def is_dead(self, now: float) -> bool:
        """Whether the other side has been silent for too long to wait any longer."""
        if self.state in {"opening", "draining"}:
            return now >= self._give_up_at
        return self.state == "live" and self._missed_pings >= MOST_MISSED_PINGS and now >= self._next_ping_at

    def ping_due(self, now: float) -> Frame | None:
        if self.state != "live" or now < self._next_ping_at:
            return None
        self._next_ping_at = now + self.ping_seconds
        self._missed_pings += 1
        return self.ping()


def as_text(made: Frame) -> str:
    return json.dumps(made, ensure_ascii=False)
