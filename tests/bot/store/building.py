"""Messages, answers and a store over a real database, for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from bot.domain import (
    Answer,
    Channel,
    Clock,
    IncomingMessage,
    Membership,
    MessageKey,
    Person,
    Surface,
    Text,
)
from bot.store import (
    Database,
    Documents,
    DueLookup,
    EntryChanges,
    Gaps,
    History,
    Inbox,
    Labels,
    Letters,
    Outbox,
    Places,
    Proposals,
    Quarantine,
    Retention,
    Reviews,
    Settings,
)
from tests.support.migrated import migrate_by_copy

ANN = Person("slack", "T1", "U1", "Ann")
BOB = Person("slack", "T1", "U2", "Bob")
ROOM = Channel("slack", "T1", "C1")
OTHER_ROOM = Channel("slack", "T1", "C2")
HELLO = Text("hello", "en")

# A disk that stands still while the machine is busy is no test's subject but of those that say so.
PATIENT_SECONDS = 20.0
PROGRAMS_SECONDS = 1.5
"""How long the program itself waits for its database."""


class HandClock(Clock):
    """Stands still until it is told to go on."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.seconds = start
        super().__init__(wall=lambda: self.seconds, monotonic=lambda: self.seconds)

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds


class Store:
    """Everything over one database, as `app` builds it."""

    def __init__(
        self, url: str, clock: Clock, jitter: float = 0.5, *, busy_seconds: float = PATIENT_SECONDS
    ) -> None:
        self.clock = clock
        self.rings = 0
        self.database = Database(url, busy_seconds=busy_seconds)
        self.database.start()
        self.inbox = Inbox(self.database, clock, on_work=self._ring)
        self.outbox = Outbox(self.database, clock, on_work=self._ring, jitter=lambda: jitter)
        self.due = DueLookup(self.database)
        self.settings = Settings(self.database)
        self.history = History(self.database)
        self.labels = Labels(self.database, clock)
        self.reviews = Reviews(self.database)
        self.gaps = Gaps(self.database)
        self.proposals = Proposals(self.database)
        self.entry_changes = EntryChanges(self.database)
        self.places = Places(self.database)
        self.documents = Documents(self.database, clock)
        self.letters = Letters(self.database, clock, on_work=self._ring)
        self.quarantine = Quarantine(self.database, clock)
        self.retention = Retention(self.database, clock)

    def _ring(self) -> None:
        self.rings += 1


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@contextmanager
def a_store(
    path: Path, clock: Clock, *, jitter: float = 0.5, busy_seconds: float = PATIENT_SECONDS
) -> Iterator[Store]:
    if not path.exists():
        migrate_by_copy(url_of(path))
    with a_store_at(url_of(path), clock, jitter=jitter, busy_seconds=busy_seconds) as store:
        yield store


@contextmanager
def a_store_at(
    url: str, clock: Clock, *, jitter: float = 0.5, busy_seconds: float = PATIENT_SECONDS
) -> Iterator[Store]:
    store = Store(url, clock, jitter, busy_seconds=busy_seconds)
    try:
        yield store
    finally:
        store.database.stop()


def a_message(
    name: str = "1",
    *,
    channel: Channel = ROOM,
    person: Person = ANN,
    text: str = "hello",
    keys: tuple[MessageKey, ...] = (),
    membership: Membership = Membership.MEMBER,
) -> IncomingMessage:
    return IncomingMessage(
        channel=channel,
        person=person,
        keys=keys or (MessageKey("event", name),),
        surface=Surface.MESSAGE,
        text=text,
        address={"thread": name},
        membership=membership,
    )


def an_answer(name: str = "a1", *, question: str = "pears?", threshold: str = "0.40") -> Answer:
    return Answer(
        id=name,
        question=question,
        language="en",
        matches=(),
        total=0,
        best_score=0.31,
        threshold=Decimal(threshold),
        threshold_source="default",
        limit=5,
        knowledge_base="default",
        snapshot="s1",
        snapshot_at=None,
        model="small",
    )
