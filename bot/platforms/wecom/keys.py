"""What the keys in WeCom's tables open: the HTTP session, the API of an application, the envelopes."""

from __future__ import annotations

import requests
from requests.adapters import BaseAdapter

from bot.domain import Clock
from bot.platforms.wecom.app_api import AccessTokens, AppApi
from bot.platforms.wecom.config import WecomApp, WecomRobot
from bot.platforms.wecom.envelope import Envelope


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
