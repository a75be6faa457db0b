"""A model in processes of its own: each has an interpreter, so that as many cores encode at once.

    engine ══► template: has loaded the model, and copies itself
    lane   ══► copy of it
    lane   ══► copy of it

Texts go over a pipe and vectors come back. A copy that ends is replaced, and what it was given is tried once
more; if that one ends too, those who asked are told. Which thread uses which lane, and in what order, is
the batcher's business.

Not `multiprocessing`'s fork server: what it loads cannot depend on settings, and it swallows what goes wrong
meanwhile. No pool of `concurrent.futures`: where one process dies, it gives all of them up.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import Any

from engine.config import Model
from engine.domain import EncoderFailed, NotReady
from engine.encoder import Encoder, Role
from engine.index.snapshot import ModelIdentity, Vectors
from engine.machine_limits import explain
from engine.machine_share import count_cores

STOP_SECONDS = 5.0

_HOME = Path(__file__).resolve().parents[2]
# A process has one core, and one that has threads cannot be copied.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

_log = logging.getLogger(__name__)


def count_processes(model: Model) -> int:
    """The number of processes that this model runs in; 1 is the engine's own.

    Only the bundled one takes more: it is small, and holds one core. A card is one device, a server
    somewhere has processes of its own, and a large model uses all cores from one process.
    """
    if model.name != "bundled" or model.remote_url:
        return 1
    # Elsewhere a process that has computed cannot be relied on to be copied.
    return model.processes or (count_cores() if sys.platform == "linux" else 1)


def load_in_processes(model: Model, tell: Callable[[str], None], load: Callable[[], Encoder]) -> Encoder:
    """The model in as many processes as it is to have; what `load` gives, where that is this one.

    Raises what `load` raises.
    """
    count = count_processes(model)
    return load() if count == 1 else ModelProcesses(model, count, tell)


class ModelProcesses:
    """One model in several processes. As an Encoder it is the first of its lanes."""

    def __init__(
        self, model: Model, count: int, tell: Callable[[str], None], *, command: Sequence[str] = ()
    ) -> None:
        """Load it.

        Raises:
            EncoderFailed: as the model itself says it, or that no process can be started.
        """
        self._model = model
        self._tell = tell
        self._command = command or (sys.executable, "-m", "engine.encoder.template")
        self._changing = threading.Lock()
        self._is_stopped = False
        self._template = _Template(self._command, model)
        try:
            self.identity, self.device = self._template.wait_until_loaded(tell)
            self._lanes = [Lane(self) for _ in range(count)]
        except BaseException:
            self.stop()
            raise

    @property
    def lanes(self) -> Sequence[Lane]:
        return self._lanes

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        return self._lanes[0].encode(texts, role)

    def count_tokens(self, text: str, role: Role) -> int:
        return self._lanes[0].count_tokens(text, role)

    def stop(self) -> None:
        """End all processes; whoever waits for one is told NotReady. Fine to call twice."""
        self._is_stopped = True
        self._template.stop()

    def copy(self) -> Copy:
        """One more process with the model. A template that has ended is started again.

        Raises:
            NotReady: there can be none now, or the engine is stopping.
        """
        with self._changing:
            try:
                return self._template.copy()
            except (EOFError, OSError) as end:
                self.require_running()
                _log.warning("model process ended", extra={"reason": str(end) or self._template.end()})
            try:
                return self._start_again().copy()
            except (EOFError, OSError, EncoderFailed) as problem:
                raise NotReady(f"a process of the model ended and cannot be replaced: {problem}") from problem

    def require_running(self) -> None:
        if self._is_stopped:
            raise NotReady("the engine is stopping")

    def _start_again(self) -> _Template:
        self._template.stop()
        self._template = _Template(self._command, self._model)
        if self._template.wait_until_loaded(self._tell)[0] != self.identity:
            raise EncoderFailed("the model is another one since it was loaded, start the engine again")
        return self._template


class Lane:
    """An Encoder for one thread at a time, in a process that is replaced when it ends."""

    def __init__(self, processes: ModelProcesses) -> None:
        self._processes = processes
        self._copy = processes.copy()

    @property
    def identity(self) -> ModelIdentity:
        return self._processes.identity

    @property
    def device(self) -> str:
        return self._processes.device

    @property
    def process(self) -> int:
        """The process id."""
        return self._copy.process

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        vectors: Vectors = self._ask_twice("encode", texts, role)
        return vectors

    def count_tokens(self, text: str, role: Role) -> int:
        return int(self._ask_twice("count_tokens", [text], role))

    def _ask_twice(self, wanted: str, texts: Sequence[str], role: Role) -> Any:
        try:
            return self._copy.ask(wanted, texts, role)
        except (EOFError, OSError):
            self._processes.require_running()
            _log.warning("model process ended", extra={"reason": self._copy.end(), "texts": len(texts)})
        self._copy = self._processes.copy()
        try:
            return self._copy.ask(wanted, texts, role)
        except (EOFError, OSError) as end:
            self._processes.require_running()
            raise EncoderFailed(
                f"two processes of the model ended on this; the last {self._copy.end()}"
            ) from end


class Copy:
    """A process with the model, and the pipe to it."""

    def __init__(self, process: int, pipe: Connection, template: _Template) -> None:
        self.process = process
        self._pipe = pipe
        self._template = template
        self._ended = ""

    def ask(self, wanted: str, texts: Sequence[str], role: Role) -> Any:
        """Call the encoder's method `wanted` in the process. EOFError, OSError: the process has ended."""
        self._pipe.send((wanted, list(texts), role))
        return _receive(self._pipe)

    def end(self) -> str:
        """End the process if it runs, and describe how it ended."""
        if not self._ended:
            self._pipe.close()
            self._ended = self._template.end_copy(self.process)
        return self._ended


