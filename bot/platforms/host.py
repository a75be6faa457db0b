"""The seam between the bot and a platform: what a platform promises, and what it is given.

    Adapter ──install(its table, Host)──► Installed: a sender, routes, parts, alerts, operations

An adapter is a value in `registry.ADAPTERS`. `bot.app` installs each one that is used, and
knows of it no more than what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from flask import Blueprint
from requests.adapters import BaseAdapter

from bot.commands.base import ports
from bot.config import Bot, Section
from bot.domain import (
    Answer,
    Channel,
    Clock,
    Delivery,
    IncomingMessage,
    Language,
    Membership,
    Person,
    PersonalOverview,
    Traits,
)
from bot.metrics import Metrics
from bot.platforms import Platform
from bot.store import Accepted, ReplyProgress
from bot.store.installations import Installations
from bot.store.leader_election import Election
from bot.web.clock_skew import ClockWatch

# A name for the operator, and a look: returns what was found, or raises PlatformError with what to mend.
Check = tuple[str, Callable[[], str]]
# Keeps what could not be understood: platform, tenant, reason, body. Raises StoreError.
KeepRejected = Callable[[str, str, str, str], None]
# Answers a request made on this machine; what it says before its end goes to the second argument.
Operation = Callable[[Mapping[str, Any], Callable[[Any], None]], Any]


class Intake(Protocol):
    """The intake of messages. Both methods raise StoreError for one that could not be stored."""

    def accept(self, message: IncomingMessage) -> Accepted: ...

    def answer_within(
        self,
        message: IncomingMessage,
        *,
        wait_seconds: float = ...,
        rest_of: Callable[[Delivery], Mapping[str, str] | None] = ...,
        accepts: Callable[[Delivery], bool] = ...,
    ) -> tuple[Accepted, Delivery | None]:
        """Store the message and wait for its answer, see `bot.pipeline.intake`."""
        ...


class Part(Protocol):
    """A part outlives a call. `stop` is idempotent, also before `start`: so is it of every part."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that operators are told of when it begins and when it ends, in both languages."""

    is_so: Callable[[], bool]
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """The part of [bot] that concerns every platform.

    `public_url` has no slash at its end. `is_alone`: one process does everything (SQLite).
    `has_keys`: whether the keys of what is sealed are configured, and so the same for all processes.
    """

    public_url: str
    names: tuple[str, ...]
    data_dir: Path
    workers: int
    is_alone: bool
    has_keys: bool = False

    @classmethod
    def of(cls, bot: Bot) -> Deployment:
        is_alone = bot.database_url.startswith("sqlite")
        has_keys = bool(bot.encryption_keys)
        return cls(bot.public_url, bot.names, bot.data_dir, bot.workers, is_alone, has_keys)


@dataclass(frozen=True)
class ReadModel:
    """The stored state of the channels, to be read. Every change is an IncomingMessage instead."""

    settings: ports.Settings
    history: ports.History
    labels: ports.Labels
    reviews: ports.Reviews
    gaps: ports.Gaps


class PersonalReads(Protocol):
    """The reads of what concerns one person, see `bot.responder.personal`. Both methods raise StoreError."""

    def overview(self, person: Person) -> PersonalOverview: ...
    def may_see(self, person: Person, channel: Channel) -> bool: ...


@dataclass(frozen=True)
class Host:
    """The bot as a platform sees it: the only door inwards.

    `has_web` is False in a process that only works: what one process alone may hold, such as a
    connection, is left to those with web. `transport` stands for the platform's HTTP in tests.
    """

    deployment: Deployment
    has_web: bool
    clock: Clock
    clock_watch: ClockWatch
    metrics: Metrics
    intake: Intake
    is_over: Callable[[int], bool]  # an inbox item, by its id: whether all its replies are out
    replies: ReplyProgress
    quarantine: KeepRejected
    content_of: Callable[[str], bytes | None]  # a document, by its id; None when it has expired
    recall: Callable[[Channel, str], Answer | None]  # an answer given earlier, by its id
    language_of: Callable[[Channel], Language]
    elect: Callable[[str], Election]  # by a name: which process does what only one may do
    read: ReadModel
    personal: PersonalReads
    installations: Callable[[str], Installations]  # by a platform's name: where its app is installed
    transport: BaseAdapter | None = None


@dataclass(frozen=True)
class Installed:
    """One platform in this process. The parts are started and stopped with the bot, in this order.

    `membership_of` says who belongs to the organisation that the bot works for, of those whose
    message does not say it; without it everybody whose message is silent may ask and no more.
    `name_person` finds the name of somebody whose message brought none. `on_progress` is called
    whenever a message or a reply is out of a worker's hands. `news` gives sentences for operators,
    each once. A blueprint that shows pages sets
    its own Content-Security-Policy (`after_request`); without one it may show nothing.
    """

    platform: Platform
    blueprints: Sequence[Blueprint] = ()
    parts: Sequence[Part] = ()
    alerts: Sequence[Condition] = ()
    news: Callable[[], Sequence[str]] = tuple
    operations: Mapping[str, Operation] = field(default_factory=dict)
    tell_operators: Callable[[str], None] | None = None
    membership_of: Callable[[Person], Membership] = lambda _: Membership.UNKNOWN
    name_person: Callable[[Person], Person] | None = None
    on_progress: Callable[[], None] | None = None


S = TypeVar("S", bound=Section)


@dataclass(frozen=True)
class Command(Generic[S]):
    """A command of the command line: warnings for the operator, and the text to print."""

    help: str
    run: Callable[[S, Deployment], tuple[Sequence[str], str]]


def _nothing(*_: object) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Adapter(Generic[S]):
    """One platform. `section` is the shape of its table [bot.NAME].

    `checks` is given what the running bot says to an operation of this platform (None where
    none runs). `refusals` are the reasons why `serve` cannot start like this. `paths` are the
    routes in the OpenAPI document, there whether the platform is used or not.
    """

    name: str
    section: type[S]
    traits: Traits
    install: Callable[[S, Host], Installed]
    is_used: Callable[[S], bool]
    checks: Callable[[S, Deployment, Callable[[str], Any]], Sequence[Check]] = _nothing
    refusals: Callable[[S, Deployment], Sequence[str]] = _nothing
    commands: Mapping[str, Command[S]] = field(default_factory=dict)
    paths: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_table(self) -> bool:
        """Whether there is anything to set."""
        return bool(self.section.model_fields)

    def section_of(self, bot: Bot) -> S:
        """This platform's table; an empty one where the configuration was read without it."""
        section = getattr(bot, self.name, None) or self.section()
        if not isinstance(section, self.section):
            raise TypeError(f"[bot.{self.name}] is no table of {self.name}; this is a bug")
        return section
