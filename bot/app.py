"""Builds the bot out of its parts, starts them in order and stops them in reverse.

Everything outside that a test replaces is an *edge*: the clock, chance, the way to the
engine and to the platforms. Which platforms there are, and what they are made of, is not
known here: each is installed through `bot.platforms.host`.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, Flask
from requests.adapters import BaseAdapter

from bot import web
from bot.admin.label_import import Labelling
from bot.admin.operations import operations
from bot.config import Config
from bot.console.blueprint import blueprint as console
from bot.console.parts import Health, OperationRefused, Parts
from bot.console.parts import ReadModel as ConsoleReads
from bot.console.provider import CALLBACK, Provider
from bot.console.rights import Rights
from bot.console.visitor import Origin
from bot.domain import Channel, Clock, IncomingMessage, Language, Membership, Person
from bot.engine_client import EngineClient
from bot.loop import Loop
from bot.metrics import Metrics
from bot.pipeline.alerts import Alerts
from bot.pipeline.announcer import ScheduledMessages
from bot.pipeline.idle_workers import IdleWorkers
from bot.pipeline.intake import Intake
from bot.pipeline.poller import Poller
from bot.pipeline.queues import Queues
from bot.pipeline.readiness import Readiness
from bot.pipeline.rendezvous import ResponseSlots
from bot.pipeline.schedule import Schedule
from bot.pipeline.store_health import PROBE_SECONDS, StoreHealth
from bot.pipeline.worker import SendSlots, Worker, Workers
from bot.platforms.host import Adapter, Condition, Deployment, Host, Part, ReadModel
from bot.platforms.installed import Platforms
from bot.platforms.registry import ADAPTERS
from bot.process.control_socket import ControlServer, LocalError
from bot.process.lock import CannotStart, exclusive_data_dir, is_sqlite, only_user
from bot.responder import Responder
from bot.responder.personal import Personal
from bot.store import (
    Admins,
    Database,
    Documents,
    DueLookup,
    EntryChanges,
    Figures,
    Gaps,
    History,
    Inbox,
    Labels,
    Letters,
    Logins,
    Outbox,
    Overview,
    Places,
    Proposals,
    Quarantine,
    QuestionLog,
    ReplyProgress,
    Retention,
    Reviews,
    SchemaError,
    Secrets,
    Settings,
    schema,
)
from bot.store.installations import Installations
from bot.store.leader_election import election
from bot.store.sealing import Sealer, key_in
from bot.texts import alerts
from bot.web import files
from bot.web import operations as operating
from bot.web.clock_skew import ClockWatch
from bot.web.server import Server

log = logging.getLogger(__name__)

# How long a form of the console waits for its answer before the page shows that it is under way.
CONSOLE_SECONDS = 10.0


@dataclass(frozen=True)
class Edges:
    """The edges between the bot and the world. The defaults are the real thing."""

    clock: Clock = field(default_factory=Clock)
    engine_transport: BaseAdapter | None = None
    platform_transport: BaseAdapter | None = None
    new_id: Callable[[], str] = lambda: secrets.token_urlsafe(9)
    jitter: Callable[[], float] = random.random


class App:
    """The whole bot over one configuration; owns the data folder from `start` to `stop`.

    With `with_web` False it has no HTTP (a chat of its own, workers alone). Workers alone
    share the data folder of the process they work for, and are not spoken to themselves.
    """

    def __init__(
        self,
        config: Config,
        edges: Edges,
        *,
        with_web: bool = True,
        adapters: Sequence[Adapter[Any]],
    ) -> None:
        bot, clock = config.bot, edges.clock
        self._bot = bot
        self._with_web = with_web
        self._clock = clock
        self._closing = ExitStack()
        self.metrics = Metrics()
        self._traits = {adapter.name: adapter.traits for adapter in adapters}
        self.platforms = Platforms(adapters)
        idle = IdleWorkers(clock)
        response_slots = ResponseSlots(slots=max(1, bot.web_threads // 4))
        self._database = Database(bot.database_url)
        self.inbox = Inbox(
            self._database,
            clock,
            on_work=idle.wake,
            on_dead=self.metrics.dead_letters.labels("message").inc,
        )
        self._due = DueLookup(self._database)
        self.outbox = Outbox(
            self._database,
            clock,
            on_work=idle.wake,
            jitter=edges.jitter,
            on_dead=self.metrics.dead_letters.labels("delivery").inc,
            on_delivered=self.metrics.answer_seconds.observe,
        )
        self._queues = Queues(self.inbox, self.outbox, clock)
        self.engine = EngineClient(
            bot.engine_url,
            clock=clock,
            token=bot.engine_token.get_secret_value(),
            followers=bot.engine_followers,
            transport=edges.engine_transport,
            on_back=self.inbox.engine_is_back,
            metrics=self.metrics,
        )
        settings, labels = Settings(self._database), Labels(self._database, clock)
        self._read = ReadModel(
            settings=settings,
            history=History(self._database),
            labels=labels,
            reviews=Reviews(self._database),
            gaps=Gaps(self._database),
        )
        self.admins = Admins(self._database, clock)
        self.logins = Logins(self._database, clock)
        self._documents = Documents(self._database, clock)
        self._quarantine = Quarantine(self._database, clock)
        own_keys = Secrets(self._database, lambda: secrets.token_urlsafe(32))
        self._links = files.SignedLinks(bot.public_url, lambda: own_keys.get("links"))
        self.responder = Responder(
            settings=settings,
            history=self._read.history,
            labels=labels,
            reviews=self._read.reviews,
            gaps=self._read.gaps,
            proposals=Proposals(self._database),
            entry_changes=EntryChanges(self._database),
            engine=self.engine,
            clock=clock,
            bot=bot,
            new_id=edges.new_id,
            link_to=self._links.to,
            console_link=self._console_link,
            traits=self._traits,
            admins=self.admins,
            waiting=self._queues.waiting,
            speaks_first=self.platforms.speaks_first,
            wait=time.sleep,
        )
        self.intake = Intake(
            inbox=self.inbox,
            idle=idle,
            clock=clock,
            response_slots=response_slots,
            needs_engine=self.responder.needs_engine,
            engine_is_away=lambda: self.engine.is_away,
            metrics=self.metrics,
            answers_here=bot.workers > 0,
        )
        host = self._host(
            edges,
            ReplyProgress(
                self._database, clock, on_work=idle.wake, on_delivered=self.metrics.answer_seconds.observe
            ),
        )
        self.platforms.install(bot, host)
        own = operations(
            labelling=Labelling(
                labels, settings, self.engine, default_knowledge_base=bot.defaults.knowledge_base
            ),
            admins=self.admins,
            letters=Letters(self._database, clock, on_work=idle.wake),
            quarantine=self._quarantine,
            console_link=self._console_link,
            end_logins=self.logins.end,
            database_url=bot.database_url,
        )
        self.operations = {**own, **self.platforms.operations}
        worker = Worker(
            inbox=self.inbox,
            outbox=self.outbox,
            due=self._due,
            clock=clock,
            responder=self.responder,
            platforms=self.platforms.senders,
            response_slots=response_slots,
            metrics=self.metrics,
            on_progress=self.platforms.tell_progress,
            send_slots=SendSlots(bot.workers),
            with_person_known=self.platforms.with_person_known,
        )
        self._workers = Workers(
            worker, idle, inbox=self.inbox, outbox=self.outbox, clock=clock, count=bot.workers
        )
        self._poller = Poller(look=self._due.look, clock=clock, ring=idle.wake)
        self.scheduled_messages = ScheduledMessages(
            places=Places(self._database).all,
            speaks_first=self.platforms.speaks_first,
            settings=settings,
            knowledge_base=self.engine.knowledge_base,
            default_knowledge_base=bot.defaults.knowledge_base,
            accept=self.inbox.accept,
            clock=clock,
            timezone=bot.timezone,
        )
        self.alerts = Alerts(
            (
                Condition(lambda: self.engine.is_away, alerts.ENGINE_AWAY, alerts.ENGINE_BACK),
                *self.platforms.alerts,
            ),
            given_up=self._queues.given_up,
            tell=self.platforms.tell_operators,
            take_news=self.platforms.take_news,
        )
        self.schedule = Schedule(
            timezone=bot.timezone,
            sweep=partial(Retention(self._database, clock).sweep, bot.retention_days),
            look=self._look,
            clock=clock,
        )
        self._health = StoreHealth(self._database, on_log_bytes=self.metrics.store_log_bytes.set)
        self._readiness = Readiness(look=self._due.look, problem=lambda: self._health.problem)
        self.metrics.expect(self._traits)
        self.metrics.watch_queue(self._queues.counts, self._queues.oldest_seconds)
        self.flask: Flask = web.create(self._blueprints(host.clock_watch))

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
            started.enter_context(self._own_folder())
            looking = Loop(self._health.step, PROBE_SECONDS, "store-health")
            parts: list[Part] = [self._database, self.engine, self._workers, self.schedule, looking]
            if not is_sqlite(self._bot):
                parts.append(self._poller)
            if self._owns_folder:
                parts.append(ControlServer(self._bot.data_dir, self.operations))
            parts += self.platforms.parts
            if self._with_web:
                parts.append(self._server())
            for part in parts:
                started.callback(part.stop)
                part.start()
                if part is self._database:
                    # Whatever an earlier life of ours had in hand is free again. On a server
                    # others may be at work: theirs is theirs until its lease is over.
                    self.inbox.rescue(all_leases=is_sqlite(self._bot))
                    self.outbox.rescue(all_leases=is_sqlite(self._bot))
            self._closing = started.pop_all()
        log.info(
            "started",
            extra={"listen": self._bot.listen if self._with_web else "", "engine": self._bot.engine_url},
        )

    def stop(self) -> None:
        """Stop in reverse order."""
        self._readiness.end()
        log.info("stopping")  # and by now nobody is told any more that we are ready
        self._closing.close()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Own the data folder with nothing running but the database: for one operation.

        Raises:
            CannotStart: as `start` does.
        """
        with self._own_folder():
            self._database.start()
            try:
                yield
            finally:
                self._database.stop()

    @contextmanager
    def _own_folder(self) -> Iterator[None]:
        with ExitStack() as owned:
            if self._owns_folder:
                owned.enter_context(exclusive_data_dir(self._bot.data_dir))
            owned.enter_context(only_user(self._bot.database_url))
            try:
                schema.check(self._bot.database_url)
            except SchemaError as unknown:
                raise CannotStart(str(unknown)) from unknown
            yield

    def _host(self, edges: Edges, replies: ReplyProgress) -> Host:
        return Host(
            deployment=Deployment.of(self._bot),
            has_web=self._with_web,
            clock=self._clock,
            clock_watch=ClockWatch(),
            metrics=self.metrics,
            intake=self.intake,
            is_over=self.inbox.is_over,
            replies=replies,
            quarantine=self._quarantine.put_aside,
            content_of=self._documents.content,
            recall=self._read.history.answer,
            language_of=self._language_of,
            elect=partial(election, self._bot.database_url),
            read=self._read,
            personal=self._personal(),
            installations=self._installations,
            transport=edges.platform_transport,
        )

    def _personal(self) -> Personal:
        overview = Overview(self._database, self._clock)
        return Personal(
            channels_of=overview.own_channels,
            questions_of=overview.own_questions,
            is_welcome=lambda person: (
                person.key in self._bot.admins or self.platforms.membership_of(person) is Membership.MEMBER
            ),
            settings=self._read.settings,
            history=self._read.history,
            labels=self._read.labels,
            gaps=self._read.gaps,
            proposals=Proposals(self._database),
            reviews=self._read.reviews,
            engine=self.engine,
            clock=self._clock,
            bot=self._bot,
        )

    def _installations(self, platform: str) -> Installations:
        return Installations(self._database, self._clock, platform, self._sealer)

    def _sealer(self) -> Sealer:
        """A sealer with the configured keys, else with the key in the data folder. Raises OSError."""
        keys = [key.get_secret_value() for key in self._bot.encryption_keys]
        return Sealer(keys or [key_in(self._bot.data_dir)])

    def _language_of(self, channel: Channel) -> Language:
        return self._read.settings.of(channel).language or self._traits[channel.platform].default_language

    def _blueprints(self, signed: ClockWatch) -> list[Blueprint]:
        return [
            operating.blueprint(
                clock=signed,
                reasons_not_ready=self._readiness.reasons_not_ready,
                engine_is_away=lambda: self.engine.is_away,
                metrics=self.metrics,
                paths=self.platforms.paths,
            ),
            console(self._console()),
            files.blueprint(read=self._links.read, find=self._documents.find, pieces=self._documents.pieces),
            *self.platforms.blueprints,
        ]

    def _console_link(self, person: Person) -> str | None:
        """A link that signs this person in to the console; None where it has no safe address."""
        if not Origin(self._bot.public_url).is_usable:
            return None
        return f"{self._bot.public_url}/console/sign-in/{self.logins.new_link(person)}"

    def _console(self) -> Parts:
        overview = Overview(self._database, self._clock)
        return Parts(
            bot=self._bot,
            clock=self._clock,
            engine=self.engine,
            logins=self.logins,
            overview=overview,
            read=ConsoleReads.of(
                self._read,
                Figures(self._database),
                QuestionLog(self._database),
                Proposals(self._database),
            ),
            traits=self._traits,
            rights=Rights(
                channels=overview.channels,
                takes_part_in=overview.takes_part_in,
                named_admins=self._bot.admins,
                is_enrolled=self.admins.includes,
                is_member=lambda person: self.platforms.membership_of(person) is Membership.MEMBER,
            ),
            answer=self._answer_in_console,
            operate=self._operate,
            provider=self._provider(),
            health=Health(
                self._readiness.reasons_not_ready, self._queues.counts, self._queues.oldest_seconds
            ),
        )

    def _provider(self) -> Provider | None:
        console = self._bot.console
        if not console.oidc.issuer:
            return None
        address = f"{self._bot.public_url}{CALLBACK}"
        try:
            return Provider(console.oidc, console.people, address=address, clock=self._clock)
        except ImportError as missing:
            raise CannotStart(
                f"[bot.console.oidc] needs the package {missing.name}: in kbdial's checkout,"
                " `.venv/bin/python -m pip install -e '.[oidc]'` brings it; or leave issuer empty"
            ) from missing

    def _operate(self, name: str, request: Mapping[str, Any]) -> Any:
        try:
            return self.operations[name](request, lambda _: None)
        except LocalError as refusal:
            raise OperationRefused(str(refusal)) from refusal

    def _answer_in_console(self, message: IncomingMessage) -> int:
        """Store what somebody did in the console; its number, once it is answered or ten seconds are over.

        Where we can speak first, a change goes into the room, so that the team sees it. What concerns
        the person alone, such as thanks for a label, stays in the console.
        """
        in_room = self.platforms.speaks_first(message.channel)
        accepted, _ = self.intake.answer_within(
            message,
            wait_seconds=CONSOLE_SECONDS,
            accepts=lambda delivery: delivery.reply.private or not in_room,
        )
        return accepted.item_id

    def _server(self) -> Server:
        try:
            return Server(
                self.flask,
                listen=self._bot.listen,
                threads=self._bot.web_threads,
                body_limit_bytes=web.BODY_LIMIT_BYTES,
            )
        except OSError as taken:
            raise CannotStart(
                f"[bot] listen: {self._bot.listen} cannot be used: {taken.strerror}."
                " Stop what listens there, or choose another address."
            ) from taken

    def _look(self) -> None:
        self.scheduled_messages.look()
        self.alerts.look()


def build(
    config: Config,
    edges: Edges | None = None,
    *,
    with_web: bool = True,
    adapters: Sequence[Adapter[Any]] = ADAPTERS,
) -> App:
    return App(config, edges or Edges(), with_web=with_web, adapters=adapters)
