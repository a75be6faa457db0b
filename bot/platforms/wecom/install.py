"""Puts WeCom together out of its tables in the configuration: ways out, ways in, connections.

What is sent goes through `platform`, what comes in through `blueprint` (HTTP) and the
long connections among the `parts`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import requests
from flask import Blueprint
from requests.adapters import BaseAdapter

from bot.config import Bot, WecomApp, WecomRobot
from bot.domain import Clock, PlatformError
from bot.metrics import Metrics
from bot.platforms.wecom import routes
from bot.platforms.wecom.app_api import AccessTokens, AppApi
from bot.platforms.wecom.app_parser import App
from bot.platforms.wecom.envelope import Envelope
from bot.platforms.wecom.inbound import Desk
from bot.platforms.wecom.long_connection import LongConnection
from bot.platforms.wecom.outlets import Ways
from bot.platforms.wecom.parsed import NAME, Robot
from bot.platforms.wecom.presenter import Recall, Speaker
from bot.platforms.wecom.response_url import ResponseAddresses
from bot.platforms.wecom.robot_api import RobotApi
from bot.platforms.wecom.sender import Content, WecomPlatform
from bot.platforms.wecom.socket_inbound import Calls
from bot.platforms.wecom.socket_protocol import Called
from bot.platforms.wecom.streams import Streams
from bot.platforms.wecom.webhook import Webhook
from bot.platforms.wecom.websocket import WebSocketWire, Wire
from bot.store import Answers
from bot.store.leader_election import OnlyOne, election

log = logging.getLogger(__name__)

OpenWire = Callable[[str], Wire]


class Wecom:
    """`open_wire` opens a long connection to an address; `transport` stands for WeCom's HTTP in tests."""

    def __init__(
        self,
        bot: Bot,
        clock: Clock,
        metrics: Metrics,
        *,
        recall: Recall,
        content_of: Content,
        transport: BaseAdapter | None = None,
        open_wire: OpenWire = WebSocketWire,
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._metrics = metrics
        self._calls: dict[str, Calls] = {}
        self.session = session_over(transport)
        wecom = bot.wecom
        standing = {
            webhook.channel: name
            for name, webhook in wecom.webhook.items()
            if webhook.is_used and webhook.channel
        }
        self._speaker = Speaker(recall, name=next(iter(bot.names), ""), webhooks=standing)
        self._connections = {
            name: self._connection(name, robot, open_wire)
            for name, robot in wecom.robot.items()
            if robot.is_connected
        }
        self._ways = Ways(
            later={
                name: ResponseAddresses(self.session, robot.response_hosts)
                for name, robot in wecom.robot.items()
                if robot.is_called_back
            },
            connected={name: RobotApi(connection) for name, connection in self._connections.items()},
            apps={name: app_api(self.session, app, clock) for name, app in wecom.app.items() if app.is_used},
            webhooks={
                name: Webhook(webhook.url.get_secret_value(), self.session, clock)
                for name, webhook in wecom.webhook.items()
                if webhook.is_used
            },
            robots_by_id={wecom.robot[name].bot_id: name for name in self._connections},
            apps_by_id={
                (app.corp_id, str(app.agent_id)): name for name, app in wecom.app.items() if app.is_used
            },
            webhooks_by_channel=standing,
        )
        self.platform = WecomPlatform(self._ways, self._speaker, clock, content_of)

    def is_connection_over(self) -> bool:
        """Whether one of the long connections ended for good."""
        return not {"refused", "evicted"}.isdisjoint(self.connections().values())

    def tell_operators(self, sentence: str) -> None:
        """In the groups of those webhooks that stand in no group of a robot. Once: the log has it too."""
        log.warning("alert", extra={"told": sentence})
        for name in self._ways.webhooks.keys() - set(self._ways.webhooks_by_channel.values()):
            try:
                self._ways.webhooks[name].text(sentence)
            except PlatformError as failed:
                log.warning("not_told", extra={"webhook": name, "reason": failed.reason})

    def connections(self) -> dict[str, str]:
        """The state of each long connection that this process keeps."""
        return {name: one.state for name, one in self._connections.items() if one.is_kept}

    def listen(self, desk: Desk, answers: Answers) -> Blueprint:
        """The HTTP routes; from now on the long connections have somebody to hand messages to."""
        for name, connection in self._connections.items():
            robot = self._robot(name, self._bot.wecom.robot[name])
            self._calls[name] = Calls(robot, desk, self._clock, connection.tell)
        robots = {
            name: routes.RobotDoor(
                self._robot(name, robot),
                robot_envelope(robot, self._clock),
            )
            for name, robot in self._bot.wecom.robot.items()
            if robot.is_called_back
        }
        apps = {
            name: routes.AppDoor(
                App(name, app.corp_id, app.agent_id, app.freshness_seconds), app_envelope(app, self._clock)
            )
            for name, app in self._bot.wecom.app.items()
            if app.is_used
        }
        return routes.blueprint(
            robots=robots,
            apps=apps,
            desk=desk,
            streams=Streams(desk, answers, self._speaker, self._clock),
            clock=self._clock,
        )

    def parts(self) -> list[OnlyOne]:
        """The long connections, each in one process alone: a second would evict the first.

        What the others have in hand for it they put back, until that one takes it.
        """
        return [
            OnlyOne(connection, election(self._bot.database_url, f"kbdial wecom robot {name}"))
            for name, connection in self._connections.items()
        ]

    def _robot(self, name: str, robot: WecomRobot) -> Robot:
        return Robot(name, robot.bot_id, self._bot.names, robot.freshness_seconds)

    def _connection(self, name: str, robot: WecomRobot, open_wire: OpenWire) -> LongConnection:
        def on_call(called: Called) -> None:
            self._calls[name].take(called)

        def alarm(reason: str) -> None:
            self._metrics.connections_over.labels(NAME).inc()
            log.error("wecom_connection_over", extra={"robot": name, "reason": reason})

        return LongConnection(
            bot_id=robot.bot_id,
            secret=robot.secret.get_secret_value(),
            open_wire=partial(open_wire, robot.socket_url),
            clock=self._clock,
            on_call=on_call,
            alarm=alarm,
        )


def session_over(transport: BaseAdapter | None) -> requests.Session:
    session = requests.Session()
    if transport is not None:
        session.mount("https://", transport)
        session.mount("http://", transport)
    return session


def app_api(session: requests.Session, app: WecomApp, clock: Clock) -> AppApi:
    tokens = AccessTokens(
        session,
        api_url=app.api_url,
        corp_id=app.corp_id,
        secret=app.secret.get_secret_value(),
        clock=clock,
    )
    return AppApi(session, tokens, api_url=app.api_url, agent_id=app.agent_id)


def robot_envelope(robot: WecomRobot, clock: Clock) -> Envelope:
    return Envelope(
        token=robot.token.get_secret_value(),
        encoding_aes_key=robot.encoding_aes_key.get_secret_value(),
        clock=clock,
        freshness_seconds=robot.freshness_seconds,
    )


def app_envelope(app: WecomApp, clock: Clock) -> Envelope:
    return Envelope(
        token=app.token.get_secret_value(),
        encoding_aes_key=app.encoding_aes_key.get_secret_value(),
        receive_id=app.corp_id,
        clock=clock,
        freshness_seconds=app.freshness_seconds,
    )
