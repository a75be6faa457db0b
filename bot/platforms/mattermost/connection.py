"""Keeps the bot's WebSocket to the server: what comes is stored before the next thing is read.

    connect ──► greeted anew ──► fill the gap by REST ──► read
                resumed ────────────────────────────────►

Whatever could not be stored ends the connection; it is resumed at that very event a moment later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from bot.domain import Clock, PlatformError
from bot.platforms.link import State
from bot.platforms.long_connection import READ_SECONDS, LongConnection
from bot.platforms.mattermost.catch_up import CatchUp
from bot.platforms.mattermost.identity import Identity
from bot.platforms.mattermost.inbound import Inbound
from bot.platforms.mattermost.parser import OwnAccount
from bot.platforms.mattermost.rooms import Rooms
from bot.platforms.mattermost.socket_protocol import (
    Event,
    Greeting,
    Link,
    Meaning,
    OutOfStep,
    Session,
)
from bot.platforms.mattermost.web_api import WebApi
from bot.platforms.websocket import Wire, WireLostError
from bot.store import StoreError

# A token that is not known any more is tried again: its owner's account may be switched on again.
REFUSED_SECONDS = 60.0
# A post has up to 16,383 characters and 800,000 more in its props, in JSON within JSON.
FRAME_LIMIT_BYTES = 16 * 1024 * 1024

log = logging.getLogger(__name__)


class MattermostConnection:
    """A part of the bot. `open_wire` is given the address and the headers."""

    def __init__(
        self,
        web_api: WebApi,
        inbound: Inbound,
        rooms: Rooms,
        identity: Identity,
        *,
        token: str,
        clock: Clock,
        open_wire: Callable[[str, Mapping[str, str]], Wire],
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._web_api = web_api
        self._inbound = inbound
        self._token = token
        self._identity = identity
        self._open_wire = open_wire
        self._stopping = threading.Event()
        self._session = Session()
        self._account = OwnAccount("", "", "")
        self._catch_up = CatchUp(web_api, inbound, rooms, clock, self._stopping.is_set)
        self._connection: LongConnection[Meaning] = LongConnection(
            "mattermost connection",
            new_link=lambda: Link(self._session),
            open_wire=self._connect,
            clock=clock,
            on_frame=self._take,
            alarm=lambda why: log.error("mattermost_connection_over", extra={"reason": why}),
            read_seconds=read_seconds,
        )

    @property
    def state(self) -> State:
        return self._connection.state

    @property
    def is_kept(self) -> bool:
        """Whether this process keeps the connection; another one may keep it instead."""
        return self._connection.is_kept

    def becomes(self, state: State, wait_seconds: float) -> bool:
        """Wait until the connection is in this state; False when it was not in time."""
        return self._connection.becomes(state, wait_seconds)

    def start(self) -> None:
        self._stopping.clear()
        self._connection.start()

    def stop(self) -> None:
        """Another process may go on: what it must read again is little when the place is kept."""
        self._stopping.set()
        was_live = self._connection.is_live
        self._connection.stop()
        self._session.forget()
        if was_live:
            self._catch_up.keep(self._account)

    def _connect(self) -> Wire:
        try:
            self._account = self._identity.learn()
        except PlatformError as failed:
            wait_seconds = failed.retry_after_seconds or (REFUSED_SECONDS if failed.permanent else 0.0)
            log.warning("mattermost_away", extra={"reason": failed.reason})
            raise WireLostError(failed.reason, wait_seconds=wait_seconds) from None
        # The token in the header: the server resumes nothing for who shows it in a frame.
        return self._open_wire(self._address(), {"Authorization": f"Bearer {self._token}"})

    def _address(self) -> str:
        base = self._web_api.url.removeprefix("http")  # "s://…" or "://…"
        query = urlencode(self._session.query)
        return f"ws{base}/api/v4/websocket" + (f"?{query}" if query else "")

    def _take(self, meant: Meaning, _: Wire) -> None:
        try:
            match meant:
                case Greeting():
                    self._session.forget()
                    self._catch_up.run(self._account)
                    self._session.begin(meant.connection_id)
                    log.info("mattermost_connected", extra={"version": meant.version})
                case Event():
                    self._catch_up.note(self._inbound.take_event(meant, self._account))
                    self._session.advance()
                    self._catch_up.keep_if_due(self._account)
                case OutOfStep():
                    log.warning("mattermost_out_of_step", extra={"seq": meant.seq, "due": meant.due})
                    raise WireLostError("an event is missing")
        except (PlatformError, StoreError) as failed:
            log.warning("mattermost_reads_again", extra={"reason": str(failed)})
            wish = failed.retry_after_seconds if isinstance(failed, PlatformError) else None
            raise WireLostError("what came could not be taken", wait_seconds=wish or 0.0) from failed
