"""The whole of kbdial in one process: the real bot over a real file, the real engine, a recording Slack.

Only the way between the programs is not a socket, and the vendor's server is our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from flask.testing import FlaskClient

from bot import app, config
from bot.domain import Answer, Clock, Delivery, Document, Text
from bot.platforms.registry import BOT
from bot.platforms.terminal.platform import TerminalPlatform, incoming
from engine import config as engine_config
from engine import config_file as engine_config_file
from engine.encoder import Encoder
from tests.support.engine import LetterEncoder, an_engine, some_settings
from tests.support.migrated import migrate_by_copy
from tests.support.slack import RecordingSlack, recording_slack
from tests.support.slack_people import SECRET, SlackPeople
from tests.support.wsgi_transport import WsgiTransport

WAIT_SECONDS = 20.0


def terminal_of(running: app.App) -> TerminalPlatform:
    """The rooms in this machine's terminal."""
    terminal = running.platforms.senders["terminal"]
    assert isinstance(terminal, TerminalPlatform)
    return terminal


class Program:
    """One life of the bot. `again` starts the next one over the same files, as after a crash."""

    def __init__(
        self, settings: config.Config, edges: app.Edges, slack: RecordingSlack, *, with_web: bool = False
    ) -> None:
        self.settings = settings
        self.edges = edges
        self.slack = slack
        self.app = app.build(settings, edges, with_web=with_web)
        self.client: FlaskClient = self.app.flask.test_client()
        self.people = SlackPeople(
            self.client, now=lambda: edges.clock.now().timestamp(), response_url=slack.response_url()
        )

    def say(self, text: str, room: str = "terminal") -> list[Answer | Text]:
        """One line in a terminal room, and all replies to it."""
        heard: list[Answer | Text] = []

        def listener(delivery: Delivery) -> None:
            assert not isinstance(delivery.reply, Document)  # the terminal says where it wrote one
            heard.append(delivery.reply)

        terminal_of(self.app).say(incoming(room, text, "lin"), listener)
        return heard

    def __enter__(self) -> Self:
        self.app.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.app.stop()


@contextmanager
def a_program(
    folder: Path,
    *bases: engine_config.KnowledgeBase,
    encoder: Callable[[], Encoder] = LetterEncoder,
    clock: Clock | None = None,
    with_web: bool = False,
    **bot_keys: Any,
) -> Iterator[Program]:
    """A started bot with Slack connected, beside a started engine over `bases`."""
    with ExitStack() as closing:
        slack = closing.enter_context(recording_slack())
        engine = closing.enter_context(an_engine(some_settings(folder / "engine", *bases), encoder))
        engine.is_settled()
        settings = some_bot_settings(folder, slack, **bot_keys)
        migrate_by_copy(settings.bot.database_url)
        edges = app.Edges(clock=clock or Clock(), engine_transport=WsgiTransport(engine.wsgi))
        yield closing.enter_context(Program(settings, edges, slack, with_web=with_web))


def some_bot_settings(folder: Path, slack: RecordingSlack, /, **keys: Any) -> config.Config:
    bot = {
        "listen": "127.0.0.1:0",
        "data_dir": str(folder),
        "database_url": f"sqlite:///{folder}/bot.db",
        "slack": {
            "signing_secrets": [SECRET],
            "bot_token": "xoxb-test",
            "api_url": slack.api_url,
            "response_hosts": [slack.origin],
        },
    }
    return config.Config(bot=BOT.model_validate(bot | keys))


def samples() -> tuple[engine_config.KnowledgeBase, ...]:
    """The two knowledge bases that ship."""
    return engine_config_file.load(None, {}).knowledge_base
