"""Load balancing over engines that answer alike: round robin, and one retry elsewhere when one does not.

    call ──► first in turn ──► answers
                └──► away, or behind what was seen ──► the next one ──► answers, or the call fails

Behind a circuit breaker: only when nobody answers is it a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, TypeVar

from bot.domain import Clock, EngineError
from bot.engine_client.breaker import Breaker
from bot.engine_client.http import Http
from bot.metrics import Metrics

AVOID_SECONDS = 5.0
"""How long an engine that did not answer is asked after all others."""

# With less there is no time for another engine's answer: the question is kept, and asked again.
_LEAST_SECONDS = 0.2
_ELSEWHERE = frozenset({"away", "snapshot_behind"})

Value = TypeVar("Value")


class Line:
    """`engines` take turns; `reserves` are for when they do not answer. Safe to use from several threads."""

    def __init__(
        self,
        engines: Sequence[Http],
        reserves: Sequence[Http],
        breaker: Breaker,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._engines = engines
        self._reserves = reserves
        self.breaker = breaker
        self._clock = clock
        self._metrics = metrics
        self._turns = count()
        self._avoid_until: dict[Http, float] = {}

    def call(
        self, method: str, path: str, read: Callable[[bytes], Value], options: Mapping[str, Any]
    ) -> Value:
        """Send a request and `read` its answer. A refusal is an answer: silence and nonsense are failures.

        Raises EngineError.
        """
        if not self.breaker.allows():
            raise EngineError("away", "the engine did not answer lately")
        started = time.perf_counter()
        try:
            value = self._ask(method, path, read, options)
        except EngineError as error:
            if error.code == "away":
                self.breaker.record_failure()
            else:
                self.breaker.record_success()
            if error.code == "snapshot_behind":
                raise EngineError("away", f"each engine is behind: {error.reason}") from error
            raise
        except BaseException:
            self.breaker.record_failure()  # whatever this was, a trial call must not stay open
            raise
        else:
            self.breaker.record_success()
            return value
        finally:
            if self._metrics is not None:
                self._metrics.engine_seconds.observe(time.perf_counter() - started)
                self._metrics.engine_away.set(self.breaker.is_open)

    def is_ready(self) -> bool:
        """Whether one of them says so."""
        for engine in self._in_turn():
            try:
                engine.send("GET", "/readyz")
            except EngineError:
                continue
            return True
        return False

    def _ask(
        self, method: str, path: str, read: Callable[[bytes], Value], options: Mapping[str, Any]
    ) -> Value:
        first, *others = self._in_turn()
        until = time.monotonic() + first.seconds_for(options.get("seconds"))
        try:
            return self._ask_one(first, method, path, read, options)
        except EngineError as error:
            left = until - time.monotonic()
            if error.code not in _ELSEWHERE or not others or left < _LEAST_SECONDS:
                raise
        if self._metrics is not None:
            self._metrics.engine_retried.inc()
        return self._ask_one(others[0], method, path, read, {**options, "within": left})

    def _ask_one(
        self, engine: Http, method: str, path: str, read: Callable[[bytes], Value], options: Mapping[str, Any]
    ) -> Value:
        try:
            return read(engine.send(method, path, **options))
        except EngineError as error:
            if error.code in _ELSEWHERE:
                self._avoid_until[engine] = self._clock.steady() + AVOID_SECONDS
            raise

    def _in_turn(self) -> list[Http]:
        """All of them, the one to ask first first; those that did not answer lately come last."""
        turn = next(self._turns) % len(self._engines)
        ordered = [*self._engines[turn:], *self._engines[:turn], *self._reserves]
        now = self._clock.steady()
        return sorted(ordered, key=lambda engine: self._avoid_until.get(engine, 0.0) > now)
