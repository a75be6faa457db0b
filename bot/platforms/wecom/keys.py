"""The locks that the keys in WeCom's tables open: HTTP session, an application's API, envelopes."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.domain import Clock
from bot.platforms.wecom.app_api import AccessTokens, AppApi
from bot.platforms.wecom.config import WecomApp, WecomRobot
from bot.platforms.wecom.envelope import Envelope
from bot.resolver import ConnectsInTime


def session_over(transport: BaseAdapter | None) -> requests.Session:
    """A session over `transport`, or over connections that no slow name server holds up."""
    session = requests.Session()
    way = transport or ConnectingInTime()
    session.mount("https://", way)
    session.mount("http://", way)
    return session


class ConnectingInTime(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Connection(ConnectsInTime, HTTPConnection):
    pass


class _SecureConnection(ConnectsInTime, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


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
