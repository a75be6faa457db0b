"""The whole bot with WeCom connected: robot by callback, robot by long connection, application, webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bot import app, config
from bot.platforms.registry import BOT
from engine import config as engine_config
from engine.encoder import Encoder
from tests.support.engine import LetterEncoder, an_engine, some_settings
from tests.support.life import EngineDoor, Life
from tests.support.migrated import migrate_by_copy
from tests.support.wecom import HttpAnswer, WeCom, WeComApp
from tests.support.wecom_api import VirtualClock
from tests.support.wecom_socket import SocketWeCom

KEY = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"
WEBHOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key="
SECRET_WORDS = ("Tok3nOfTheDesk", KEY, "S1k7Qm2xRz", "KEY1")


class WecomProgram(Life):
    """One life of the bot beside WeCom's world, which outlives it."""

    def __init__(
        self,
        settings: config.Config,
        edges: app.Edges,
        wecom: WeCom,
        asked: WeComApp,
        socket: SocketWeCom | None = None,
    ) -> None:
        # Who holds a connection also listens; all others are called without a socket.
        super().__init__(settings, edges, with_web=socket is not None)
        self.wecom = wecom
        self.application = asked
        self.socket = socket
        wecom.callback = asked.callback = self._called

    @contextmanager
    def next_life(self, **bot_keys: Any) -> Iterator[WecomProgram]:
        """Another program over the same files, once this one is gone; `bot_keys` replace settings."""
        settings = config.Config(bot=self.settings.bot.model_copy(update=bot_keys))
        with WecomProgram(settings, self.edges, self.wecom, self.application, self.socket) as program:
            yield program

    def connections(self) -> dict[str, str]:
        """The state of each long connection that the bot keeps."""
        states: dict[str, str] = self.app.operations["connections"]({}, lambda _: None)
        return states

    def _called(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = self.client.open(path, method=method, query_string=dict(query), data=body)
        return HttpAnswer(answer.status_code, answer.data, answer.content_type)


@contextmanager
def a_wecom_program(
    folder: Path,
    *bases: engine_config.KnowledgeBase,
    encoder: Callable[[], Encoder] = LetterEncoder,
    socket: bool = False,
    **bot_keys: Any,
) -> Iterator[WecomProgram]:
    """A started bot beside a started engine over `bases`; with `socket` its robot is a connected one."""
    with ExitStack() as closing:
        clock = VirtualClock()
        socket_wecom = closing.enter_context(SocketWeCom(clock)) if socket else None
        engine = closing.enter_context(an_engine(some_settings(folder / "engine", *bases), encoder))
        engine.is_settled()
        wecom = WeCom(clock, callback=_nobody)
        asked = WeComApp(clock, _nobody, wecom.api)
        socket_url = socket_wecom.url if socket_wecom else ""
        settings = some_wecom_settings(folder, socket_url=socket_url, **bot_keys)
        migrate_by_copy(settings.bot.database_url)
        edges = app.Edges(
            clock=clock,
            engine_transport=EngineDoor(engine.wsgi),
            platform_transport=wecom.api,
        )
        yield closing.enter_context(WecomProgram(settings, edges, wecom, asked, socket_wecom))


def some_wecom_settings(folder: Path, *, socket_url: str = "", **keys: Any) -> config.Config:
    bot = {
        "listen": "127.0.0.1:0",
        "data_dir": str(folder),
        "database_url": f"sqlite:///{folder}/bot.db",
        "questions_per_minute": {"person": 1000, "channel": 1000},
        "wecom": some_wecom_tables(socket_url),
    }
    return config.Config(bot=BOT.model_validate(bot | keys))


def some_wecom_tables(socket_url: str = "") -> dict[str, Any]:
    """The table [bot.wecom]; with `socket_url` the robot is a connected one."""
    robots: dict[str, Any] = {
        "support": {"bot_id": "AIBOT1", "token": "Tok3nOfTheDesk", "encoding_aes_key": KEY}
    }
    if socket_url:
        robots["inside"] = {"bot_id": "AIBOT1", "secret": "S1k7Qm2xRz", "socket_url": socket_url}
        del robots["support"]
    return {
        "robot": robots,
        "app": {
            "support": {
                "corp_id": "ww1",
                "agent_id": 1000002,
                "secret": "S1k7Qm2xRz",
                "token": "Tok3nOfTheDesk",
                "encoding_aes_key": KEY,
            }
        },
        "webhook": {
            "alerts": {"url": f"{WEBHOOK}KEY1"},
            "inside": {"url": f"{WEBHOOK}KEY2", "channel": "wecom:AIBOT1:group:exporting"},
        },
    }


def _nobody(*_: object) -> HttpAnswer:
    return HttpAnswer(503, b"")
