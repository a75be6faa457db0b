"""The control socket: a Unix socket in the data folder, by which other commands reach the running bot.

    {"operation": "say", …}  ─►  {"heard": …} … {"heard": …}  {"done": …}  or  {"error": "sentence"}

One request a connection, JSON, a line each way; nothing is ever unpickled. Only the
user who runs the bot may connect. What operations there are is decided by who builds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
import socketserver
import stat
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.domain import Reply, reply_from_json

log = logging.getLogger(__name__)

Request = Mapping[str, Any]
OnProgress = Callable[[Any], None]
# Gets the request and a way to tell something before the end; what it returns ends it.
# `OnProgress` raises OSError once the caller has gone.
Operation = Callable[[Request, OnProgress], Any]

REQUEST_LIMIT_BYTES = 1024 * 1024
# The address of a socket has at most 104 bytes on macOS and 108 on Linux, with the final zero.
LONGEST_ADDRESS_BYTES = 103
CONNECT_SECONDS = 2.0


class NotRunning(Exception):
    """No bot is running on this data folder."""


class LocalError(Exception):
    """An operation that was refused. The message is for the person at the keyboard."""


class ControlServer:
    """The listening side. Start it under the lock of the data folder: it replaces a stale socket.

    Operations run in a thread for each caller; callers that still wait at `stop` see the end of
    the connection.
    """

    def __init__(self, data_dir: Path, operations: Mapping[str, Operation]) -> None:
        self._data_dir = data_dir
        self._operations = {"who": lambda _, __: os.getpid(), **operations}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        path = address(self._data_dir)
        _make_folder(path.parent, private=path.parent != self._data_dir.resolve())
        path.unlink(missing_ok=True)
        # The mask, because a socket can be connected to from the moment it is bound.
        before = os.umask(0o177)
        try:
            self._server = _Server(str(path), self._operations)
        finally:
            os.umask(before)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="local", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join()
        server.server_close()
        address(self._data_dir).unlink(missing_ok=True)


def address(data_dir: Path) -> Path:
    """The path of the socket: in the data folder, or in a private folder where that path is too long."""
    path = data_dir.resolve() / "bot.sock"
    if len(os.fsencode(path)) <= LONGEST_ADDRESS_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"kbdial-{os.getuid()}" / f"{name}.sock"


def call(data_dir: Path, operation: str, request: Request, hear: OnProgress) -> Any:
    """Ask the running bot for one operation; `hear` gets what it tells before the end.

    Raises:
        NotRunning: nobody listens there, or it stopped before it was done.
        LocalError: it refused.
    """
    connection = _connect(data_dir)
    with connection, connection.makefile("rwb") as stream:
        try:
            stream.write(_line({**request, "operation": operation}))
            stream.flush()
            for line in stream:
                answer = json.loads(line)
                if "heard" in answer:
                    hear(answer["heard"])
                elif "error" in answer:
                    raise LocalError(answer["error"])
                else:
                    return answer["done"]
        except ConnectionError:
            pass
    raise NotRunning("the bot stopped before it had answered")


def who(data_dir: Path) -> int | None:
    """The process id of the bot that runs on this data folder; None when none does."""
    try:
        return int(call(data_dir, "who", {}, lambda _: None))
    except NotRunning:
        return None


def say(data_dir: Path, room: str, text: str, person: str, hear: Callable[[Reply], None]) -> None:
    """Say a line in a room of the running bot; returns when it is answered. Raises as `call` does."""
    line = {"room": room, "text": text, "person": person}
    call(data_dir, "say", line, lambda heard: hear(reply_from_json(heard)))


def _connect(data_dir: Path) -> socket.socket:
    path = address(data_dir)
    connection = socket.socket(socket.AF_UNIX)
    try:
        _refuse_strangers(path)
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(str(path))
        connection.settimeout(None)
    except OSError as nobody:
        connection.close()
        raise NotRunning("no bot is running here") from nobody
    return connection


def _make_folder(folder: Path, *, private: bool) -> None:
    folder.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    if private:
        _refuse_strangers(folder)


def _refuse_strangers(path: Path) -> None:
    """Require that the path is ours alone: in a folder that everybody may write to, a name proves nothing."""
    found = path.lstat()
    if found.st_uid != os.getuid() or (stat.S_ISDIR(found.st_mode) and found.st_mode & 0o077):
        raise PermissionError(f"{path} belongs to somebody else or is open to others; remove it")


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, operations: Mapping[str, Operation]) -> None:
        self.operations = operations
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(path, _Caller)

    def add_connection(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def drop_connection(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def server_close(self) -> None:
        super().server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # it may just have gone by itself
                    connection.shutdown(socket.SHUT_RDWR)


class _Caller(socketserver.StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.add_connection(self.connection)
        self._lock = threading.Lock()

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # whoever asked has gone
            self._tell(self._answer())

    def finish(self) -> None:
        self.server.drop_connection(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def _answer(self) -> Any:
        try:
            request = json.loads(self.rfile.readline(REQUEST_LIMIT_BYTES))
            operation = self.server.operations[request["operation"]]
        except (ValueError, RecursionError, KeyError, TypeError):
            return {"error": "the running bot does not know this request; is it an older one?"}
        try:
            return {"done": operation(request, lambda heard: self._tell({"heard": heard}))}
        except LocalError as refusal:
            return {"error": str(refusal)}
        except OSError:
            raise
        except Exception:
            # The top of a request: a mistake in one must not end the others.
            log.exception("local_operation_failed", extra={"operation": request["operation"]})
            return {"error": "that failed; the reason is in the bot's log"}

    def _tell(self, answer: Any) -> None:
        with self._lock:
            self.wfile.write(_line(answer))


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
