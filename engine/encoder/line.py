"""The queue of texts that wait for the model, and the order in which they are served.

    questions ──► a line that is bounded ──► as many together as there are, or a lane's share of them
    bulk      ──► piece after piece      ──► one, when no question waits

Where several lanes encode, the first is kept for questions while people ask: a question then waits for no
piece. Nothing here knows a model.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.domain import EngineError, Overloaded
from engine.encoder import Role
from engine.encoder.handover import Waiter, deliver
from engine.index.snapshot import Vectors

# What one pass may hold. 64 short questions take the bundled model about 90 ms.
BATCH = 64

# For so long after a question the first lane waits for the next one. Longer than people in a lively room take
# from one question to the next, and nothing beside a refresh.
KEPT_SECONDS = 1.0

Subject = TypeVar("Subject")
Found = TypeVar("Found")
LookUp = Callable[[Sequence[Subject], Vectors], Sequence[Found]]
"""What questions are asked for: something found for each subject by its vector, all of them in one pass."""


@dataclass(slots=True)
class Waiting:
    """`outcome` is what `look_up` finds for a question, and the vectors of a piece."""

    texts: Sequence[str]
    role: Role
    subject: Any = None
    look_up: LookUp[Any, Any] | None = None
    outcome: Future[Any] = field(default_factory=Future)
    waiter: Waiter | None = None


class Line:
    """Questions and pieces. Each method may be called by any thread; `changed` is told of all that comes."""

    def __init__(
        self, limit: int, changed: threading.Condition, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`limit`: how many questions may wait. `now`: seconds, from anywhere on."""
        self._limit = limit
        self._changed = changed
        self._now = now
        self._questions: deque[Waiting] = deque()
        self._bulk: deque[Waiting] = deque()
        self._kept_until = -float("inf")

    @property
    def questions(self) -> int:
        return len(self._questions)

    @property
    def pieces(self) -> int:
        return len(self._bulk)

    @property
    def is_asked(self) -> bool:
        """Whether people ask, now or a moment ago."""
        return bool(self._questions) or self._now() < self._kept_until

    def add_question(self, waiting: Waiting) -> None:
        """Raises Overloaded when as many wait as may."""
        with self._changed:
            if len(self._questions) >= self._limit:
                raise Overloaded(f"{self._limit} questions are waiting already, ask again in a moment")
            self._questions.append(waiting)
            self._kept_until = self._now() + KEPT_SECONDS
            self._changed.notify()  # any lane will do, and another one woken only holds the interpreter up

    def add_piece(self, waiting: Waiting) -> None:
        with self._changed:
            self._bulk.append(waiting)
            self._changed.notify_all()

    def take(self, lane: int = 0, lanes: int = 1) -> list[Waiting]:
        """Take the next batch for this lane, one of `lanes`; empty when there is nothing for it."""
        with self._changed:
            batch = self._take_questions(-(-len(self._questions) // lanes))
            if not batch and self._bulk and not self._seconds_kept(lane, lanes):
                waiting = self._bulk.popleft()
                waiting.outcome.set_running_or_notify_cancel()
                batch.append(waiting)
            return batch

    def wait(self, lane: int, lanes: int, is_over: Callable[[], bool]) -> None:
        """Wait until there may be something for this lane, or `is_over`."""
        with self._changed:
            kept = self._seconds_kept(lane, lanes)
            self._changed.wait_for(
                lambda: self._questions or (self._bulk and not kept) or is_over(), kept or None
            )

    def refuse_all(self, problem: EngineError) -> None:
        """Tell everybody that nothing will come."""
        with self._changed:
            refused = [*self._questions, *self._bulk]
            self._questions.clear()
            self._bulk.clear()
        for waiting in refused:
            if waiting.outcome.set_running_or_notify_cancel():
                waiting.outcome.set_exception(problem)
        deliver_all(refused)

    def _take_questions(self, most: int) -> list[Waiting]:
        batch: list[Waiting] = []
        while self._questions and len(batch) < min(BATCH, most):
            if batch and self._questions[0].role != batch[0].role:
                break  # they carry another prompt
            waiting = self._questions.popleft()
            if waiting.outcome.set_running_or_notify_cancel():
                batch.append(waiting)
        return batch

    def _seconds_kept(self, lane: int, lanes: int) -> float:
        """The seconds for which this lane is still kept for questions; 0 when it is not."""
        return max(0.0, self._kept_until - self._now()) if lane == 0 and lanes > 1 else 0.0


def deliver_all(answered: Sequence[Waiting]) -> None:
    deliver([(each.waiter, each.outcome) for each in answered if each.waiter])
