"""A crowd on Slack: numbered mentions over real HTTP, each sent again until it is acknowledged.

An event keeps its number, its event id and its timestamp through every redelivery, as on
Slack; what differs is the retry header and the time of the signature.
"""

from __future__ import annotations

import http.client
import itertools
import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from tests.support.slack_people import a_command, an_event, signature

OK = 200
FORM = "application/x-www-form-urlencoded"
# How long Slack itself waits for an answer.
SLACK_SECONDS = 3.0
# A command needs no engine.
COMMAND = "<@U0BOT> help"


@dataclass(frozen=True)
class Sent:
    """One request: when it began (monotonic), what came back (0: nothing), after how long."""

    number: int
    began: float
    status: int
    seconds: float
    body: bytes = b""


class Line:
    """One connection to the bot; it is opened again when it breaks."""

    def __init__(self, port: int, *, host: str = "127.0.0.1", seconds: float = SLACK_SECONDS) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=seconds)

    def send(self, number: int, text: str = COMMAND, *, attempt: int = 0, **fields: Any) -> Sent:
        """Send one event once."""
        body = json.dumps(an_event(text=text, number=number, **fields)).encode()
        headers = {"Content-Type": "application/json"}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_error"}
        return self.post(number, "/slack/events", body, headers)

    def insist(self, number: int, text: str = COMMAND, **fields: Any) -> None:
        """Send one event as often as Slack does, until it is acknowledged."""
        for attempt in range(4):
            if self.send(number, text, attempt=attempt, **fields).status == OK:
                return
        raise AssertionError(f"event {number} was not acknowledged in four tries")

    def command(self, number: int, command: str, text: str = "", **fields: str) -> Sent:
        """Type a slash command; the answer may be in what comes back."""
        form = urlencode(a_command(command, text, trigger_id=f"trigger.{number}", **fields)).encode()
        return self.post(number, "/slack/commands", form, {"Content-Type": FORM})

    def post(self, number: int, path: str, body: bytes, headers: dict[str, str]) -> Sent:
        timestamp = str(int(time.time()))
        signed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature(body, timestamp)}
        began = time.monotonic()
        try:
            self._connection.request("POST", path, body, headers | signed)
            answer = self._connection.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            status, content = 0, b""
        return Sent(number, began, status, time.monotonic() - began, content)

    def close(self) -> None:
        self._connection.close()


class Crowd:
    """Sends while the `with` lasts, from several connections at once, up to `most` events.

    `pause_seconds` is how long each connection rests after an event, and before it tries
    again what failed.
    """

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        connections: int = 4,
        pause_seconds: float = 0.0,
        most: int | None = None,
        text: Callable[[int], str] = lambda _: COMMAND,
        rooms: int = 20,
        first: int = 1,
    ) -> None:
        self.history: list[Sent] = []
        self.acknowledged: set[int] = set()
        self._address = (host, port)
        self._pause_seconds = pause_seconds
        self._text = text
        self._rooms = rooms
        self._numbers = itertools.count(first) if most is None else iter(range(first, first + most))
        self._heard = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(connections)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def join(self, seconds: float = 120.0) -> None:
        """Wait until all `most` events are acknowledged."""
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "the crowd is not done in time"

    def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until what the bot answered makes this true."""
        with self._heard:
            assert self._heard.wait_for(is_so, seconds), f"{len(self.acknowledged)} acknowledged so far"

    def first_answer_after(self, moment: float) -> float | None:
        """Seconds from this moment to the end of the first acknowledged request; None: none so far."""
        ends = [sent.began + sent.seconds for sent in list(self.history) if sent.status == OK]
        return min((end - moment for end in ends if end >= moment), default=None)

    def _send(self) -> None:
        host, port = self._address
        line = Line(port, host=host)
        try:
            while not self._stopping.is_set():
                with self._heard:
                    number = next(self._numbers, None)
                if number is None:
                    return
                self._send_until_taken(line, number)
        finally:
            line.close()

    def _send_until_taken(self, line: Line, number: int) -> None:
        for tried in itertools.count():
            room, person = f"C{number % self._rooms}", f"U{number % 97}"
            sent = line.send(number, self._text(number), attempt=tried, channel=room, user=person)
            with self._heard:
                self.history.append(sent)
                if sent.status == OK:
                    self.acknowledged.add(number)
                self._heard.notify_all()
            # Never faster than this against a bot that is not there.
            rest = self._pause_seconds if sent.status == OK else max(self._pause_seconds, 0.02)
            if self._stopping.wait(rest) or sent.status == OK:
                return


def percentile(seconds: list[float], share: float) -> float:
    """The value below which this share of them lies; 0.99 is the p99."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
