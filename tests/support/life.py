"""One life of the bot over its files: virtual time, a way to the engine that may be shut, and a next life."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

import requests

from bot import app, config
from bot.platforms.host import Adapter
from bot.platforms.registry import ADAPTERS
from bot.platforms.terminal.platform import incoming
from tests.support.program import terminal_of
from tests.support.wecom_api import VirtualClock
from tests.support.wsgi_transport import WsgiTransport


class EngineDoor(WsgiTransport):
    """The way to the engine: it may be shut (nobody there), or held until it is let go."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]]) -> None:
        super().__init__(wsgi)
        self.is_shut = False
        self.open = threading.Event()
        self.open.set()

    def send(self, *given: Any, **options: Any) -> requests.Response:
        if self.is_shut:
            raise requests.ConnectionError("nobody there")
        assert self.open.wait(20)
        return super().send(*given, **options)


class Life:
    """The whole bot, started while it is a context. Without web it is called without a socket."""

    def __init__(
        self,
        settings: config.Config,
        edges: app.Edges,
        *,
        with_web: bool = False,
        adapters: tuple[Adapter[Any], ...] = ADAPTERS,
    ) -> None:
        assert isinstance(edges.clock, VirtualClock)
        assert isinstance(edges.engine_transport, EngineDoor)
        self.settings = settings
        self.edges = edges
        self.adapters = adapters
        self.clock = edges.clock
        self.engine_door = edges.engine_transport
        self.app = app.build(settings, edges, with_web=with_web, adapters=adapters)
        self.client = self.app.flask.test_client()

    def settle(self, is_so: Callable[[], bool] | None = None, seconds: float = 20.0) -> None:
        """Wait until nothing is under way (or until something is so)."""
        pause, waited = threading.Event(), 0.0
        while not (is_so or self._is_idle)():
            assert waited < seconds, (self.app.inbox.counts(), self.app.outbox.counts())
            pause.wait(0.005)
            waited += 0.005

    def pass_time(self, seconds: float) -> None:
        """Virtual time passes, and the workers notice: they wake for the next message."""
        self.clock.wait(seconds)
        terminal_of(self.app).say(incoming("clockwork", "/language", "lin"), lambda _: None)
        self.settle()

    def __enter__(self) -> Self:
        self.app.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.app.stop()

    def _is_idle(self) -> bool:
        inbox, outbox = self.app.inbox.counts(), self.app.outbox.counts()
        return not (inbox["received"] or inbox["claimed"] or outbox["sending"])
