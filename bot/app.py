"""Builds the bot out of its parts, starts them in order and stops them in reverse.

Everything outside that a test replaces is an *edge*: the clock, chance, the way to the
engine. Nothing of the bot is put together anywhere but here.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout
from flask import Blueprint, Flask
from pydantic import BaseModel, SecretStr
from requests.adapters import BaseAdapter
from sqlalchemy.engine import make_url

from bot import local, logs, web
from bot.config import Bot, Config
from bot.domain import Clock, IncomingMessage, PlatformError
from bot.engine_client import EngineClient
from bot.handover import Handover
from bot.label_files import LabelFileError
from bot.labelling import Labelling, channel_of
from bot.links import Links
from bot.local import Local, saying
from bot.metrics import Metrics
from bot.platforms import Platform
from bot.platforms.slack import SlackPlatform, Verifier
from bot.platforms.slack.reading import Ours
from bot.platforms.terminal import Listener, TerminalPlatform
from bot.platforms.wecom.wire import WebSocketWire, Wire
from bot.responder import Responder
from bot.schedule import Schedule
from bot.store import (
    Admins,
    Answers,
    Database,
    Documents,
    History,
    Inbox,
    Labels,
    Outbox,
    Retention,
    SchemaError,
    Secrets,
    Settings,
    StoreError,
    schema,
)
from bot.web import files, operations, slack
from bot.web.reception import Reception
from bot.web.server import Server
from bot.web.wecom_desk import Desk
from bot.wecom import Wecom
from bot.worker import Bell, Worker, Workers

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """Why the program cannot run, and what to do, for the operator."""


@dataclass(frozen=True)
class Edges:
    """What stands between the bot and the world. The defaults are the real thing."""

    clock: Clock = field(default_factory=Clock)
    engine_transport: BaseAdapter | None = None
    wecom_transport: BaseAdapter | None = None
    open_wire: Callable[[str], Wire] = WebSocketWire
    new_id: Callable[[], str] = lambda: secrets.token_urlsafe(9)
    jitter: Callable[[], float] = random.random


class _Part(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class App:
    """The whole bot over one configuration; owns the data folder from `start` to `stop`.

    With `with_web` False it has no HTTP (a chat of its own, workers alone).
    """

    def __init__(self, config: Config, edges: Edges, *, with_web: bool = True) -> None:
        bot, clock = config.bot, edges.clock
        self._bot = bot
        self._with_web = with_web
        self._clock = clock
        self._closing = ExitStack()
        self._is_stopping = threading.Event()
        self.metrics = Metrics()
        bell = Bell()
        self._handover = Handover(seats=max(1, bot.web_threads // 4))
        self._database = Database(bot.database_url)
        self.inbox = Inbox(self._database, clock, on_work=bell.ring)
        self.outbox = Outbox(self._database, clock, on_work=bell.ring, jitter=edges.jitter)
        self.engine = EngineClient(
            bot.engine_url,
            clock=clock,
            token=bot.engine_token.get_secret_value(),
            transport=edges.engine_transport,
            on_back=self.inbox.engine_is_back,
            metrics=self.metrics,
        )
        self._labelling = Labelling(
            Labels(self._database, clock),
            Settings(self._database),
            self.engine,
            default_knowledge_base=bot.defaults.knowledge_base,
        )
        self._admins = Admins(self._database, clock)
        self._answers = Answers(self._database, clock, on_work=bell.ring)
        self._documents = Documents(self._database, clock)
        own_keys = Secrets(self._database, lambda: secrets.token_urlsafe(32))
        self._links = Links(bot.public_url, lambda: own_keys.get("links"))
        self.responder = Responder(
            settings=Settings(self._database),
            history=History(self._database),
            labels=Labels(self._database, clock),
            engine=self.engine,
            clock=clock,
            bot=bot,
            new_id=edges.new_id,
            link_to=self._links.to,
            admins=self._admins,
            waiting=self._waiting,
        )
        self._terminal = TerminalPlatform(self._documents.content, bot.data_dir / "exports")
        self._slack = slack_platform(bot, clock, self._documents.content)
        self.wecom = Wecom(
            bot,
            clock,
            self.metrics,
            recall=History(self._database).answer,
            content_of=self._documents.content,
            transport=edges.wecom_transport,
            open_wire=edges.open_wire,
        )
        platforms: list[Platform] = [self._terminal, self._slack, self.wecom.platform]
        self._worker = Worker(
            inbox=self.inbox,
            outbox=self.outbox,
            responder=self.responder,
            platforms={platform.name: platform for platform in platforms},
            handover=self._handover,
            metrics=self.metrics,
            on_finished=self._terminal.finished,
        )
        self._workers = Workers(
            self._worker, bell, inbox=self.inbox, outbox=self.outbox, clock=clock, count=bot.workers
        )
        self.reception = Reception(
            inbox=self.inbox,
            outbox=self.outbox,
            handover=self._handover,
            needs_engine=self.responder.needs_engine,
            engine_is_away=lambda: self.engine.is_away,
            metrics=self.metrics,
        )
        self.schedule = Schedule(
            timezone=bot.timezone,
            sweep=partial(Retention(self._database, clock).sweep, bot.retention_days),
        )
        self.metrics.watch_queue(self._counts, self._oldest_seconds)
        self.flask: Flask = web.create(self._blueprints())

    @property
    def url(self) -> str:
        return self._bot.public_url

    def start(self) -> None:
        """Take the data folder and start every part.

        Raises:
            CannotStart: another program has the folder, the address is taken, or the
                database is not one this program knows. What had started is stopped.
        """
        with ExitStack() as started:
            if _is_sqlite(self._bot):
                started.enter_context(_only_owner(self._bot.data_dir))
            try:
                schema.check(self._bot.database_url)
            except SchemaError as unknown:
                raise CannotStart(str(unknown)) from unknown
            parts: list[_Part] = [self._database, self.engine, self._workers, self.schedule]
            operations = {
                "say": saying(self.say),
                "labels": self._labels,
                "admin-code": lambda _, __: self._admins.new_code(),
            }
            parts.append(Local(self._bot.data_dir, operations))
            if self._with_web:
                parts += self.wecom.parts()
                parts.append(self._server())
            started.callback(self._terminal.close)
            for part in parts:
                started.callback(part.stop)
                part.start()
                if part is self._database:
                    # Whatever an earlier life of ours had in hand is free again.
                    self.inbox.rescue(all_leases=True)
                    self.outbox.rescue(all_leases=True)
            self._closing = started.pop_all()
        if self._bot.slack.bot_token.get_secret_value():
            threading.Thread(target=self._introduce, name="introduction", daemon=True).start()
        log.info(
            "started",
            extra={"listen": self._bot.listen if self._with_web else "", "engine": self._bot.engine_url},
        )

    def stop(self) -> None:
        """Stop in reverse order. Stopping twice is fine, and so is stopping what never started."""
        self._is_stopping.set()
        self._closing.close()

    def say(self, message: IncomingMessage, listener: Listener) -> None:
        """Put one line of a terminal into the inbox, and stay until all its replies were heard."""
        with self._terminal.listening(message, listener) as is_finished:
            self.reception.accept(message)
            is_finished.wait()

    def move_labels(self, request: local.Request, closing: ExitStack) -> str:
        """The same without running: only the database, until `closing` does."""
        closing.callback(self._database.stop)
        self._database.start()
        try:
            return _moved(self._labelling, request)
        except LabelFileError as refusal:
            raise CannotStart(str(refusal)) from refusal

    def admin_code(self, closing: ExitStack) -> str:
        """A code for one admin, made without running: only the database, until `closing` does."""
        closing.callback(self._database.stop)
        self._database.start()
        return self._admins.new_code()

    def _labels(self, request: local.Request, _: local.Hear) -> str:
        """For `python -m bot labels` while we run."""
        try:
            return _moved(self._labelling, request)
        except LabelFileError as refusal:
            raise local.LocalError(str(refusal)) from refusal

    def _blueprints(self) -> list[Blueprint]:
        blueprints = [
            operations.blueprint(
                reasons_not_ready=self._reasons_not_ready,
                engine_is_away=lambda: self.engine.is_away,
                metrics=self.metrics,
            )
        ]
        blueprints.append(files.blueprint(read=self._links.read, find=self._documents.get))
        if self._bot.slack.is_used:
            secrets_in_use = [secret.get_secret_value() for secret in self._bot.slack.signing_secrets]
            blueprints.append(
                slack.blueprint(
                    verifier=Verifier(secrets_in_use, lambda: self._clock.now().timestamp()),
                    desk=self.reception,
                    quarantine=self.inbox.quarantine,
                    in_response=self._slack.in_response,
                    ours=self._ours,
                    metrics=self.metrics,
                )
            )
        desk = Desk(
            reception=self.reception,
            progress=self._answers.progress,
            language_of=lambda channel: Settings(self._database).of(channel).language or "zh",
            quarantine=self.inbox.quarantine,
            metrics=self.metrics,
        )
        blueprints.append(self.wecom.listen(desk, self._answers))
        return blueprints

    def _ours(self) -> Ours:
        return Ours(
            users=self._slack.own_users,
            command_prefix=self._bot.slack.command_prefix,
            shared_channels=frozenset(self._bot.slack.shared_channels),
        )

    def _server(self) -> Server:
        try:
            return Server(
                self.flask,
                listen=self._bot.listen,
                threads=self._bot.web_threads,
                body_limit_bytes=web.BODY_LIMIT_BYTES,
            )
        except OSError as taken:
            raise CannotStart(f"[bot] listen: {self._bot.listen} cannot be used: {taken.strerror}") from taken

    def _reasons_not_ready(self) -> list[str]:
        if self._is_stopping.is_set():
            return ["stopping"]
        try:
            self.inbox.next_due()
        except StoreError as problem:
            return [f"database: {problem}"]
        return []

    def _introduce(self) -> None:
        try:
            log.info("slack_knows_us", extra={"as": self._slack.introduce()})
        except PlatformError as problem:
            log.warning("slack_does_not_know_us", extra={"reason": problem.reason})

    def _waiting(self) -> int:
        """Messages and replies that nobody has in hand: whoever asks does not count themselves."""
        counts = self._counts()
        return sum(
            count for state, count in counts.items() if not state.endswith(("claimed", "sending", "dead"))
        )

    def _counts(self) -> dict[str, int]:
        inbox = {f"inbox_{state}": count for state, count in self.inbox.counts().items()}
        return inbox | {f"outbox_{state}": count for state, count in self.outbox.counts().items()}

    def _oldest_seconds(self) -> float:
        oldest = self.inbox.oldest_received_at()
        return max(0.0, (self._clock.now() - oldest).total_seconds()) if oldest else 0.0


def build(config: Config, edges: Edges | None = None, *, with_web: bool = True) -> App:
    return App(config, edges or Edges(), with_web=with_web)


def serve(config: Config, *, workers: int | None = None) -> int:
    """Run the bot until SIGTERM or Ctrl-C; `workers` overrides how many threads answer.

    Raises:
        CannotStart: see `App.start`.
    """
    if workers is not None:
        config = config.model_copy(update={"bot": config.bot.model_copy(update={"workers": workers})})
    if config.bot.workers == 0 and _is_sqlite(config.bot):
        raise CannotStart(
            "--workers 0 leaves nobody to answer on SQLite; it is for several processes on PostgreSQL"
        )
    return _run(config, build(config))


def work(config: Config) -> int:
    """Run workers alone, beside a web process on the same PostgreSQL.

    Raises:
        CannotStart: see `App.start`; on SQLite, where one process does everything.
    """
    if _is_sqlite(config.bot):
        raise CannotStart("On SQLite one process does everything: run `python -m bot serve`.")
    return _run(config, build(config, with_web=False))


def migrate(config: Config) -> str:
    """Bring the database up to date, and say what was done.

    Raises:
        CannotStart: it cannot be, and why.
    """
    try:
        if not _is_sqlite(config.bot):
            return schema.migrate(config.bot.database_url)
        with _only_owner(config.bot.data_dir):
            return schema.migrate(config.bot.database_url)
    except (SchemaError, StoreError) as problem:
        raise CannotStart(str(problem)) from problem


def labels(config: Config, request: local.Request) -> str:
    """Move labels between a channel and a file: `direction`, `channel`, `path`, `person`.

    The running bot does it; where none runs, this process does, under the lock.

    Raises:
        CannotStart: why not; nothing was changed.
    """
    try:
        done: str = local.call(config.bot.data_dir, "labels", request, lambda _: None)
    except local.LocalError as refusal:
        raise CannotStart(str(refusal)) from refusal
    except local.NotRunning:
        return _labels_without_a_bot(config, request)
    return done


def admin_code(config: Config) -> str:
    """A one-time code that makes its user an admin, from the running bot or, where none runs, without it.

    Raises:
        CannotStart: the database cannot be used.
    """
    try:
        code: str = local.call(config.bot.data_dir, "admin-code", {}, lambda _: None)
    except local.LocalError as refusal:
        raise CannotStart(str(refusal)) from refusal
    except local.NotRunning:
        with ExitStack() as closing:
            return _without_a_bot(config, closing).admin_code(closing)
    return code


def _labels_without_a_bot(config: Config, request: local.Request) -> str:
    with ExitStack() as closing:
        return _without_a_bot(config, closing).move_labels(request, closing)


def _without_a_bot(config: Config, closing: ExitStack) -> App:
    """The bot, not started, over a database that nobody else has; ours until `closing` closes."""
    if _is_sqlite(config.bot):
        closing.enter_context(_only_owner(config.bot.data_dir))
    try:
        schema.check(config.bot.database_url)
    except SchemaError as unknown:
        raise CannotStart(str(unknown)) from unknown
    return build(config, with_web=False)


def _moved(labelling: Labelling, request: local.Request) -> str:
    channel, path = channel_of(str(request["channel"])), Path(str(request["path"]))
    if request["direction"] == "export":
        return labelling.write(channel, path)
    return labelling.read(channel, path, str(request["person"]))


def _run(config: Config, app: App) -> int:
    logs.set_up(secrets_of(config.bot))
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _ask(asked))
    app.start()
    try:
        asked.wait()
    finally:
        log.info("stopping")
        app.stop()
    return 0


def _ask(asked: threading.Event) -> None:
    if asked.is_set():
        # Asked twice: at once. Nothing acknowledged is lost, leases free what was in hand.
        os._exit(1)
    asked.set()


def slack_platform(
    bot: Bot, clock: Clock, contents: Callable[[str], bytes | None] = lambda _: None
) -> SlackPlatform:
    return SlackPlatform(
        token=bot.slack.bot_token.get_secret_value(),
        api_url=bot.slack.api_url,
        response_hosts=bot.slack.response_hosts,
        clock=clock,
        contents=contents,
    )


def secrets_of(bot: Bot) -> list[str]:
    """Everything that must never be seen in a log."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, SecretStr):
            found.append(value.get_secret_value())
        elif isinstance(value, BaseModel):
            for name in type(value).model_fields:
                look(getattr(value, name))
        elif isinstance(value, Mapping):
            for part in value.values():
                look(part)
        elif isinstance(value, tuple):
            for part in value:
                look(part)

    look(bot)
    password = make_url(bot.database_url).password
    return [*found, str(password)] if password else found


def _is_sqlite(bot: Bot) -> bool:
    return make_url(bot.database_url).get_backend_name() == "sqlite"


@contextmanager
def _only_owner(data_dir: Path) -> Iterator[None]:
    """The lock of the data folder: one owner, however many programs are pointed at it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(data_dir / "bot.lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        process = local.who(data_dir)
        by = f" (process {process})" if process else ""
        raise CannotStart(
            f"The data folder {data_dir} is in use by another kbdial{by}. "
            "Stop that one first, or set [bot] data_dir."
        ) from None
    try:
        yield
    finally:
        lock.release()