class _Template:
    """The process that has loaded the model. Of its methods each may be called by any thread."""

    def __init__(self, command: Sequence[str], model: Model) -> None:
        ours, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KBDIAL_")}
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    [*command, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    cwd=_HOME,
                    env=environment | _ONE_THREAD,
                )
            except OSError as problem:
                ours.close()
                raise _cannot_start(problem) from problem
        self._pipe = Connection(ours.detach())
        self._asking = threading.Lock()
        self._pipe.send(model)

    def wait_until_loaded(self, tell: Callable[[str], None]) -> tuple[ModelIdentity, str]:
        """Wait for the model, and return its identity and device.

        Raises:
            EncoderFailed: as the model says it.
        """
        try:
            while True:
                kind, said = self._pipe.recv()
                match kind:
                    case "problem":
                        raise said
                    case "loaded":
                        identity, device = said
                        return identity, device
                    case _:
                        tell(said)
        except (EOFError, OSError) as end:
            raise EncoderFailed(f"the process of the model {self.end()} while it loaded") from end

    def copy(self) -> Copy:
        """Raises EOFError or OSError when it has ended, or can make none."""
        ours, theirs = socket.socketpair()
        with theirs, self._asking:
            try:
                self._pipe.send(("copy", 0))
                send_handle(self._pipe, theirs.fileno(), None)
                process = _receive(self._pipe)
            except BaseException:
                ours.close()
                raise
        return Copy(process, Connection(ours.detach()), self)

    def end_copy(self, process: int) -> str:
        try:
            with self._asking:
                self._pipe.send(("end", process))
                return _describe_end(_receive(self._pipe))
        except (EOFError, OSError):
            return "ended, as did the one that it is a copy of"

    def end(self) -> str:
        """Wait a second for the process to end, kill it otherwise, and describe how it ended."""
        try:
            return _describe_end(self._process.wait(1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            return _describe_end(self._process.wait(STOP_SECONDS))

    def stop(self) -> None:
        """End it, and by that its copies."""
        # Not closed, which another thread may be reading it at: what is shut down ends for that one as well.
        with socket.socket(fileno=os.dup(self._pipe.fileno())) as control:
            control.shutdown(socket.SHUT_RDWR)
        self.end()


def _receive(pipe: Connection) -> Any:
    kind, said = pipe.recv()
    if kind == "problem":
        raise said
    return said


def _describe_end(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with {code}"


def _cannot_start(problem: BaseException) -> EncoderFailed:
    return EncoderFailed(f"a process for the model cannot be started: {explain(problem) or problem}")
