"""The one thread that owns the model, and the two lines in front of it.

    questions ──► waiting line (bounded) ──┐
                                           ├──► one batch at a time ──► model
    bulk      ──► one piece at a time ─────┘    questions first

Questions that wait together are encoded together. A bulk pass is cut into pieces small
enough that a question never waits long behind one. Nothing here knows what the vectors
are for.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.domain import EncoderFailed, NotReady, Overloaded
from engine.encoder import CountsTokens, Encoder, Role
from engine.snapshot import ModelIdentity, Vectors

# What one pass may hold. Text costs by its length: 64 short questions or 6 passages take
# the bundled model 30 to 100 ms, which is how long a question may wait behind a piece.
BATCH = 64
PIECE = 64
PIECE_CHARACTERS = 4096

# Loading a large model cannot be interrupted, and must not keep the program alive.
STOP_SECONDS = 5.0

State = Literal["loading", "ready", "failed", "stopped"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    texts: Sequence[str]
    role: Role
    vectors: Future[Vectors] = field(default_factory=Future)


class Batcher:
    """Encodes for many threads with one.

    `start` returns at once; the model is loaded in the batcher's own thread, and until
    then questions are refused with NotReady. `stop` refuses everything that still waits,
    and returns when the thread is gone, or after some seconds when the model is busy.
    Stopping twice is fine.
    """

    def __init__(
        self,
        load: Callable[[], Encoder],
        *,
        longest_line: int = 48,
        patience_seconds: float = 10.0,
        seen: Callable[[Role, int], None] = lambda _role, _size: None,
    ) -> None:
        self._load = load
        self._longest_line = longest_line
        self._patience_seconds = patience_seconds
        self._seen = seen
        self._encoder: Encoder | None = None
        self._questions: deque[_Waiting] = deque()
        self._bulk: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._model = threading.Lock()
        self._state: State = "loading"
        self._reason = "the model is loading"
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._state, self._reason = "stopped", "the engine is stopping"
            self._refuse_all()
            self._changed.notify_all()
        if self._thread:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    @property
    def state(self) -> tuple[State, str]:
        """What it is doing, and the reason while that is not "ready"."""
        return self._state, self._reason

    @property
    def waiting(self) -> int:
        return len(self._questions)

    @property
    def identity(self) -> ModelIdentity:
        return self._ready_encoder().identity

    @property
    def device(self) -> str:
        return self._ready_encoder().device

    def wait_until_loaded(self, timeout_seconds: float | None = None) -> bool:
        """Whether the model is ready; returns as soon as that is known."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "loading", timeout_seconds)
        return self._state == "ready"

    def encode_question(self, text: str) -> Vectors:
        """The vector of one question.

        Raises:
            Overloaded: the line is full, or the answer took too long.
            NotReady: there is no model to ask.
            EncoderFailed: the model could not make a vector of this text.
        """
        waiting = _Waiting([text], "query")
        with self._changed:
            self._ready_encoder()
            if len(self._questions) >= self._longest_line:
                raise Overloaded(f"{self._longest_line} questions are waiting already, ask again in a moment")
            self._questions.append(waiting)
            self._changed.notify_all()
        try:
            vectors = waiting.vectors.result(self._patience_seconds)
        except FutureTimeoutError:
            waiting.vectors.cancel()
            raise Overloaded(
                f"no answer within {self._patience_seconds:g} s, ask again in a moment"
            ) from None
        return np.asarray(vectors[0], np.float32)

    def count_tokens(self, text: str) -> int | None:
        """Into how many tokens the model cuts a question; None where it does not tell.

        Raises:
            NotReady: there is no model to ask.
        """
        encoder = self._ready_encoder()
        if not isinstance(encoder, CountsTokens):
            return None
        with self._model:  # a tokenizer is part of the model, and used by one thread at a time
            return encoder.count_tokens(text)

    def encode_entries(
        self, texts: Sequence[str], progress: Callable[[int], None] = lambda _done: None
    ) -> Vectors:
        """The vectors of many entries, in pieces, letting questions pass.

        `progress` hears after each piece how many are done.
        """
        done: list[Vectors] = []
        count = 0
        for piece in pieces(texts):
            waiting = _Waiting(piece, "document")
            with self._changed:
                self._ready_encoder()
                self._bulk.append(waiting)
                self._changed.notify_all()
            done.append(waiting.vectors.result())
            count += len(piece)
            progress(count)
        return np.concatenate(done) if done else np.empty((0, self.identity.dimension), np.float32)

    def step(self) -> bool:
        """Encode one batch of what waits, questions first. Whether there was something."""
        with self._changed:
            batch = self._next_batch()
        if not batch:
            return False
        texts = [text for waiting in batch for text in waiting.texts]
        role = batch[0].role
        self._seen(role, len(texts))
        try:
            vectors = self._encode(texts, role)
        except Exception as problem:  # noqa: BLE001 - whatever a model raises belongs to those who asked
            self._one_by_one(batch, problem)
            return True
        start = 0
        for waiting in batch:
            waiting.vectors.set_result(vectors[start : start + len(waiting.texts)])
            start += len(waiting.texts)
        return True

    def load(self) -> None:
        """Load the model here and now."""
        try:
            encoder = self._load()
        except Exception as problem:  # noqa: BLE001 - any failure of a model is reported, none ends the engine
            reason = str(problem) or type(problem).__name__
            _log.error("model failed to load", extra={"reason": reason}, exc_info=problem)
            self._become("failed", f"the model failed to load: {reason}")
            return
        self._encoder = encoder
        _log.info(
            "model loaded",
            extra={
                "model": encoder.identity.name,
                "dimension": encoder.identity.dimension,
                "device": encoder.device,
                "fingerprint": encoder.identity.fingerprint,
            },
        )
        self._become("ready", "")

    def _run(self) -> None:
        self.load()
        while self._state == "ready":
            if not self.step():
                with self._changed:
                    self._changed.wait_for(lambda: self._questions or self._bulk or self._state != "ready")

    def _become(self, state: State, reason: str) -> None:
        with self._changed:
            if self._state != "stopped":
                self._state, self._reason = state, reason
            self._changed.notify_all()

    def _ready_encoder(self) -> Encoder:
        if self._state != "ready" or self._encoder is None:
            raise NotReady(self._reason)
        return self._encoder

    def _encode(self, texts: Sequence[str], role: Role) -> Vectors:
        encoder = self._ready_encoder()
        with self._model:
            return encoder.encode(texts, role)

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._questions and len(batch) < BATCH:
            waiting = self._questions.popleft()
            if waiting.vectors.set_running_or_notify_cancel():
                batch.append(waiting)
        if not batch and self._bulk:
            waiting = self._bulk.popleft()
            waiting.vectors.set_running_or_notify_cancel()
            batch.append(waiting)
        return batch

    def _one_by_one(self, batch: list[_Waiting], problem: Exception) -> None:
        """One text must not take the others with it."""
        if len(batch) == 1:
            batch[0].vectors.set_exception(_told(problem))
            return
        for waiting in batch:
            try:
                waiting.vectors.set_result(self._encode(waiting.texts, waiting.role))
            except Exception as own:  # noqa: BLE001 - as in step
                waiting.vectors.set_exception(_told(own))

    def _refuse_all(self) -> None:
        for waiting in (*self._questions, *self._bulk):
            if waiting.vectors.set_running_or_notify_cancel():
                waiting.vectors.set_exception(NotReady(self._reason))
        self._questions.clear()
        self._bulk.clear()


def pieces(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a bulk pass so that no piece holds the model for long."""
    start = 0
    characters = 0
    for end, text in enumerate(texts):
        characters += len(text)
        if end > start and (end - start == PIECE or characters > PIECE_CHARACTERS):
            yield texts[start:end]
            start, characters = end, len(text)
    if start < len(texts):
        yield texts[start:]


def _told(problem: Exception) -> Exception:
    if isinstance(problem, EncoderFailed | NotReady):
        return problem
    failed = EncoderFailed(f"the model failed on this text: {problem or type(problem).__name__}")
    failed.__cause__ = problem
    return failed
