"""The batcher: the threads that run the model, and the calls that others make to it.

    questions, bulk ──► line ──► a batch at a time for each lane ──► model ──► what they are asked for

Questions that wait together are encoded together, and looked up together in the same thread: a
question is handed over to it once, and its answer back once. What a question is looked up in is passed in.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.domain import DeviceLost, EncoderFailed, NotReady, Overloaded
from engine.encoder import (
    CountsTokens,
    Encoder,
    FindsTrouble,
    HasLanes,
    Pretokenizes,
    Role,
    add_instruction,
    bulk,
)
from engine.encoder.batch import answer_batch
from engine.encoder.handover import Waiter
from engine.encoder.line import Found, Line, LookUp, Subject, Waiting
from engine.index.snapshot import ModelIdentity, Vectors

# Lists of texts that others want vectors of, at once. Each holds a web thread for as long as
# it takes, and questions must find threads too.
LISTS = 8

# Loading a large model cannot be interrupted, and must not keep the program alive.
STOP_SECONDS = 5.0

State = Literal["loading", "ready", "failed", "stopped"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Lane:
    """A model, for whoever has its lock."""

    model: Encoder
    lock: threading.Lock = field(default_factory=threading.Lock)

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        with self.lock:
            return self.model.encode(texts, role)


class Batcher:
    """Encodes for many threads with one, or with one for each lane of an encoder that has several.

    `start` returns at once; the model is loaded in the batcher's own thread, and until
    then questions are refused with NotReady. One that is not ready itself, on a server that is
    away, is tried again every few seconds. When the device is lost, everybody is told, nothing
    more is encoded, and `lost` is called. `stop` refuses everything that still waits,
    and returns when the threads are gone, or after some seconds when the model is busy.
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
        self._patience_seconds = queue_timeout_seconds
        self._retry_seconds = retry_seconds
        self._seen = seen
        self._lost = lost
        self._encoder: Encoder | None = None
        self._lanes: Sequence[_Lane] = ()
        self._changed = threading.Condition()
        self._line = Line(queue_limit, self._changed)
        self._lists = threading.BoundedSemaphore(LISTS)
        self._state: State = "loading"
        self._reason = "the model is loading"
        self._is_away = False
        self._trouble = ""
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._start_thread(self._run)

    def stop(self) -> None:
        with self._changed:
            self._state, self._reason = "stopped", "the engine is stopping"
            self._changed.notify_all()
        self._line.refuse_all(NotReady(self._reason))
        self._stop_lanes()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._threads.clear()

    @property
    def state(self) -> tuple[State, str]:
        """The state that it is in, and the reason while that is not "ready"."""
        return self._state, self._reason

    def tell(self, stage: str) -> None:
        """Report the progress of loading."""
        _log.info("model loading", extra={"stage": stage})
        with self._changed:
            if self._state == "loading":
                self._reason = f"the model is loading: {stage}"

    @property
    def waiting(self) -> int:
        """The number of questions that wait for the model."""
        return self._line.questions

    @property
    def waiting_pieces(self) -> int:
        """The number of pieces of bulk passes that wait for the model."""
        return self._line.pieces

    @property
    def identity(self) -> ModelIdentity:
        return self._ready_encoder().identity

    @property
    def device(self) -> str:
        return self._ready_encoder().device

    @property
    def trouble(self) -> str:
        """The fault found in the model's vectors by the last check, as a sentence; "" if there was none."""
        return self._trouble

    def look_for_trouble(self) -> None:
        """Check the vectors for a fault now; a model that cannot be asked is reported by whoever needs it."""
        encoder = self._encoder
        if not isinstance(encoder, FindsTrouble):
            return
        try:
            found = encoder.find_trouble()
        except (EncoderFailed, NotReady) as problem:
            _log.warning("model not looked at", extra={"reason": problem.message})
            return
        if found and found != self._trouble:
            _log.error("vectors may be wrong", extra={"reason": found})
        self._trouble = found

    def wait_until_loaded(self, timeout_seconds: float | None = None) -> bool:
        """Whether the model is ready; returns as soon as that is known."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "loading", timeout_seconds)
        return self._state == "ready"

    def wait_until_tried(self) -> bool:
        """Wait until the model is loaded or a server was tried and is away; True when it is ready."""
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

    async def encode_question_soon(self, text: str) -> Vectors:
        """Encode a question like `encode_question`, without blocking the event loop."""
        return np.asarray(await self.find_soon(text, None, _vectors_alone), np.float32)

    def find(
        self, text: str, subject: Subject, look_up: LookUp[Subject, Found], *, instruction: str | None = None
    ) -> Found:
        """Find what `look_up` finds by the vector of this text, in the thread that made it.

        Questions that wait together and have the same `look_up` are given to it together.
        Raises what `encode_question` raises, and what `look_up` does.
        """
        waiting = Waiting([text], "query", subject, look_up)
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
        """Encode and look up like `find`, without blocking the event loop."""
        loop = asyncio.get_running_loop()
        waiter = Waiter(loop, loop.create_future())
        waiting = Waiting([text], "query", subject, look_up, waiter=waiter)
        self._join_line(waiting, instruction)
        patience = loop.call_later(self._patience_seconds, self._give_up, waiting)
        try:
            found: Found = await waiter.future
        finally:
            patience.cancel()
        return found

    def _join_line(self, waiting: Waiting, instruction: str | None) -> None:
        with self._changed:
            encoder = self._ready_encoder()
            if instruction is not None:
                told = [add_instruction(encoder.identity, instruction, text) for text in waiting.texts]
                waiting.texts, waiting.role = told, "bare"
            self._line.add_question(waiting)

    def _give_up(self, waiting: Waiting) -> None:
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
        with self._lanes[0].lock:  # a tokenizer is part of the model, and used by one thread at a time
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

        Each lane has a piece to go on with, its tokens counted by the thread that calls this.

        Raises:
            EncoderFailed: as `bulk.encode_in_pieces`.
            NotReady: there is no model to ask.
        """
        lanes = len(self._lanes)
        # Pieces do not end in the order they were given where there are several lanes, and none is to wait.
        ahead = 2 * lanes if lanes > 1 else 1
        return bulk.encode_in_pieces(
            texts,
            lambda piece: self._submit(piece, role),
            size=lambda: bulk.size_for(self.device, is_asked=self._line.is_asked),
            ahead=ahead,
        )

    def step(self, lane: int = 0) -> bool:
        """Encode one batch of what waits, questions first. Whether there was something.

        Each lane is for one thread; where there is more than one, each takes its share of what waits.
        """
        batch = self._line.take(lane, len(self._lanes))
        if not batch:
            return False
        self._seen(batch[0].role, sum(len(waiting.texts) for waiting in batch))
        try:
            answer_batch(batch, self._lanes[lane].encode)
        except DeviceLost as problem:
            self._lose(problem)
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
        self._lanes = [
            _Lane(each) for each in (encoder.lanes if isinstance(encoder, HasLanes) else [encoder])
        ]
        _log.info(
            "model loaded",
            extra={
                "model": encoder.identity.name,
                "dimension": encoder.identity.dimension,
                "device": encoder.device,
                "fingerprint": encoder.identity.fingerprint,
                "processes": len(self._lanes),
            },
        )
        self.look_for_trouble()
        self._become("ready", "")

    def _submit(self, piece: Sequence[str], role: Role) -> Future[Vectors]:
        encoder = self._ready_encoder()
        waiting = Waiting(encoder.ahead(piece, role) if isinstance(encoder, Pretokenizes) else piece, role)
        with self._changed:
            self._ready_encoder()
            self._line.add_piece(waiting)
        return waiting.outcome

    def _run(self) -> None:
        self.load()
        while self._state == "loading":
            with self._changed:
                self._changed.wait_for(lambda: self._state != "loading", self._retry_seconds)
            if self._state == "loading":
                self.load()
        if self._state == "stopped":
            self._stop_lanes()  # it was stopped while the model was loading
            return
        for lane in range(1, len(self._lanes)):
            self._start_thread(self._work, lane)
        self._work(0)

    def _work(self, lane: int) -> None:
        while self._state == "ready":
            if not self.step(lane):
                self._line.wait(lane, len(self._lanes), lambda: self._state != "ready")

    def _start_thread(self, work: Callable[..., None], *given: int) -> None:
        thread = threading.Thread(target=work, args=given, name="encoder", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _become(self, state: State, reason: str) -> None:
        with self._changed:
            if self._state != "stopped":
                self._state, self._reason = state, reason
            self._changed.notify_all()

    def _ready_encoder(self) -> Encoder:
        if self._state != "ready" or self._encoder is None:
            raise NotReady(self._reason)
        return self._encoder

    def _lose(self, problem: DeviceLost) -> None:
        _log.critical("device lost", extra={"reason": problem.message})
        with self._changed:
            self._become("failed", problem.message)
            self._line.refuse_all(NotReady(self._reason))
        self._lost()

    def _stop_lanes(self) -> None:
        if isinstance(self._encoder, HasLanes):
            self._encoder.stop()


def _vectors_alone(_subjects: Sequence[None], vectors: Vectors) -> Sequence[Vectors]:
    return list(vectors)
