"""Socket Mode's side of Slack: a real WebSocket server beside the recording Slack.

An address is good for one connection. An envelope goes to one of the connections there are. Events that
are not acknowledged come again, each time in another envelope; commands and clicks never do.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.support.slack import JsonObject, RecordingSlack
from tests.support.slack_people import a_click, a_command, an_event

APP_TOKEN = "xapp-1-A1-7-9f8c2e"
WAIT_SECONDS = 20.0
# How soon an event comes again that nobody took.
AGAIN_SECONDS = 0.3


class SocketSlack:
    """Used as a context: the server listens while it is open. The newest connection is the last of `live`."""

    def __init__(self, slack: RecordingSlack, *, app_id: str = "A1") -> None:
        self.slack = slack
        self.app_id = app_id
        self.live: list[ServerConnection] = []
        self.acknowledged: dict[str, JsonObject] = {}  # by envelope id: the whole frame
        self.taken: set[int] = set()  # numbers of the events that were acknowledged
        self.greetings = 0
        self.is_silent = False  # connects and never greets
        self.refusal = ""  # what apps.connections.open says instead of an address
        self._changed = threading.Condition()
        self._tickets: set[str] = set()
        self._numbers = itertools.count(1)
        self._numbered: dict[str, int] = {}  # the number of an event, by its envelope
        slack.answers["apps.connections.open"] = self._open

    def __enter__(self) -> Self:
        self._server: Server = serve(self._talk, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()
        self._server.shutdown()
        self._thread.join()

    def until(self, is_so: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, seconds), f"it never happened; live: {len(self.live)}"

    def connected(self, count: int = 1) -> None:
        """Wait until so many connections are live."""
        self.until(lambda: len(self.live) >= count)

    def event(self, envelope: JsonObject | None = None, *, over: int = -1, **more: Any) -> str:
        """The id of the envelope, which goes over one of the connections."""
        content = an_event(number=next(self._numbers)) if envelope is None else envelope
        return self._send("events_api", content, over, takes_payload=False, **more)

    def says(self, text: str, *, over: int = -1, **fields: Any) -> str:
        number = next(self._numbers)
        return self.event(an_event(text=f"<@U0BOT> {text}", number=number, **fields), over=over)

    def command(self, command: str, text: str = "", *, over: int = -1, **fields: str) -> str:
        form = a_command(command, text, trigger_id=f"trigger.{next(self._numbers)}")
        response = {"response_url": self.slack.response_url(f"c{next(self._numbers)}")}
        return self._send("slash_commands", form | response | fields, over, takes_payload=True)

    def clicks(self, element: JsonObject, *, over: int = -1, **fields: Any) -> str:
        action = {"block_id": "b", "action_ts": f"1700000001.{next(self._numbers):06d}"} | element
        payload = a_click(action) | {"response_url": self.slack.response_url("clicks")} | fields
        return self._send("interactive", payload, over, takes_payload=True)

    def acknowledges(self, envelope_id: str) -> JsonObject:
        """Wait for the acknowledgement of this envelope: the whole frame."""
        self.until(lambda: envelope_id in self.acknowledged)
        return self.acknowledged[envelope_id]

    def disconnect(self, reason: str, *, over: int = -1) -> None:
        """Announce the end of a connection. It is ended with `drop`."""
        self.send_raw(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}), over=over)

    def drop(self, over: int | None = None) -> None:
        for connection in list(self.live) if over is None else [self.live[over]]:
            connection.close()

    def send_raw(self, text: str | bytes, *, over: int = -1) -> None:
        self.connected()
        self.live[over].send(text)

    def insist(self, number: int, envelope: JsonObject, stop: threading.Event) -> None:
        """Send one numbered event until somebody acknowledges it, over whichever connection there is."""
        for tried in itertools.count():
            more = {"retry_attempt": tried, "retry_reason": "timeout"} if tried else {}
            with suppress(ConnectionClosed, IndexError, OSError):
                self._send("events_api", envelope, -1, takes_payload=False, number=number, **more)
            with self._changed:
                self._changed.wait_for(lambda: number in self.taken or stop.is_set(), AGAIN_SECONDS)
                if number in self.taken or stop.is_set():
                    return

    def _send(
        self,
        kind: str,
        payload: JsonObject,
        over: int,
        *,
        takes_payload: bool,
        number: int | None = None,
        **more: Any,
    ) -> str:
        name = f"envelope-{next(self._numbers)}"
        if number is None:
            self.connected()
        else:
            self._numbered[name] = number
        frame = {
            "envelope_id": name,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": takes_payload,
        }
        self.live[over].send(json.dumps(frame | more))
        return name

    def _open(self, _: JsonObject) -> JsonObject:
        if self.refusal:
            return {"ok": False, "error": self.refusal}
        ticket = f"t{next(self._numbers)}"
        self._tickets.add(ticket)
        port = self._server.socket.getsockname()[1]
        return {"ok": True, "url": f"ws://127.0.0.1:{port}/link/?ticket={ticket}"}

    def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        ticket = parse_qs(urlsplit(connection.request.path).query).get("ticket", [""])[0]
        if ticket not in self._tickets:
            connection.close()  # used already, or never given
            return
        self._tickets.discard(ticket)
        if not self.is_silent:
            self._greet(connection)
        try:
            for text in connection:
                frame = json.loads(text)
                with self._changed:
                    self.acknowledged[frame["envelope_id"]] = frame
                    self.taken |= {self._numbered.get(frame["envelope_id"], 0)} - {0}
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                if connection in self.live:
                    self.live.remove(connection)
                self._changed.notify_all()

    def _greet(self, connection: ServerConnection) -> None:
        greeting = {
            "type": "hello",
            "num_connections": len(self.live) + 1,
            "debug_info": {"host": "applink-1", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.app_id},
        }
        connection.send(json.dumps(greeting))
        with self._changed:
            self.greetings += 1
            self.live.append(connection)
            self._changed.notify_all()
