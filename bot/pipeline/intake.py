"""Accepts a message, and waits a moment for its answer where that is worth it.

Commands that need no engine are answered inside the request. Of the questions only as
many wait as there are response slots for bounded work, at most 1.5 s (or what the platform's own
deadline allows), and none while the engine is known to be away or where other processes
answer: everybody else is acknowledged at once and answered later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain import Clock, Delivery, IncomingMessage
from bot.metrics import Metrics
from bot.pipeline.idle_workers import IdleWorkers
from bot.pipeline.rendezvous import ResponseSlots
from bot.store import Accepted, Inbox

WAIT_SECONDS = 1.5


class Intake:
    def __init__(
        self,
        *,
        inbox: Inbox,
        idle: IdleWorkers,
        clock: Clock,
        response_slots: ResponseSlots,
        needs_engine: Callable[[IncomingMessage], bool],
        engine_is_away: Callable[[], bool],
        metrics: Metrics,
        answers_here: bool = True,
    ) -> None:
        self._answers_here = answers_here
        self._inbox = inbox
        self._idle = idle
        self._clock = clock
        self._response_slots = response_slots
        self._needs_engine = needs_engine
        self._engine_is_away = engine_is_away
        self._metrics = metrics

    def accept(self, message: IncomingMessage) -> Accepted:
        """Store the message; it is answered later. A worker that sleeps has it at once.

        Raises:
            StoreError: it is not stored, and should be sent again.
        """
        with self._idle.reserve() as hand_over:
            accepted = self._inbox.accept(message, hand_over)
        platform = message.channel.platform
        if accepted.is_new:
            self._metrics.acknowledged.labels(platform).inc()
        else:
            self._metrics.duplicates.labels(platform).inc()
        return accepted

    def answer_within(
        self,
        message: IncomingMessage,
        *,
        wait_seconds: float = WAIT_SECONDS,
        rest_of: Callable[[Delivery], Mapping[str, str] | None] = lambda _: None,
        accepts: Callable[[Delivery], bool] = lambda _: True,
    ) -> tuple[Accepted, Delivery | None]:
        """Store the message, and its answer if it is ready in time.

        The delivery is already marked as delivered: it must go out with this response. If
        that response is lost, the platform knows, for it was never acknowledged. `rest_of`
        names the part of the reply that does not go out with it, see `Outbox.complete`;
        what `accepts` refuses is sent by a worker.

        Raises:
            StoreError: the message is not stored, and should be sent again.
        """
        needs_engine = self._needs_engine(message)
        if not self._answers_here or (needs_engine and self._engine_is_away()):
            return self.accept(message), None
        began = self._clock.steady()
        with self._response_slots.slot(
            message, bounded=needs_engine, accepts=accepts, rest_of=rest_of
        ) as slot:
            accepted = self.accept(message)
            delivery = slot.wait(wait_seconds) if slot and accepted.is_new else None
        if delivery is not None:
            self._metrics.delivered.labels(message.channel.platform, "response").inc()
            self._metrics.answer_seconds.observe(self._clock.steady() - began)
        return accepted, delivery
