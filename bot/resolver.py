"""Name resolution with a timeout: the addresses of a host within a time, or none.

The system's own look-up cannot be told how long to take, so it is made in a thread that nobody
waits for longer than wished. A host has one look-up at a time: who asks meanwhile joins it, and
where it hangs longer than that already, is told so at once.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

# Look-ups that hang at the same time, each of another host; beyond it, no thread is begun.
MOST_LOOKUPS = 8
DEFAULT_SECONDS = 3.0

LookUp = Callable[..., Sequence[tuple[Any, ...]]]


class Unresolved(OSError):
    """No address of a host is known, or not in time."""


class _LookUp:
    """One look-up on its way."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.is_over = threading.Event()
        self.found: Sequence[tuple[Any, ...]] = ()
        self.failed: OSError | None = None


class Resolver:
    """Safe to share between threads. `look_up` is the system's own, and may take as long as it likes."""

    def __init__(self, look_up: LookUp = socket.getaddrinfo) -> None:
        self._look_up = look_up
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], _LookUp] = {}

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A socket that is connected, after at most `seconds`, which is its timeout then.

        Raises:
            Unresolved, OSError: it is not.
        """
        ends = time.monotonic() + seconds
        failed: OSError | None = None
        for address in self.addresses(host, port, seconds):
            try:
                connected = socket.create_connection(address, timeout=max(ends - time.monotonic(), 0.001))
            except OSError as refused:
                failed = refused
            else:
                connected.settimeout(seconds)
                return connected
        raise failed or Unresolved("the host has no address")

    def addresses(self, host: str, port: int, seconds: float) -> list[tuple[str, int]]:
        """The addresses of the host, in the system's order.

        Raises:
            Unresolved: nothing, or nothing in time.
        """
        if _is_address(host):
            return [(host, port)]
        look_up = self._join(host, port, seconds)
        if not look_up.is_over.wait(seconds):
            raise Unresolved("the name server takes too long")
        if look_up.failed is not None:
            raise Unresolved(f"the name is not known: {type(look_up.failed).__name__}") from look_up.failed
        return [(str(found[4][0]), port) for found in look_up.found]

    def _join(self, host: str, port: int, seconds: float) -> _LookUp:
        with self._lock:
            look_up = self._under_way.get((host, port))
            if look_up is not None:
                if time.monotonic() - look_up.began >= seconds:
                    raise Unresolved("the name server takes too long")
                return look_up
            if len(self._under_way) >= MOST_LOOKUPS:
                raise Unresolved("too many names are being looked up")
            look_up = self._under_way[host, port] = _LookUp()
        threading.Thread(target=self._run, args=(host, port, look_up), name="look-up", daemon=True).start()
        return look_up

    def _run(self, host: str, port: int, look_up: _LookUp) -> None:
        try:
            look_up.found = self._look_up(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as failed:
            look_up.failed = failed if isinstance(failed, OSError) else OSError(str(failed))
        finally:
            with self._lock:
                del self._under_way[host, port]
            look_up.is_over.set()


class ConnectsInTime:
    """Put before a connection of urllib3's: it finds its address through `resolver`."""

    resolver = Resolver()

    def _new_conn(self: Any) -> socket.socket:
        # What urllib3 makes of a failure is what its callers tell apart.
        connection: HTTPConnection = self
        seconds = connection.timeout if isinstance(connection.timeout, int | float) else DEFAULT_SECONDS
        try:
            connected: socket.socket = self.resolver.connect(connection.host, connection.port, float(seconds))
        except Unresolved as unknown:
            reason = socket.gaierror(str(unknown))
            raise NameResolutionError(connection.host, connection, reason) from unknown
        except TimeoutError as late:
            raise ConnectTimeoutError(connection, "no connection in time") from late
        except OSError as refused:
            raise NewConnectionError(connection, f"no connection: {refused}") from refused
        for option in connection.socket_options or ():
            connected.setsockopt(*option)
        return connected


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
