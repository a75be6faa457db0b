"""The one thread that owns the model, and the two lines in front of it.

    questions ──► waiting line (bounded) ──┐
                                           ├──► one batch at a time ──► model ──► what they are asked for
    bulk      ──► one piece at a time ─────┘    questions first

Questions that wait together are encoded together, and looked up together in the same thread: a
question is handed over to it once, and its answer back once. A bulk pass is cut into pieces small
enough that a question never waits long behind one. What a question is looked up in is passed in.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

from engine.domain import DeviceLost, EncoderFailed, NotReady, Overloaded
from engine.encoder import CountsTokens, Encoder, Pretokenizes, Role, add_instruction
from engine.encoder.handover import Waiter, deliver
from engine.index.snapshot import ModelIdentity, Vectors

# What one pass may hold. Text costs by its length: 64 short questions or 6 passages take
# the bundled model 30 to 100 ms, which is how long a question may wait behind a piece.
BATCH = 64
PIECE = 64
PIECE_CHARACTERS = 4096
# A card is not fast on less: 16,384 characters are 4,000 to 12,000 tokens, and those take
# Qwen3-Embedding-4B 0.04 to 0.2 s at 60,000 a second (computed, not measured).
CARD_PIECE = 512
CARD_PIECE_CHARACTERS = 16_384

# Lists of texts that others want vectors of, at once. Each holds a web thread for as long as
# it takes, and questions must find threads too.
LISTS = 8

# More failures than these are not about the texts.
_MANY_FAILURES = 20
_SHOWN_CHARACTERS = 40

# Loading a large model cannot be interrupted, and must not keep the program alive.
STOP_SECONDS = 5.0

State = Literal["loading", "ready", "failed", "stopped"]

_log = logging.getLogger(__name__)


Subject = TypeVar("Subject")
Found = TypeVar("Found")
LookUp = Callable[[Sequence[Subject], Vectors], Sequence[Found]]
"""What questions are asked for: something found for each subject by its vector, all of them in one pass."""


@dataclass(slots=True)
class _Waiting:
    """`outcome` is what `look_up` finds for a question, and the vectors of a piece."""

    texts: Sequence[str]
    role: Role
    subject: Any = None
    look_up: LookUp[Any, Any] | None = None
    outcome: Future[Any] = field(default_factory=Future)
    waiter: Waiter | None = None


class Batcher:
    """Encodes for many threads with one.

    `start` returns at once; the model is loaded in the batcher's own thread, and until
    then questions are refused with NotReady. One that is not ready itself, on a server that is
    away, is tried again every few seconds. When the device is lost, everybody is told, nothing
    more is encoded, and `lost` is called. `stop` refuses everything that still waits,
    and returns when the thread is gone, or after some seconds when the model is busy.
    """

    def __init__(
        self,
        load: Callable[[], Encoder],
        *,
        queue_limit: int = 48,
        queue_timeout_seconds: float = 10.0,
        retry_seconds: float = 5.0,
        seen: Callable[[Role, int], None] = lambda _role, _size: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._load = load
        self._longest_line = queue_limit
        self._patience_seconds = queue_timeout_seconds
        self._retry_seconds = retry_seconds
        self._seen = seen
        self._lost = lost
        self._encoder: Encoder | None = None
        self._questions: deque[_Waiting] = deque()
        self._bulk: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._model = threading.Lock()
        self._lists = threading.BoundedSemaphore(LISTS)
        self._state: State = "loading"
        self._reason = "the model is loading"
        self._is_away = False
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

    def tell(self, stage: str) -> None:
        """Say how far the loading is."""
        _log.info("model loading", extra={"stage": stage})
        with self._changed:
            if self._state == "loading":
                self._reason = f"the model is loading: {stage}"

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

    def wait_until_tried(self) -> bool:
        """As `wait_until_loaded`, for those who have no time until a server that is away comes back."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "loading" or self._is_away)
        return self._state == "ready"

    def encode_question(self, text: str, *, instruction: str | None = None) -> Vectors:
        """The vector of one question, under this instruction or else the model's own.

        Raises:
            Overloaded: the line is full, or the answer took too long.
            NotReady: there is no model to ask.
            EncoderFailed: the model could not make a vector of this text.
        """
        vector = self.find(text, None, _vectors_alone, instruction=instruction)
        return np.asarray(vector, np.float32)

    def find(
        self, text: str, subject: Subject, look_up: LookUp[Subject, Found], *, instruction: str | None = None
    ) -> Found:
        """What `look_up` finds by the vector of this text, in the thread that made it.

        Questions that wait together and have the same `look_up` are given to it together.
        Raises what `encode_question` raises, and what `look_up` does.
        """
        waiting = _Waiting([text], "query", subject, look_up)
        self._join_line(waiting, instruction)
        try:
            found: Found = waiting.outcome.result(self._patience_seconds)
        except FutureTimeoutError:
            waiting.outcome.cancel()
            raise self._too_slow() from None
        return found

    async def find_soon(
        self, text: str, subject: Subject, look_up: LookUp[Subject, Found], *, instruction: str | None = None
    ) -> Found:
        """As `find`, for an event loop, which goes on meanwhile."""
        loop = asyncio.get_running_loop()
        waiter = Waiter(loop, loop.create_future())
        waiting = _Waiting([text], "query", subject, look_up, waiter=waiter)
        self._join_line(waiting, instruction)
        patience = loop.call_later(self._patience_seconds, self._give_up, waiting)
        try:
            found: Found = await waiter.future
        finally:
            patience.cancel()
        return found

    def _join_line(self, waiting: _Waiting, instruction: str | None) -> None:
        with self._changed:
            encoder = self._ready_encoder()
            if instruction is not None:
                told = [add_instruction(encoder.identity, instruction, text) for text in waiting.texts]
                waiting.texts, waiting.role = told, "bare"
            if len(self._questions) >= self._longest_line:
                raise Overloaded(f"{self._longest_line} questions are waiting already, ask again in a moment")
            self._questions.append(waiting)
            self._changed.notify_all()

    def _give_up(self, waiting: _Waiting) -> None:
        waiting.outcome.cancel()
        if waiting.waiter and not waiting.waiter.future.done():
            waiting.waiter.future.set_exception(self._too_slow())

    def _too_slow(self) -> Overloaded:
        return Overloaded(f"no answer within {self._patience_seconds:g} s, ask again in a moment")

    def count_tokens(self, texts: Sequence[str], role: Role) -> int | None:
        """Into how many tokens the model cuts these texts; None where it does not tell.

        Raises:
            NotReady: there is no model to ask.
        """
        encoder = self._ready_encoder()
        if not isinstance(encoder, CountsTokens):
            return None
        with self._model:  # a tokenizer is part of the model, and used by one thread at a time
            return sum(encoder.count_tokens(text, role) for text in texts)

    def encode_entries(
        self,
        texts: Sequence[str],
        progress: Callable[[int], None] = lambda _done: None,
        *,
        role: Role = "document",
    ) -> Vectors:
        """The vectors of many texts, in their order; `progress` hears now and then how many are done.

        Raises:
            Overloaded: as many lists as may be are being encoded already.
            EncoderFailed, NotReady: as `encode_in_pieces`.
        """
        vectors = np.empty((len(texts), self.identity.dimension), np.float32)
        done = 0
        if not self._lists.acquire(blocking=False):
            raise Overloaded(f"{LISTS} lists of texts are being encoded already, ask again in a moment")
        try:
            for places, piece in self.encode_in_pieces(texts, role):
                vectors[places] = piece
                done += len(places)
                progress(done)
        finally:
            self._lists.release()
        return vectors

    def encode_in_pieces(
        self, texts: Sequence[str], role: Role = "document"
    ) -> Iterator[tuple[list[int], Vectors]]:
        """Places in `texts` and their vectors, piece by piece, letting questions pass.

        Texts of like length go together, the longest first. One piece stands in the line
        while another is encoded, with its tokens counted by the thread that calls this.

        Raises:
            EncoderFailed: naming the texts that the model cannot encode, after all others
                were given, or at once when it fails on everything.
            NotReady: there is no model to ask.
        """
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
        failed: list[str] = []
        start = 0
        for piece, waiting in _one_ahead(
            self._submit_pieces(self._cut([texts[place] for place in order]), role)
        ):
            places = order[start : start + len(piece)]
            start += len(piece)
            try:
                yield places, waiting.outcome.result()
            except EncoderFailed as problem:
                passed, more = self._each_alone(piece, role, problem)
                failed += more
                if len(failed) > _MANY_FAILURES:
                    raise EncoderFailed(_name(failed)) from problem
                for number, vectors in passed:
                    yield [places[number]], vectors
        if failed:
            raise EncoderFailed(_name(failed))

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
        except DeviceLost as problem:
            self._lose(batch, problem)
        except Exception as problem:  # noqa: BLE001 - whatever a model raises belongs to those who asked
            self._one_by_one(batch, problem)
        else:
            self._answer(batch, vectors)
        _deliver(batch)
        return True

    def load(self) -> None:
        """Load the model here and now."""
        try:
            encoder = self._load()
        except NotReady as problem:
            _log.warning("model not ready", extra={"reason": problem.message})
            with self._changed:
                self._is_away = True
                if self._state == "loading":
                    self._reason = f"the model is not ready: {problem.message}"
                self._changed.notify_all()
            return
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

    def _cut(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        if texts and self.device.startswith("cuda"):
            return pieces(texts, CARD_PIECE, CARD_PIECE_CHARACTERS)
        return pieces(texts)

    def _submit_pieces(
        self, cut: Iterator[Sequence[str]], role: Role
    ) -> Iterator[tuple[Sequence[str], _Waiting]]:
        for piece in cut:
            yield piece, self._submit(piece, role)

    def _submit(self, piece: Sequence[str], role: Role) -> _Waiting:
        encoder = self._ready_encoder()
        waiting = _Waiting(encoder.ahead(piece, role) if isinstance(encoder, Pretokenizes) else piece, role)
        with self._changed:
            self._ready_encoder()
            self._bulk.append(waiting)
            self._changed.notify_all()
        return waiting

    def _each_alone(
        self, piece: Sequence[str], role: Role, problem: EncoderFailed
    ) -> tuple[list[tuple[int, Vectors]], list[str]]:
        """Of a piece that failed: which texts pass on their own, and sentences about the others."""
        passed: list[tuple[int, Vectors]] = []
        failed: list[str] = []
        for number, text in enumerate(piece):
            try:
                passed.append((number, self._submit([text], role).outcome.result()))
            except EncoderFailed as own:
                failed.append(f'"{text[:_SHOWN_CHARACTERS]}": {own.message}')
                if not passed and len(failed) > _MANY_FAILURES:
                    raise problem from own
        return passed, failed

    def _run(self) -> None:
        self.load()
        while self._state == "loading":
            with self._changed:
                self._changed.wait_for(lambda: self._state != "loading", self._retry_seconds)
            if self._state == "loading":
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
            if batch and self._questions[0].role != batch[0].role:
                break  # they carry another prompt
            waiting = self._questions.popleft()
            if waiting.outcome.set_running_or_notify_cancel():
                batch.append(waiting)
        if not batch and self._bulk:
            waiting = self._bulk.popleft()
            waiting.outcome.set_running_or_notify_cancel()
            batch.append(waiting)
        return batch

    def _answer(self, batch: list[_Waiting], vectors: Vectors) -> None:
        """Look up for everybody in a batch, together for those who want the same looked up."""
        if batch[0].look_up is None:  # a piece of a bulk pass, alone in its batch
            batch[0].outcome.set_result(vectors)
            return
        for look_up in dict.fromkeys(waiting.look_up for waiting in batch):
            places = [place for place, waiting in enumerate(batch) if waiting.look_up == look_up]
            _look_up([batch[place] for place in places], vectors[places])

    def _one_by_one(self, batch: list[_Waiting], problem: Exception) -> None:
        """One text must not take the others with it."""
        if len(batch) == 1:
            batch[0].outcome.set_exception(_tell(problem))
            return
        for waiting in batch:
            try:
                vectors = self._encode(waiting.texts, waiting.role)
            except Exception as own:  # noqa: BLE001 - as in step
                waiting.outcome.set_exception(_tell(own))
            else:
                self._answer([waiting], vectors)

    def _lose(self, batch: list[_Waiting], problem: DeviceLost) -> None:
        _log.critical("device lost", extra={"reason": problem.message})
        for waiting in batch:
            waiting.outcome.set_exception(problem)
        with self._changed:
            self._become("failed", problem.message)
            self._refuse_all()
        self._lost()

    def _refuse_all(self) -> None:
        refused = [*self._questions, *self._bulk]
        for waiting in refused:
            if waiting.outcome.set_running_or_notify_cancel():
                waiting.outcome.set_exception(NotReady(self._reason))
        _deliver(refused)
        self._questions.clear()
        self._bulk.clear()


def _look_up(asked: Sequence[_Waiting], vectors: Vectors) -> None:
    """What fails together is looked up one by one, so that each gets its own failure."""
    try:
        found = list(asked[0].look_up([one.subject for one in asked], vectors)) if asked[0].look_up else []
        outcomes = list(zip(asked, found, strict=True))
    except Exception as problem:  # noqa: BLE001 - it belongs to whoever asked
        if len(asked) == 1:
            asked[0].outcome.set_exception(problem)
            return
        for place, one in enumerate(asked):
            _look_up([one], vectors[place : place + 1])
        return
    for one, each in outcomes:
        one.outcome.set_result(each)


def _deliver(answered: Sequence[_Waiting]) -> None:
    deliver([(each.waiter, each.outcome) for each in answered if each.waiter])


def _vectors_alone(_subjects: Sequence[None], vectors: Vectors) -> Sequence[Vectors]:
    return list(vectors)


def pieces(
    texts: Sequence[str], most: int = PIECE, most_characters: int = PIECE_CHARACTERS
) -> Iterator[Sequence[str]]:
    """Cut a bulk pass so that no piece holds the model for long."""
    start = 0
    characters = 0
    for end, text in enumerate(texts):
        characters += len(text)
        if end > start and (end - start == most or characters > most_characters):
            yield texts[start:end]
            start, characters = end, len(text)
    if start < len(texts):
        yield texts[start:]


def _one_ahead(
    submitted: Iterator[tuple[Sequence[str], _Waiting]],
) -> Iterator[tuple[Sequence[str], _Waiting]]:
    """The same, always having taken one more than was given."""
    before = next(submitted, None)
    while before:
        ahead = next(submitted, None)
        yield before
        before = ahead


def _name(failed: Sequence[str]) -> str:
    more = f", and {len(failed) - 3} more" if len(failed) > 3 else ""  # noqa: PLR2004 - a sentence names three
    return f"{len(failed)} text{'s' * (len(failed) > 1)} cannot be encoded: {'; '.join(failed[:3])}{more}"


def _tell(problem: Exception) -> Exception:
    if isinstance(problem, EncoderFailed | NotReady):
        return problem
    failed = EncoderFailed(f"the model failed on this text: {problem or type(problem).__name__}")
    failed.__cause__ = problem
    return failed
