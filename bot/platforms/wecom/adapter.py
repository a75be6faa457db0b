"""WeCom as a platform of the bot, built from its tables: outlets, routes, long connections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import Blueprint

from bot.domain import PlatformError, Traits
from bot.platforms.host import Adapter, Check, Condition, Deployment, Host, Installed
from bot.platforms.websocket import WebSocketWire
from bot.platforms.wecom import check, openapi, routes
from bot.platforms.wecom.app_parser import App
from bot.platforms.wecom.config import Wecom
from bot.platforms.wecom.inbound import WecomInbound
from bot.platforms.wecom.keys import app_api, app_envelope, robot_envelope, session_over
from bot.platforms.wecom.long_connection import RobotConnection
from bot.platforms.wecom.membership import membership_of
from bot.platforms.wecom.outlets import Outlets
from bot.platforms.wecom.parsed import NAME, Robot
from bot.platforms.wecom.presenter import Presenter
from bot.platforms.wecom.response_url import ResponseAddresses
from bot.platforms.wecom.robot_api import RobotApi
from bot.platforms.wecom.sender import WecomPlatform
from bot.platforms.wecom.socket_inbound import SocketInbound
from bot.platforms.wecom.socket_protocol import Called
from bot.platforms.wecom.streams import Streams
from bot.platforms.wecom.webhook import Webhook
from bot.platforms.wecom.wording import CONNECTION_BACK, CONNECTION_OVER
from bot.store.leader_election import OnlyOne

log = logging.getLogger(__name__)


def _install(wecom: Wecom, host: Host) -> Installed:
    inbound = WecomInbound(host)
    connections = _connections(wecom, host, inbound)
    outlets = _outlets(wecom, host, connections)
    name = next(iter(host.deployment.names), "")
    presenter = Presenter(host.recall, name=name, webhooks=outlets.webhooks_by_channel)

    def states() -> dict[str, str]:
        """The state of each long connection that this process keeps."""
        return {name: one.state for name, one in connections.items() if one.is_kept}

    def is_over() -> bool:
        return not {"refused", "evicted"}.isdisjoint(states().values())

    return Installed(
        WecomPlatform(outlets, presenter, host.clock, host.content_of),
        blueprints=(_blueprint(wecom, host, inbound, Streams(inbound, host.replies, presenter, host.clock)),),
        # Each in one process alone: a second would evict the first. What the others have in hand
        # for it they put back, until that one takes it.
        parts=[
            OnlyOne(connection, host.elect(f"kbdial wecom robot {name}"))
            for name, connection in connections.items()
            if host.has_web
        ],
        alerts=(Condition(is_over, CONNECTION_OVER, CONNECTION_BACK),),
        operations={"connections": lambda *_: states()},
        tell_operators=partial(_tell_operators, outlets),
        membership_of=membership_of,
    )


def _connections(wecom: Wecom, host: Host, inbound: WecomInbound) -> dict[str, RobotConnection]:
    return {
        name: _connection(name, wecom, host, inbound)
        for name, robot in wecom.robot.items()
        if robot.is_connected
    }


def _connection(name: str, wecom: Wecom, host: Host, inbound: WecomInbound) -> RobotConnection:
    robot = wecom.robot[name]

    def on_call(called: Called) -> None:
        calls.take(called)

    def alarm(reason: str) -> None:
        host.metrics.connections_over.labels(NAME).inc()
        log.error("wecom_connection_over", extra={"robot": name, "reason": reason})

    connection = RobotConnection(
        bot_id=robot.bot_id,
        secret=robot.secret.get_secret_value(),
        open_wire=partial(WebSocketWire, robot.socket_url),
        clock=host.clock,
        on_call=on_call,
        alarm=alarm,
    )
    calls = SocketInbound(_robot(name, wecom, host), inbound, host.clock, connection.tell)
    return connection


def _outlets(wecom: Wecom, host: Host, connections: Mapping[str, RobotConnection]) -> Outlets:
    session = session_over(host.transport)
    apps = {name: app for name, app in wecom.app.items() if app.is_used}
    webhooks = {name: webhook for name, webhook in wecom.webhook.items() if webhook.is_used}
    return Outlets(
        later={
            name: ResponseAddresses(session, robot.response_hosts)
            for name, robot in wecom.robot.items()
            if robot.is_called_back
        },
        connected={name: RobotApi(connection) for name, connection in connections.items()},
        apps={name: app_api(session, app, host.clock) for name, app in apps.items()},
        webhooks={
            name: Webhook(webhook.url.get_secret_value(), session, host.clock)
            for name, webhook in webhooks.items()
        },
        robots_by_id={wecom.robot[name].bot_id: name for name in connections},
        apps_by_id={(app.corp_id, str(app.agent_id)): name for name, app in apps.items()},
        webhooks_by_channel={webhook.channel: name for name, webhook in webhooks.items() if webhook.channel},
    )


def _blueprint(wecom: Wecom, host: Host, inbound: WecomInbound, streams: Streams) -> Blueprint:
    return routes.blueprint(
        robots={
            name: routes.RobotDoor(_robot(name, wecom, host), robot_envelope(robot, host.clock))
            for name, robot in wecom.robot.items()
            if robot.is_called_back
        },
        apps={
            name: routes.AppDoor(
                App(name, app.corp_id, app.agent_id, app.freshness_seconds), app_envelope(app, host.clock)
            )
            for name, app in wecom.app.items()
            if app.is_used
        },
        inbound=inbound,
        streams=streams,
        clock=host.clock,
    )


def _robot(name: str, wecom: Wecom, host: Host) -> Robot:
    robot = wecom.robot[name]
    corp_ids = frozenset(app.corp_id for app in wecom.app.values() if app.is_used)
    return Robot(name, robot.bot_id, host.deployment.names, robot.freshness_seconds, corp_ids)


def _tell_operators(outlets: Outlets, sentence: str) -> None:
    """Send a sentence to every webhook outside a robot's groups. Once: the log has it, too."""
    for name in outlets.webhooks.keys() - set(outlets.webhooks_by_channel.values()):
        try:
            outlets.webhooks[name].text(sentence)
        except PlatformError as failed:
            log.warning("not_told", extra={"webhook": name, "reason": failed.reason})


def _checks(wecom: Wecom, deployment: Deployment, running: Callable[[str], Any]) -> Sequence[Check]:
    return check.looks(
        wecom, deployment.public_url, session_over(None), connections=running("connections") or {}
    )


def _refusals(wecom: Wecom, deployment: Deployment) -> Sequence[str]:
    if deployment.workers > 0:
        return ()
    return [
        f"--workers 0 leaves nobody to send over the long connection of WeCom's robot {name}, "
        "which only this process can hold: give it workers, or the robot a token and a key"
        for name, robot in wecom.robot.items()
        if robot.is_connected
    ]


ADAPTER = Adapter(
    name=NAME,
    section=Wecom,
    traits=Traits(default_language="zh"),
    install=_install,
    is_used=lambda wecom: wecom.is_used,
    checks=_checks,
    refusals=_refusals,
    paths=openapi.PATHS,
)
