"""`check` for WeCom: what it says when all is well, and which of the usual failures it names."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from bot import app
from bot.config import Bot, Config
from bot.domain import PlatformError
from bot.platforms.websocket import Wire, WireLostError
from bot.platforms.wecom.adapter import ADAPTER
from bot.platforms.wecom.check import looks
from tests.support.wecom_api import VirtualClock, WeComApi
from tests.support.wecom_program import KEY, some_wecom_settings
from tests.support.wsgi_transport import WsgiTransport

PUBLIC = "https://kb.example.com"


class Page(WsgiTransport):
    """Somebody else's page, where ours should be."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self._page = status, body
        self._headers = headers

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = self._page[0]
        response.headers.update(self._headers)
        response.raw = BytesIO(self._page[1])
        response.request, response.url = request, request.url or ""
        return response


def _no_line(url: str) -> Wire:
    raise AssertionError(f"{url} is not to be opened")


def look_at(name: str, bot: Bot, session: requests.Session, open_wire: Any = None, state: str = "") -> str:
    connections = {"inside": state} if state else {}
    found = dict(
        looks(
            ADAPTER.section_of(bot),
            bot.public_url,
            session,
            connections=connections,
            open_wire=open_wire or _no_line,
        )
    )
    try:
        return found[name]()
    except PlatformError as problem:
        return f"FAILED {problem.reason}"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    return some_wecom_settings(tmp_path_factory.mktemp("check"), public_url=PUBLIC).bot


@pytest.fixture
def api() -> WeComApi:
    return WeComApi(VirtualClock())


@pytest.fixture
def session(bot: Bot, api: WeComApi) -> Iterator[requests.Session]:
    """The world as it should be: our address leads to the bot, WeCom's to WeCom."""

    session = requests.Session()
    session.mount(PUBLIC, WsgiTransport(app.build(Config(bot=bot), with_web=False).flask))
    session.mount("https://qyapi.weixin.qq.com", api)
    yield session
    session.close()


def test_all_is_well(bot: Bot, session: requests.Session) -> None:
    assert f"paste this URL into the admin page: {PUBLIC}/wecom/robot/support\n" in look_at(
        "wecom robot support", bot, session
    )
    assert f"{PUBLIC}/wecom/app/support\n" in look_at("wecom app support", bot, session)
    assert "we are KB desk" in look_at("wecom app support api", bot, session)
    assert "nothing was posted" in look_at("wecom webhook alerts", bot, session)


def test_nothing_is_posted_and_no_key_is_shown(bot: Bot, session: requests.Session, api: WeComApi) -> None:
    said = "".join(
        look() for _, look in looks(ADAPTER.section_of(bot), bot.public_url, session, connections={})
    )
    assert api.calls == ["gettoken", "agent/get"]
    assert not any(secret in said for secret in (KEY, "Tok3nOfTheDesk", "KEY1"))


def test_a_proxy_that_answers_instead_of_us_is_named(bot: Bot, session: requests.Session) -> None:
    session.mount(PUBLIC, Page(200, b"<html>Welcome to nginx!</html>"))
    assert "something else than kbdial" in look_at("wecom robot support", bot, session)
    session.mount(PUBLIC, Page(404, b""))
    assert "status 404" in look_at("wecom robot support", bot, session)
    session.mount(PUBLIC, Page(302, b"", Location="https://login.test"))
    assert "leads elsewhere (status 302)" in look_at("wecom robot support", bot, session)


def test_a_wrong_key_is_named(bot: Bot, session: requests.Session) -> None:
    wecom = ADAPTER.section_of(bot)
    robot = wecom.robot["support"].model_copy(update={"encoding_aes_key": _secret("A" * 43)})
    other = bot.model_copy(update={"wecom": wecom.model_copy(update={"robot": {"support": robot}})})
    assert "does not know these keys" in look_at("wecom robot support", other, session)


def test_an_address_of_this_machine_is_named(bot: Bot, session: requests.Session) -> None:
    local = bot.model_copy(update={"public_url": "http://127.0.0.1:8000"})
    assert "WeCom cannot reach 127.0.0.1:8000" in look_at("wecom robot support", local, session)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (("gettoken", 40001), "the secret is wrong"),
        (("gettoken", 40013), "the corp id is wrong"),
        (("agent/get", 60020), "add 203.0.113.7 to the application's trusted addresses"),
        (("agent/get", 301002), "agent_id is not the number"),
    ],
)
def test_what_the_api_refuses_is_explained(
    fault: tuple[str, int], says: str, bot: Bot, session: requests.Session, api: WeComApi
) -> None:
    api.fail(*fault)
    assert says in look_at("wecom app support api", bot, session)


def test_a_connection_is_opened_and_not_subscribed(tmp_path: Path, session: requests.Session) -> None:
    bot = some_wecom_settings(tmp_path, socket_url="wss://openws.test").bot
    opened: list[str] = []

    class SilentWire:
        def close(self) -> None:
            opened.append("closed")

    def open_wire(url: str) -> Any:
        opened.append(url)
        return SilentWire()

    assert "is reached" in look_at("wecom robot inside", bot, session, open_wire)
    assert opened == ["wss://openws.test", "closed"]

    def shut(_: str) -> Wire:
        raise WireLostError("it took too long, while connecting")

    told = "FAILED wss://openws.test is not reached: it took too long, while connecting; this machine"
    assert told in look_at("wecom robot inside", bot, session, shut)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("live", "bot_id and secret are right"),
        ("refused", "FAILED bot_id or secret is wrong (853000)"),
        ("evicted", "FAILED another program has taken over"),
    ],
)
def test_the_running_bot_says_how_its_connection_is(
    state: str, says: str, tmp_path: Path, session: requests.Session
) -> None:
    """Without a line of our own: that one is taken."""
    bot = some_wecom_settings(tmp_path, socket_url="wss://openws.test").bot
    assert says in look_at("wecom robot inside", bot, session, state=state)


def _secret(text: str) -> Any:

    return SecretStr(text)
