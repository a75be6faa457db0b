"""Slack as a platform of the bot: one app, installed by pasting its manifest and two secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bot.domain import Clock, PlatformError, Traits
from bot.platforms.host import Adapter, Check, Command, Condition, Deployment, Host, Installed
from bot.platforms.kit import RejectedMessages
from bot.platforms.long_connection import LongConnection
from bot.platforms.slack import manifest, openapi, routes
from bot.platforms.slack.config import Slack
from bot.platforms.slack.inbound import Inbound
from bot.platforms.slack.parser import NAME, BotIdentity
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.signature import Verifier
from bot.platforms.slack.socket_inbound import SocketInbound
from bot.platforms.slack.socket_mode import SocketMode
from bot.platforms.slack.socket_protocol import Envelope, SocketLink
from bot.platforms.slack.wording import CONNECTION_BACK, CONNECTION_OVER, HELP_HINT
from bot.store.leader_election import OnlyOne

log = logging.getLogger(__name__)


class Introduction:
    """Asks Slack once, beside everything else, who we are there."""

    def __init__(self, platform: SlackPlatform) -> None:
        self._platform = platform

    def start(self) -> None:
        threading.Thread(target=self._ask, name="introduction", daemon=True).start()

    def stop(self) -> None:
        """It ends by itself within seconds, and nobody waits for it."""

    def _ask(self) -> None:
        try:
            log.info("slack_knows_us", extra={"as": self._platform.introduce()})
        except PlatformError as problem:
            log.warning("slack_does_not_know_us", extra={"reason": problem.reason})


def _install(slack: Slack, host: Host) -> Installed:
    platform = _platform(slack, host.clock, host.content_of)

    def identity() -> BotIdentity:
        return BotIdentity(
            users=platform.own_users,
            command_prefix=slack.command_prefix,
            shared_channels=frozenset(slack.shared_channels),
        )

    inbound = Inbound(host.intake, RejectedMessages.of(NAME, host))
    blueprint = routes.blueprint(
        verifier=Verifier(
            [secret.get_secret_value() for secret in slack.signing_secrets],
            lambda: host.clock.now().timestamp(),
        ),
        inbound=inbound,
        in_response=platform.in_response,
        identity=identity,
    )
    # Slack gives each envelope to one of the connections there are, so one process takes them all.
    sockets = (
        [_socket(slack, host, SocketInbound(inbound, identity))]
        if slack.is_connected and host.has_web
        else []
    )

    def states() -> list[str]:
        """The state of the connection that this process keeps; nothing where another one does."""
        return [socket.state for socket in sockets if socket.is_kept]

    def is_over() -> bool:
        return "refused" in states()

    introductions = [Introduction(platform)] if slack.has_token else []
    return Installed(
        platform,
        blueprints=(blueprint,) if slack.is_called else (),
        parts=[*introductions, *(OnlyOne(socket, host.elect("kbdial slack socket")) for socket in sockets)],
        alerts=(Condition(is_over, CONNECTION_OVER, CONNECTION_BACK),) if sockets else (),
        operations={"socket_mode": lambda *_: states()},
        name_person=platform.named,
        membership_of=platform.membership_of,
    )


def _socket(slack: Slack, host: Host, inbound: SocketInbound) -> LongConnection[Envelope]:
    def alarm(reason: str) -> None:
        host.metrics.connections_over.labels(NAME).inc()
        log.error("slack_connection_over", extra={"reason": reason})

    return LongConnection(
        "slack socket mode",
        new_link=SocketLink,
        open_wire=_socket_mode(slack, host.clock).open,
        clock=host.clock,
        on_frame=inbound.take,
        alarm=alarm,
    )


def _socket_mode(slack: Slack, clock: Clock) -> SocketMode:
    return SocketMode(slack.app_token.get_secret_value(), slack.api_url, clock)


def _checks(slack: Slack, _: Deployment, running: Callable[[str], Any]) -> Sequence[Check]:
    checks: list[Check] = [(NAME, partial(_check, slack))]
    if slack.is_connected:
        checks.append((f"{NAME} socket mode", partial(_check_socket, slack, running)))
    return checks


def _check_socket(slack: Slack, running: Callable[[str], Any]) -> str:
    states = running("socket_mode")
    if states == ["refused"]:
        raise PlatformError(
            "the running bot's connection is over for good; its log says why. Restart it then"
        )
    found = _socket_mode(slack, Clock()).look()
    return f"{found}; the running bot's is {states[0]}" if states else found


def _check(slack: Slack) -> str:
    if not slack.is_called and not slack.is_connected:
        raise PlatformError(
            "[bot.slack] signing_secrets and app_token are missing: set the first for a bot that Slack "
            "calls, the second for one that connects to Slack"
        )
    if not slack.has_token:
        raise PlatformError(
            "[bot.slack] bot_token is missing: only slash commands and clicks can be answered"
        )
    platform = _platform(slack, Clock(), lambda _: None)
    known = platform.introduce()
    if not platform.knows_people():
        raise PlatformError(
            f"we are {known}, but are not told who is a member, so nobody may change anything: "
            "does the app have the scope users:read?"
        )
    return f"we are {known}"


def _platform(slack: Slack, clock: Clock, content_of: Callable[[str], bytes | None]) -> SlackPlatform:
    return SlackPlatform(
        token=slack.bot_token.get_secret_value(),
        api_url=slack.api_url,
        response_hosts=slack.response_hosts,
        clock=clock,
        contents=content_of,
    )


def _manifest(slack: Slack, deployment: Deployment) -> tuple[Sequence[str], str]:
    url = deployment.public_url
    return manifest.mistakes(slack, url), manifest.as_text(slack, url)


ADAPTER = Adapter(
    name=NAME,
    section=Slack,
    traits=Traits(help_hint=HELP_HINT, quiet_loggers=("slack_sdk",)),
    install=_install,
    is_used=lambda slack: slack.is_called or slack.is_connected or slack.has_token,
    checks=_checks,
    commands={"manifest": Command("print the Slack manifest made from the configuration", _manifest)},
    paths=openapi.PATHS,
)
