"""The ways into and out of a platform, as `tests/bot/platforms/test_conformance.py` plays them.

Each platform has a module `tests/bot/platforms/NAME/rig.py` with one value, `PLAYERS`: a class for each way
in and out that it has. A player stands for the platform's servers and for people with a screen before
them; behind it is the real program. It is a context: its servers run while it is open.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self

from requests.adapters import BaseAdapter

from bot import app, config
from bot.config import bot_with
from bot.platforms.host import Adapter
from tests.support.engine import LetterEncoder, a_knowledge_base, an_engine, some_settings
from tests.support.life import EngineDoor, Life
from tests.support.migrated import migrate_by_copy
from tests.support.wecom_api import VirtualClock


class Player(ABC):
    """One way in and out: it says something in a room, and tells what people of that room have seen."""

    # The name of the way, which begins with the platform's: "slack", "wecom app".
    name: ClassVar[str]
    # Whether an answer reaches its room later, when nobody waits for it any more.
    answers_later: ClassVar[bool] = True
    # Whether the bot must hold a connection, and so runs with its web part.
    needs_web: ClassVar[bool] = False

    program: Life
    settings: config.Config

    def __init__(self, clock: VirtualClock) -> None:
        """Open the platform's servers in `closing`; the bot that they lead to begins later."""
        self.clock = clock
        self.closing = ExitStack()

    @property
    @abstractmethod
    def table(self) -> Mapping[str, Any]:
        """The table [bot.NAME] that leads the bot here."""

    @property
    def transport(self) -> BaseAdapter | None:
        """The double of the platform's HTTP; None where this player has a server of its own."""
        return None

    @abstractmethod
    def say(self, text: str, room: str, *, again: int = 0) -> None:
        """Somebody writes to the bot; `again` times the platform sends the same message once more."""

    @abstractmethod
    def seen(self, room: str) -> list[str]:
        """The bot's messages in a room, oldest first."""

    @abstractmethod
    def rung(self) -> int:
        """The number of notifications by texts of ours that should notify nobody."""

    def begin(self, program: Life) -> None:
        """This bot is the one that people reach from now on; it is started already."""
        self.program = program

    def say_and_leave(self, text: str, room: str) -> None:
        """Somebody writes to a bot that takes messages and answers none, and does not wait."""
        self.say(text, room)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.close()


class SendingPlayer(Player):
    """One whose answers go out by calls of our own, which may go wrong."""

    # Whether it has an answer to a call that means: never try this again.
    refuses_for_good: ClassVar[bool] = True
    # Whether the bot can look, or be told, whether a call whose answer was lost had arrived.
    can_be_asked: ClassVar[bool] = True

    def refuse_for_good(self) -> None:
        """The next call is refused by a reason that no second try removes."""
        raise NotImplementedError

    @abstractmethod
    def slow_down(self) -> None:
        """The next call is answered by: too many, come back in half a minute."""

    @abstractmethod
    def lose_the_answer(self) -> None:
        """The next call arrives and its text is seen, and its answer is lost."""


def players_of(adapter: Adapter[Any]) -> tuple[type[Player], ...]:
    """All ways into and out of one platform."""
    players: tuple[type[Player], ...] = import_module(f"tests.bot.platforms.{adapter.name}.rig").PLAYERS
    return players


@contextmanager
def a_player(
    play: type[Player], folder: Path, *texts: str, adapters: tuple[Adapter[Any], ...]
) -> Iterator[Player]:
    """A player before a started bot that knows this platform alone, beside an engine with these texts."""
    with ExitStack() as closing:
        clock = VirtualClock()
        player = closing.enter_context(play(clock))
        base = a_knowledge_base(folder / "texts", *texts, threshold=0.8)
        engine = closing.enter_context(an_engine(some_settings(folder / "engine", base), LetterEncoder))
        engine.is_settled()
        player.settings = settings = _settings(player, folder, adapters)
        migrate_by_copy(settings.bot.database_url)
        edges = app.Edges(
            clock=clock, engine_transport=EngineDoor(engine.wsgi), platform_transport=player.transport
        )
        yield closing.enter_context(_play(player, settings, edges, adapters))


@contextmanager
def a_next_life(player: Player, **bot_keys: Any) -> Iterator[Life]:
    """Another bot over the same files, once the one before is stopped; `bot_keys` are of this life alone."""
    settings = config.Config(bot=player.settings.bot.model_copy(update=bot_keys))
    with _play(player, settings, player.program.edges, player.program.adapters):
        yield player.program


@contextmanager
def _play(
    player: Player, settings: config.Config, edges: app.Edges, adapters: tuple[Adapter[Any], ...]
) -> Iterator[Player]:
    with Life(settings, edges, with_web=player.needs_web, adapters=adapters) as program:
        player.begin(program)
        yield player


def _settings(player: Player, folder: Path, adapters: tuple[Adapter[Any], ...]) -> config.Config:
    tables = {adapter.name: adapter.section for adapter in adapters if adapter.has_table}
    platform, _, _ = player.name.partition(" ")
    bot = {
        "listen": "127.0.0.1:0",
        "data_dir": str(folder),
        "database_url": f"sqlite:///{folder}/bot.db",
        "questions_per_minute": {"person": 1000, "channel": 1000},
    }
    own = {platform: player.table} if player.table else {}
    return config.Config(bot=bot_with(tables).model_validate(bot | own))
