"""Builds the bot out of its parts, starts them in order and stops them in reverse.

Everything outside that a test replaces is an *edge*: the clock, chance, the way to the
engine. Nothing of the bot is put together anywhere but here.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from flask import Blueprint, Flask
from requests.adapters import BaseAdapter

from bot import web
from bot.admin.label_import import Labelling
from bot.admin.operations import operations
from bot.config import Bot, Config
from bot.domain import Channel, Clock, IncomingMessage, PlatformError
from bot.engine_client import EngineClient
from bot.links import Links
from bot.metrics import Metrics
from bot.pipeline.alerts import Alerts, Condition
from bot.pipeline.announcer import Clockwork
from bot.pipeline.intake import Reception
from bot.pipeline.poller import Lookout
from bot.pipeline.rendezvous import Handover
from bot.pipeline.schedule import Schedule
from bot.pipeline.worker import Bell, Worker, Workers
from bot.platforms import Platform
from bot.platforms.slack import SlackPlatform, Verifier, routes
from bot.platforms.slack.parser import Ours
from bot.platforms.terminal.platform import Listener, TerminalPlatform
from bot.platforms.wecom.inbound import Desk
from bot.platforms.wecom.install import Wecom
from bot.platforms.wecom.websocket import WebSocketWire, Wire
from bot.process.control_socket import Local, Operation, saying
from bot.process.lock import CannotStart, is_sqlite, only_owner
from bot.responder import Responder
from bot.store import (
    Admins,
    Answers,
    Database,
    Documents,
    Gaps,
    History,
    Inbox,
    Labels,
    Letters,
    Outbox,
    Places,
    Quarantine,
    Retention,
    Reviews,
    SchemaError,
    Secrets,
    Settings,
    StoreError,
    schema,
)
from bot.texts import alerts
from bot.web import files
from bot.web import operations as operating
from bot.web.clock_skew import ClockWatch
from bot.web.server import Server

log = logging.getLogger(__name__)

# How long a terminal goes without looking whether its line is answered, should it miss the news.
LOOK_SECONDS = 1.0


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

    With `with_web` False it has no HTTP (a chat of its own, workers alone). Workers alone
    share the data folder of the process they work for, and are not spoken to themselves.
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
        self.inbox = Inbox(
            self._database,
            clock,
            on_work=bell.ring,
            on_dead=self.metrics.dead_letters.labels("message").inc,
        )
        self.outbox = Outbox(
            self._database,
            clock,
            on_work=bell.ring,
            jitter=edges.jitter,
            on_dead=self.metrics.dead_letters.labels("delivery").inc,
            on_delivered=self.metrics.answer_seconds.observe,
        )
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
        self.operations = operations(
            labelling=self._labelling,
            admins=self._admins,
            letters=Letters(self._database, clock, on_work=bell.ring),
            quarantine=Quarantine(self._database),
            database_url=bot.database_url,
        )
        self._answers = Answers(
            self._database, clock, on_work=bell.ring, on_delivered=self.metrics.answer_seconds.observe
        )
        self._documents = Documents(self._database, clock)
        own_keys = Secrets(self._database, lambda: secrets.token_urlsafe(32))
        self._links = Links(bot.public_url, lambda: own_keys.get("links"))
        self._terminal = TerminalPlatform(
            self._documents.content, bot.data_dir / "exports", is_alone=is_sqlite(bot)
        )
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
        by_name = {platform.name: platform for platform in platforms}

        def speaks_first(channel: Channel) -> bool:
            return channel.platform in by_name and by_name[channel.platform].speaks_first(channel)

        self.responder = Responder(
            settings=Settings(self._database),
            history=History(self._database),
            labels=Labels(self._database, clock),
            reviews=Reviews(self._database),
            gaps=Gaps(self._database),
            engine=self.engine,
            clock=clock,
            bot=bot,
            new_id=edges.new_id,
            link_to=self._links.to,
            admins=self._admins,
            waiting=self._waiting,
            speaks_first=speaks_first,
        )
        self._worker = Worker(
            inbox=self.inbox,
            outbox=self.outbox,
            responder=self.responder,
            platforms=by_name,
            handover=self._handover,
            metrics=self.metrics,
            on_progress=self._terminal.nudge,
            named=self._slack.named,
        )
        self._workers = Workers(
            self._worker, bell, inbox=self.inbox, outbox=self.outbox, clock=clock, count=bot.workers
        )
        self._lookout = Lookout(
            next_due=(self.inbox.next_due, self.outbox.next_due), clock=clock, ring=bell.ring
        )
        self.reception = Reception(
            inbox=self.inbox,
            outbox=self.outbox,
            handover=self._handover,
            needs_engine=self.responder.needs_engine,
            engine_is_away=lambda: self.engine.is_away,
            metrics=self.metrics,
            answers_here=bot.workers > 0,
        )
        self.clockwork = Clockwork(
            places=Places(self._database).all,
            speaks_first=speaks_first,
            settings=Settings(self._database),
            knowledge_base=self.engine.knowledge_base,
            default_knowledge_base=bot.defaults.knowledge_base,
            accept=self.inbox.accept,
            clock=clock,
            timezone=bot.timezone,
        )
        self.alerts = Alerts(
            (
                Condition(lambda: self.engine.is_away, alerts.ENGINE_AWAY, alerts.ENGINE_BACK),
                Condition(self.wecom.is_connection_over, alerts.CONNECTION_OVER, alerts.CONNECTION_BACK),
            ),
            given_up=lambda: sum(count for state, count in self._counts().items() if state.endswith("_dead")),
            tell=self.wecom.tell_operators,
        )
        self.schedule = Schedule(
            timezone=bot.timezone,
            sweep=partial(Retention(self._database, clock).sweep, bot.retention_days),
            look=self._look,
        )
        self.metrics.expect(by_name)
        self.metrics.watch_queue(self._counts, self._oldest_seconds)
        self.flask: Flask = web.create(self._blueprints())

    @property
    def url(self) -> str:
        return self._bot.public_url

    @property
    def _owns_folder(self) -> bool:
        return self._with_web or is_sqlite(self._bot)

    def start(self) -> None:
        """Take the data folder and start every part.

        Raises:
            CannotStart: another program has the folder, the address is taken, or the
                database is not one this program knows. What had started is stopped.
        """
        with ExitStack() as started:
            started.enter_context(self._owned())
            parts: list[_Part] = [self._database, self.engine, self._workers, self.schedule]
            if not is_sqlite(self._bot):
                parts.append(self._lookout)
            if self._owns_folder:
                parts.append(Local(self._bot.data_dir, self._told_while_running()))
            if self._with_web:
                parts += self.wecom.parts()
                parts.append(self._server())
            started.callback(self._terminal.nudge)
            for part in parts:
                started.callback(part.stop)
                part.start()
                if part is self._database:
                    # Whatever an earlier life of ours had in hand is free again. On a server
                    # others may be at work: theirs is theirs until its lease is over.
                    self.inbox.rescue(all_leases=is_sqlite(self._bot))
                    self.outbox.rescue(all_leases=is_sqlite(self._bot))
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
        log.info("stopping")  # and by now nobody is told any more that we are ready
        self._closing.close()

    def say(self, message: IncomingMessage, listener: Listener) -> None:
        """Put one line of a terminal into the inbox, and stay until all its replies were heard."""
        with self._terminal.listening(message, listener) as nudged:
            item_id = self.reception.accept(message).item_id
            while not (self._is_stopping.is_set() or self.inbox.is_over(item_id)):
                # The news may come between the look and the wait; then the event is set already.
                nudged.wait(LOOK_SECONDS)
                nudged.clear()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Own the data folder with nothing running but the database: for one operation.

        Raises:
            CannotStart: as `start` does.
        """
        with self._owned():
            self._database.start()
            try:
                yield
            finally:
                self._database.stop()

    @contextmanager
    def _owned(self) -> Iterator[None]:
        with only_owner(self._bot.data_dir) if self._owns_folder else nullcontext():
            try:
                schema.check(self._bot.database_url)
            except SchemaError as unknown:
                raise CannotStart(str(unknown)) from unknown
            yield

    def _told_while_running(self) -> dict[str, Operation]:
        return {
            "say": saying(self.say),
            "connections": lambda *_: self.wecom.connections(),
            **self.operations,
        }

    def _blueprints(self) -> list[Blueprint]:
        signed = ClockWatch()
        blueprints = [
            operating.blueprint(
                clock=signed,
                reasons_not_ready=self._reasons_not_ready,
                engine_is_away=lambda: self.engine.is_away,
                metrics=self.metrics,
            )
        ]
        blueprints.append(files.blueprint(read=self._links.read, find=self._documents.get))
        if self._bot.slack.is_used:
            secrets_in_use = [secret.get_secret_value() for secret in self._bot.slack.signing_secrets]
            blueprints.append(
                routes.blueprint(
                    verifier=Verifier(secrets_in_use, lambda: self._clock.now().timestamp()),
                    desk=self.reception,
                    quarantine=self.inbox.quarantine,
                    in_response=self._slack.in_response,
                    ours=self._ours,
                    clock=signed,
                    metrics=self.metrics,
                )
            )
        desk = Desk(
            reception=self.reception,
            progress=self._answers.progress,
            language_of=lambda channel: Settings(self._database).of(channel).language or "zh",
            quarantine=self.inbox.quarantine,
            clock=signed,
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

    def _look(self) -> None:
        self.clockwork.look()
        self.alerts.look()

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
