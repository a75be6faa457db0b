"""A PostgreSQL server of our own: a new cluster in a folder, on a free port, synced as in production.

It can be killed, frozen and started again. Every database in it is a copy of one that
was migrated once.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from bot.store import schema
from tests.support.processes import a_free_port

# Debian keeps the programs of the server off the path.
_INSTALLED = Path("/usr/lib/postgresql")
# The server refuses to run as root.
_USER = "nobody"
_TEMPLATE = "migrated"
FROZEN_SECONDS = 20.0


class PostgreSQL:
    def __init__(self, programs: Path, folder: Path) -> None:
        self.port = a_free_port()
        self._programs = programs
        self._cluster = folder / "cluster"
        self._log = folder / "log"
        self._as_user: dict[str, Any] = {"user": _USER, "group": "nogroup"} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"test_{number}" for number in itertools.count())
        if self._as_user:
            shutil.chown(folder, _USER, "nogroup")

    def create(self) -> None:
        self.create_empty()
        self.execute(f"CREATE DATABASE {_TEMPLATE}")
        schema.migrate(self.url_of(_TEMPLATE))

    def create_empty(self) -> None:
        """Without the database that those of the tests are copies of."""
        options = ["--no-sync", "-A", "trust", "-U", "kbdial", "-E", "UTF8", "--locale=C"]
        command = [str(self._programs / "initdb"), *options, "-D", str(self._cluster)]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._as_user)
        self.start()

    def start(self) -> None:
        """Returns when it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._cluster), *options],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self._as_user,
            )
        self._wait_until_it_answers()

    def kill(self) -> None:
        """kill -9 for the server and every process of it; returns when nothing is left."""
        # Each is in a group of its own, and would live on for a moment.
        family = self._family()
        for number in family:
            with suppress(ProcessLookupError):  # a connection's process may end by itself meanwhile
                os.kill(number, signal.SIGKILL)
        self._running().wait(30)

    def stop(self) -> None:
        """At once. Stopping what does not run is fine."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze the server: it holds its connections and does nothing, as behind a cable that was cut."""
        family = self._family()

        def thaw() -> None:
            for number in family:
                os.kill(number, signal.SIGCONT)

        # Who waits without a limit must fail, and not hang for ever.
        limit = threading.Timer(FROZEN_SECONDS, thaw)
        for number in family:
            os.kill(number, signal.SIGSTOP)
        limit.start()
        try:
            yield
        finally:
            limit.cancel()
            thaw()

    def drop_connections(self) -> int:
        """End all client connections, as an administrator does; returns how many there were."""
        ended = self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return len(ended)

    @contextmanager
    def a_database(self, *, migrated: bool = True) -> Iterator[str]:
        """The address of one that holds nothing, or not even tables."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if migrated else 'template0'}")
        try:
            yield self.url_of(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url_of(self, name: str) -> str:
        return f"postgresql+psycopg://kbdial@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with self._connected(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _connected(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        address = f"postgresql://kbdial@127.0.0.1:{self.port}/{database}"
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def _wait_until_it_answers(self, seconds: float = 30.0) -> None:
        until, tick = time.monotonic() + seconds, threading.Event()
        while True:
            try:
                self._connected("postgres").close()
            except psycopg.OperationalError:
                ended = self._running().poll()
                if ended is not None or time.monotonic() > until:
                    raise AssertionError(f"no server: {self._log.read_text()[-2000:]}") from None
                tick.wait(0.05)
            else:
                return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AssertionError("a server that was never started; this is a bug")
        return self._process

    def _family(self) -> list[int]:
        """The server first, so that it does not mourn its children."""
        children = self.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return [self._running().pid, *(number for (number,) in children)]


def programs() -> Path | None:
    """The folder with the programs of the newest server; None where none is installed."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parents[1].name))
    return found[-1].parent if found else None


@contextmanager
def a_server() -> Iterator[PostgreSQL]:
    found = programs()
    if found is None:
        raise AssertionError("no PostgreSQL is installed; ask `programs` first")
    with tempfile.TemporaryDirectory(prefix="kbdial-postgresql-") as folder:
        server = PostgreSQL(found, Path(folder))
        try:
            server.create()
            yield server
        finally:
            server.stop()
