"""The counts of both queues: messages and replies by state."""

from __future__ import annotations

from bot.domain import Clock
from bot.store import Inbox, Outbox

# In hand, or done with; an item that awaits the end of a refresh was answered.
NOT_WAITING = ("claimed", "sending", "dead", "awaiting")


class Queues:
    def __init__(self, inbox: Inbox, outbox: Outbox, clock: Clock) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._clock = clock

    def counts(self) -> dict[str, int]:
        """The number of rows by queue and state, as `inbox_received` or `outbox_dead`."""
        inbox = {f"inbox_{state}": count for state, count in self._inbox.counts().items()}
        return inbox | {f"outbox_{state}": count for state, count in self._outbox.counts().items()}

    def waiting(self) -> int:
        """Messages and replies that nobody has in hand: whoever asks does not count themselves."""
        return sum(count for state, count in self.counts().items() if not state.endswith(NOT_WAITING))

    def given_up(self) -> int:
        return sum(count for state, count in self.counts().items() if state.endswith("_dead"))

    def oldest_seconds(self) -> float:
        """The seconds that the oldest unanswered message has waited; 0.0 when all are answered."""
        oldest = self._inbox.oldest_received_at()
        return max(0.0, (self._clock.now() - oldest).total_seconds()) if oldest else 0.0
