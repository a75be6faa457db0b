"""The same messages over a robot's long connection, which nobody has to reach from outside.

There is no second try on a socket: who could not be written down is told so at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from bot.domain import Clock, IncomingMessage, PlatformError
from bot.platforms.kit import not_saved
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.wecom import passive_reply
from bot.platforms.wecom.fields import stream_of
from bot.platforms.wecom.inbound import WecomInbound
from bot.platforms.wecom.parsed import (
    NAME,
    Declined,
    Feedback,
    Poll,
    Robot,
    Welcome,
)
from bot.platforms.wecom.robot_parser import read_content
from bot.platforms.wecom.socket_protocol import Called
from bot.store import StoreError

log = logging.getLogger(__name__)

Tell = Callable[[str, str, Mapping[str, Any]], None]


class SocketInbound:
    """Takes what the platform calls about. `tell` sends a frame: command, request, body."""

    def __init__(self, robot: Robot, inbound: WecomInbound, clock: Clock, tell: Tell) -> None:
        self._robot = robot
        self._inbound = inbound
        self._clock = clock
        self._tell = tell

    def take(self, called: Called) -> None:
        """Take a frame without waiting for an answer: the reading thread is needed for the next one."""
        now = self._clock.now().timestamp()
        reading = read_content(called.body, self._robot, now=now, request=called.request)
        try:
            match reading:
                case IncomingMessage():
                    self._inbound.intake.accept(reading)
                case Welcome():
                    self._say(
                        "aibot_respond_welcome_msg",
                        called,
                        passive_reply.text(self._inbound.welcome(reading)),
                    )
                case Declined():
                    said = passive_reply.finish_stream(reading.stream, self._inbound.decline(reading))
                    self._say("aibot_respond_msg", called, said)
                case Feedback():
                    self._inbound.rate(reading)
                case Ignored() | Quarantined():
                    body = json.dumps(called.body, ensure_ascii=False)
                    self._inbound.put_aside(reading, body.encode(errors="replace"))
                case Poll():
                    self._inbound.rejected.ignore("a poll over the connection")
        except StoreError as failed:
            self._inbound.rejected.not_stored(failed)
            if called.kind == "message":
                stream = stream_of(self._robot.bot_id, called.request)
                self._say("aibot_respond_msg", called, passive_reply.finish_stream(stream, not_saved("zh")))

    def _say(self, cmd: str, called: Called, message: passive_reply.Message) -> None:
        try:
            self._tell(cmd, called.request, message)
        except PlatformError as lost:
            log.warning("not_told", extra={"platform": NAME, "reason": lost.reason})
