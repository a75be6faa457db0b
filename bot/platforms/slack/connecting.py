"""Socket Mode as a part of the bot: who keeps the connection, and who is told that it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain import Clock, PlatformError
from bot.platforms.host import Condition, Host, Operation, Part
from bot.platforms.long_connection import LongConnection
from bot.platforms.slack.config import Slack
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.socket_inbound import SocketInbound
from bot.platforms.slack.socket_mode import SocketMode
from bot.platforms.slack.socket_protocol import SocketLink
from bot.platforms.slack.wording import CONNECTION_BACK, CONNECTION_OVER
from bot.store.leader_election import OnlyOne

OPERATION = "socket_mode"
ELECTION = "kbdial slack socket"

log = logging.getLogger(__name__)


class Connecting:
    """The parts that Socket Mode adds to the bot; none where the configuration has no app token."""

    def __init__(self, slack: Slack, host: Host, inbound: SocketInbound) -> None:
        self._host = host
        # Slack gives each envelope to one of the connections there are, so one process takes them all.
        self._sockets = (
            [
                LongConnection(
                    "slack socket mode",
                    new_link=SocketLink,
                    open_wire=socket_mode(slack, host.clock).open,
                    clock=host.clock,
                    on_frame=inbound.take,
                    alarm=self._alarm,
                )
            ]
            if slack.is_connected and host.has_web
            else []
        )

    @property
    def parts(self) -> Sequence[Part]:
        return [OnlyOne(socket, self._host.elect(ELECTION)) for socket in self._sockets]

    @property
    def alerts(self) -> Sequence[Condition]:
        if not self._sockets:
            return ()
        return (Condition(lambda: "refused" in self._states(), CONNECTION_OVER, CONNECTION_BACK),)

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {OPERATION: lambda *_: self._states()}

    def _states(self) -> list[str]:
        """The state of the connection that this process keeps; nothing where another one does."""
        return [socket.state for socket in self._sockets if socket.is_kept]

    def _alarm(self, reason: str) -> None:
        self._host.metrics.connections_over.labels(NAME).inc()
        log.error("slack_connection_over", extra={"reason": reason})


def socket_mode(slack: Slack, clock: Clock) -> SocketMode:
    return SocketMode(slack.app_token.get_secret_value(), slack.api_url, clock)


def check(slack: Slack, running: Callable[[str], Any]) -> str:
    """Connect, be greeted and leave; and what the running bot says of its own connection.

    Raises:
        PlatformError: with what to mend.
    """
    states = running(OPERATION)
    if states == ["refused"]:
        raise PlatformError("the running bot's connection is over for good: mend what its log says, restart")
    found = socket_mode(slack, Clock()).look()
    return f"{found}; the running bot's is {states[0]}" if states else found
