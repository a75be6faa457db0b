"""The whole bot beside a double of Mattermost: questions over its WebSocket, clicks and commands by HTTP."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from bot import app, config
from bot.domain import Clock
from bot.platforms.registry import BOT
from engine import config as engine_config
from engine.encoder import Encoder
from tests.support.engine import LetterEncoder, an_engine, some_settings
from tests.support.mattermost import BOT_TOKEN
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.mattermost_requests import COMMAND_TOKEN, WEBHOOK_TOKEN, over_flask
from tests.support.migrated import migrate_by_copy
from tests.support.wsgi_transport import WsgiTransport

ACTION_SECRET = "k3Jq9vXw2LmN8pRt5sYb7cDf"
PUBLIC_URL = "https://kb.example.com"
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class MattermostProgram:
    """A bot that listens to the server, and people with a screen before them."""

    def __init__(self, settings: config.Config, edges: app.Edges, server: IntegratedMattermost) -> None:
        self.server = server
        # Who holds the connection also listens.
        self.app = app.build(settings, edges, with_web=True)
        self.client = self.app.flask.test_client()
        server.call = over_flask(self.client)

    def person(self, username: str) -> str:
        """The id of somebody, who is made where there is nobody of that name."""
        known = (id_ for id_, user in self.server.users.items() if user["username"] == username)
        return next(known, "") or self.server.add_user(username)

    def room(self, name: str, *people: str) -> str:
        """The id of a public room of this name, in which these people are."""
        known = (id_ for id_, one in self.server.channels.items() if one["name"] == name)
        room = next(known, "") or self.server.add_channel(name)
        self.server.members[room] |= {self.person(one) for one in people}
        return room

    def say(self, text: str, room: str, *, by: str = "li", root_id: str = "") -> dict[str, Any]:
        """Somebody mentions the bot in a room; the post."""
        return self.server.say(self.person(by), f"@kbdial {text}", self.room(room, by), root_id=root_id)

    def write(self, text: str, *, by: str = "li") -> dict[str, Any]:
        """Somebody writes to the bot alone; the post."""
        user = self.person(by)
        return self.server.say(user, text, self.server.direct(user))

    def command(self, text: str, room: str, *, by: str = "li") -> None:
        """Somebody types `/kbdial …`."""
        self.server.type_command(self.person(by), text, self.room(room, by))

    def answer_to(self, post: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
        """The bot's post in the thread of this one (behind it, between two), once it is there."""

        def answers() -> list[dict[str, Any]]:
            root_id = post["root_id"] or post["id"]
            return [
                one
                for one in self.server.seen(post["channel_id"])
                if one["root_id"] == root_id or (not one["root_id"] and one["create_at"] > post["create_at"])
            ]

        self.until(lambda: len(answers()) > number)
        return answers()[number]

    def seen(self, room_id: str) -> list[str]:
        """The bot's posts in a room as people read them, the oldest first."""
        return [readable(post) for post in self.server.seen(room_id)]

    def whispered(self, user: str) -> list[str]:
        """The ephemeral posts that one person was shown."""
        return [
            readable({"message": one.message, "props": {"attachments": one.attachments}})
            for one in self.server.whispers
            if one.user_id == self.person(user)
        ]

    def until(self, is_so: Callable[[], bool], seconds: float = 150.0) -> None:
        """Wait for what the bot does, whether the server hears of it or not."""
        pause, waited = threading.Event(), 0.0
        while not is_so():
            assert waited < seconds, (self.app.inbox.counts(), self.app.outbox.counts())
            pause.wait(0.005)
            waited += 0.005

    def settle(self, is_so: Callable[[], bool] | None = None, seconds: float = 20.0) -> None:
        """Wait until nothing is under way (or until something is so)."""
        self.until(is_so or self._is_idle, seconds)

    def connect(self) -> None:
        """Wait until the bot listens."""
        self.until(lambda: self.app.operations["mattermost"]({}, lambda _: None) == "live")

    def __enter__(self) -> Self:
        self.app.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.app.stop()

    def _is_idle(self) -> bool:
        inbox, outbox = self.app.inbox.counts(), self.app.outbox.counts()
        return not (inbox["received"] or inbox["claimed"] or outbox["sending"])


def readable(post: Mapping[str, Any]) -> str:
    """A post as a person reads it: message and attachments, without what only keeps text inert."""
    parts = [post["message"]]
    for one in post["props"].get("attachments") or []:
        parts += [one.get("text") or "", *(f"[{action['name']}]" for action in one.get("actions") or [])]
    return html.unescape(ESCAPE.sub(r"\1", "\n".join(filter(None, parts)).replace("\u200b", "")))


@contextmanager
def a_mattermost_program(
    folder: Path,
    *bases: engine_config.KnowledgeBase,
    encoder: Callable[[], Encoder] = LetterEncoder,
    clock: Clock | None = None,
    server: IntegratedMattermost | None = None,
    **bot_keys: Any,
) -> Iterator[MattermostProgram]:
    """A started bot that listens to a server, beside a started engine over `bases`."""
    with ExitStack() as closing:
        clock = clock or Clock()
        server = closing.enter_context(server or IntegratedMattermost(now=lambda: clock.now().timestamp()))
        server.register(f"{PUBLIC_URL}/mattermost/commands")
        engine = closing.enter_context(an_engine(some_settings(folder / "engine", *bases), encoder))
        engine.is_settled()
        settings = some_mattermost_settings(folder, server, **bot_keys)
        migrate_by_copy(settings.bot.database_url)
        edges = app.Edges(clock=clock, engine_transport=WsgiTransport(engine.wsgi))
        program = closing.enter_context(MattermostProgram(settings, edges, server))
        program.connect()
        yield program


def some_mattermost_settings(folder: Path, server: IntegratedMattermost, **keys: Any) -> config.Config:
    bot = {
        "listen": "127.0.0.1:0",
        "public_url": PUBLIC_URL,
        "data_dir": str(folder),
        "database_url": f"sqlite:///{folder}/bot.db",
        "questions_per_minute": {"person": 1000, "channel": 1000},
        "mattermost": a_mattermost_table(server),
    }
    return config.Config(bot=BOT.model_validate(bot | keys))


def a_mattermost_table(server: IntegratedMattermost) -> dict[str, Any]:
    """The table [bot.mattermost] that leads to this server."""
    return {
        "url": server.url,
        "bot_token": BOT_TOKEN,
        "command_tokens": [COMMAND_TOKEN],
        "webhook_tokens": [WEBHOOK_TOKEN],
        "action_secret": ACTION_SECRET,
    }
