"""A responder at its desk: over a real store, with an engine on paper. For the tests of what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from bot.config import Bot
from bot.domain import (
    Action,
    Answer,
    Channel,
    EngineError,
    FailedSource,
    Found,
    InboxItem,
    IncomingMessage,
    KnowledgeBase,
    Language,
    LeftOut,
    Match,
    Membership,
    MessageKey,
    Outcome,
    Person,
    Query,
    Refreshed,
    Surface,
    Text,
)
from bot.engine_client import (
    Added,
    Entry,
    Evaluated,
    Inspected,
    Judged,
    Loading,
    Ready,
    ShownEntry,
    Taught,
    Tried,
    Wording,
)
from bot.engine_client.shapes import read_json
from bot.platforms.registry import TRAITS
from bot.responder import Responder
from bot.store import Admins
from engine.evaluation import Label as Weighed
from engine.evaluation import evaluate
from engine.evaluation.report import EvaluateResponse
from tests.bot.store.building import HandClock, Store

ANN = Person("slack", "T1", "U1", "Ann")
BOB = Person("slack", "T1", "U2", "Bob")
ROOM = Channel("slack", "T1", "C1")
NEXT_DOOR = Channel("slack", "T1", "C2")
WECOM = Channel("wecom", "support", "g1")

FRUIT = {
    "e1": ("Lemons are sour. They grow in Sicily.", 0.82),
    "e2": ("Limes are sour too", 0.71),
    "e3": ("Figs", 0.45),
}


@dataclass
class FakeEngine:
    """An engine that gives every entry the score written beside it, or in `scores_for` for this question."""

    clock: HandClock
    away: bool = False
    is_loading: Loading | None = None
    progress: tuple[int, int] | None = None
    model: str = "paper"
    fingerprint: str = ""
    snapshot: str = "s1"
    knows_keywords: bool = False
    entries: dict[str, tuple[str, float]] = field(default_factory=lambda: dict(FRUIT))
    scores_for: dict[str, dict[str, float]] = field(default_factory=dict)
    thresholds: dict[str, float | None] = field(default_factory=lambda: {"default": None, "shop": 0.6})
    asked: list[Query] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)
    refreshes: list[Refreshed | None] = field(
        default_factory=lambda: [Refreshed("r1", "running"), Refreshed("r1", "done", read=3, kept=3)]
    )
    answers: dict[str, str] = field(default_factory=dict)
    taught: dict[str, tuple[Wording, ...]] = field(default_factory=dict)
    failed: tuple[FailedSource, ...] = ()
    left_out: int = 0
    first_left_out: tuple[LeftOut, ...] = ()
    add_result: Added = field(default_factory=lambda: Added((Entry("m1", "pear"),), refresh="r1"))

    def _answer(self) -> None:
        if self.away:
            raise EngineError("away", "unplugged")

    def search(self, query: Query) -> Found:
        known = self.knowledge_base(query.knowledge_base)
        if query.keyword_weight and not self.knows_keywords:
            raise EngineError("refused", "the engine answered 422")
        if query.snapshot not in {"", self.snapshot}:
            raise EngineError("snapshot_gone", query.snapshot)
        self.asked.append(query)
        threshold = 0.4 if query.threshold is None else query.threshold
        own = self.scores_for.get(query.text, {})
        scored = {
            entry_id: (text, 1.0 if self._wording(entry_id, query.text) else own.get(entry_id, score))
            for entry_id, (text, score) in self.entries.items()
        }
        ranked = sorted(scored.items(), key=lambda entry: -entry[1][1])
        passing = [(entry_id, text, score) for entry_id, (text, score) in ranked if score >= threshold]
        shown = passing[query.offset : query.offset + query.limit]
        return Found(
            knowledge_base=query.knowledge_base,
            snapshot=self.snapshot,
            snapshot_at=known.snapshot_at,
            model=self.model,
            threshold=threshold,
            total=len(passing),
            best_score=ranked[0][1][1] if ranked else None,
            matches=tuple(
                Match(
                    query.offset + 1 + at, entry_id, text, score, wording=self._wording(entry_id, query.text)
                )
                for at, (entry_id, text, score) in enumerate(shown)
            ),
            scores=tuple((entry_id, score) for entry_id, (_, score) in ranked),
            fingerprint=self.fingerprint,
            groups=len(passing) if query.collapse else None,
        )

    def knowledge_bases(self) -> tuple[KnowledgeBase, ...]:
        return tuple(map(self.knowledge_base, self.thresholds))

    def knowledge_base(self, name: str) -> KnowledgeBase:
        self._answer()
        if name not in self.thresholds:
            raise EngineError("unknown_knowledge_base", name)
        return KnowledgeBase(
            name=name,
            size=len(self.entries),
            threshold=self.thresholds[name],
            snapshot="s1",
            snapshot_at=self.clock.now() - timedelta(minutes=5),
            model=self.model,
            dimension=512,
            refreshing=self.progress is not None,
            progress=self.progress,
            next_refresh=self.clock.now() + timedelta(minutes=25),
            fingerprint=self.fingerprint,
            failed=self.failed,
            left_out=self.left_out,
            first_left_out=self.first_left_out,
        )

    def add_entries(self, knowledge_base: str, text: str) -> Added:
        self._answer()
        self.added.append((knowledge_base, text))
        return self.add_result

    def add_entry(self, knowledge_base: str, text: str, answer: str) -> Added:
        return self.add_entries(knowledge_base, f"{text} => {answer}")

    def change_entry(
        self, knowledge_base: str, entry_id: str, *, hash_read: str, answer: str, text: str | None = None
    ) -> ShownEntry:
        """ "read" is a hash of every entry; e3 is not managed."""
        entry = self.show_entry(knowledge_base, entry_id)
        if entry_id == "e3":
            raise EngineError("foreign_entry", "it comes from fruit.txt")
        if hash_read not in {"read", entry.hash}:
            raise EngineError("entry_changed", entry_id, details={"text": "Limes", "answer": "Theirs"})
        self.answers[entry_id] = answer
        return replace(entry, text=text or entry.text, answer=answer, refresh="r1")

    def remove_entry(self, knowledge_base: str, entry_id: str) -> None:
        self._answer()
        if entry_id == "file:1":
            raise EngineError("foreign_entry", "it comes from fruit.txt")
        if entry_id not in self.entries:
            raise EngineError("unknown_entry", entry_id)

    def refresh(self, knowledge_base: str) -> str:
        self.knowledge_base(knowledge_base)
        return "r1"

    def refresh_state(self, knowledge_base: str, refresh: str) -> Refreshed | None:
        """One after the other; the last is said again and again."""
        self._answer()
        return self.refreshes.pop(0) if len(self.refreshes) > 1 else self.refreshes[0]

    def ready(self) -> Ready:
        self._answer()
        return Ready("cpu", "paper")

    def loading(self) -> Loading | None:
        return self.is_loading

    def entry(self, knowledge_base: str, entry_id: str) -> Entry | None:
        self.knowledge_base(knowledge_base)
        return Entry(entry_id, self.entries[entry_id][0]) if entry_id in self.entries else None

    def evaluate(
        self, labels: Sequence[Judged], *, precision: float | None, threshold: float, picture: Language | None
    ) -> Evaluated:
        """The real mathematics, without the way to them; the picture is no picture."""
        self._answer()
        weighed = [Weighed(label.score, label.relevant, label.question) for label in labels]
        found = evaluate(weighed, precision=precision, current=threshold)
        body = EvaluateResponse.of(found, 200, b"png" if picture else None)
        return read_json(Evaluated, body.model_dump_json())

    def inspect(self, text: str, *, picture: Language | None) -> Inspected:
        self._answer()
        values = (0.6, -0.8)
        return Inspected(
            self.model,
            2,
            1.0,
            values,
            (-0.8, -0.1, 0.6),
            (1, 1),
            len(text.split()),
            b"png" if picture else None,
        )

    def groups(self, texts: Sequence[str], similarity: float) -> tuple[tuple[int, ...], ...]:
        """The groups of texts, as positions: those with the same first word."""
        self._answer()
        firsts = [text.split()[0] for text in texts]
        return tuple(
            tuple(at for at, first in enumerate(firsts) if first == word) for word in dict.fromkeys(firsts)
        )

    def show_entry(self, knowledge_base: str, entry_id: str) -> ShownEntry:
        self.knowledge_base(knowledge_base)
        if entry_id not in self.entries:
            raise EngineError("unknown_entry", entry_id)
        text = self.entries[entry_id][0]
        answer = self.answers.get(entry_id)
        version = sha256(f"{text} {answer}".encode()).hexdigest()
        return ShownEntry(
            entry_id,
            text,
            version,
            answer,
            source=self._source(entry_id),
            wordings=self.taught.get(entry_id, ()),
        )

    def find_entries(self, knowledge_base: str, text: str, *, limit: int) -> tuple[tuple[Entry, ...], int]:
        self.knowledge_base(knowledge_base)
        found = [Entry(each, held) for each, (held, _) in self.entries.items() if text in held]
        return tuple(found[:limit]), len(found)

    def teach(self, knowledge_base: str, entry_id: str, text: str, *, by: str, because: str) -> Taught:
        own = self.show_entry(knowledge_base, entry_id).wordings
        for holder in self.entries:
            if self._wording(holder, text) or self.entries[holder][0] == text:
                raise EngineError("wording_taken", text, details={"entry": holder})
        made = Wording(text, f"w{len(own) + 1}", by, because, self.clock.now())
        self.taught[entry_id] = (*own, made)
        return Taught(f"w{len(own) + 1}", entry_id, text, "r1")

    def take_back(self, knowledge_base: str, entry_id: str, wording_id: str) -> None:
        self.knowledge_base(knowledge_base)
        own = self.taught.get(entry_id, ())
        if wording_id not in {each.id for each in own}:
            raise EngineError("unknown_wording", wording_id)
        self.taught[entry_id] = tuple(each for each in own if each.id != wording_id)

    def try_texts(self, texts: Sequence[str], query: str, *, steps: Sequence[str], limit: int) -> Tried:
        self._answer()
        score = 1.0 if query in texts else 0.0
        return Tried(self.model, len(texts), 1, (), score, (Match(1, "t1", texts[0], score),))

    @staticmethod
    def _source(entry_id: str) -> str:
        return "/srv/kb/fruit.txt" if entry_id == "e3" else "managed"

    def _wording(self, entry_id: str, text: str) -> str | None:
        return next((each.text for each in self.taught.get(entry_id, ()) if each.text == text), None)


class ResponderRig:
    """A responder over a real store: what is decided is kept, so the next message sees it."""

    def __init__(self, store: Store, clock: HandClock, bot: Bot) -> None:
        self.store = store
        self.clock = clock
        self.engine = FakeEngine(clock)
        self.admins = Admins(store.database, clock)
        self.waited: list[float] = []
        self._number = 0
        self.responder = Responder(
            settings=store.settings,
            history=store.history,
            labels=store.labels,
            reviews=store.reviews,
            gaps=store.gaps,
            proposals=store.proposals,
            entry_changes=store.entry_changes,
            engine=self.engine,
            clock=clock,
            bot=bot,
            new_id=lambda: f"a{self._number}",
            console_link=lambda person: f"https://kb.example.com/console/sign-in/{person.id}",
            link_to=lambda document_id: f"https://kb.example.com/console/export/{document_id}",
            traits=TRAITS,
            admins=self.admins,
            waiting=lambda: 0,
            speaks_first=lambda _: True,
            wait=self.waited.append,
        )

    def message(self, text: str = "", **parts: Any) -> IncomingMessage:
        self._number += 1
        plain = IncomingMessage(
            channel=ROOM,
            person=ANN,
            keys=(MessageKey("event", str(self._number)),),
            surface=Surface.MESSAGE,
            text=text,
            mentioned=True,
            membership=Membership.MEMBER,
        )
        return replace(plain, **parts)

    def hear(self, message: IncomingMessage) -> Outcome:
        self.store.inbox.accept(message)
        item = self.store.inbox.claim()
        assert item is not None
        outcome = self.responder.reply_to(item)
        for delivery in self.store.inbox.complete(item, outcome):
            self.store.outbox.complete(delivery, "receipt")
        return outcome

    def decide(self, message: IncomingMessage) -> Outcome:
        """The outcome for a message that is not stored."""
        return self.responder.reply_to(InboxItem(1, message, lease=1, attempt=1))

    def say(self, text: str, **parts: Any) -> str:
        """The text of the one reply to a message."""
        (reply,) = self.hear(self.message(text, **parts)).replies
        assert isinstance(reply, Text)
        return reply.body

    def ask(self, text: str, **parts: Any) -> Answer:
        reply = self.hear(self.message(text, **parts)).replies[0]
        assert isinstance(reply, Answer)
        return reply

    def click(self, action: Action, **parts: Any) -> Outcome:
        return self.hear(self.message(surface=Surface.ACTION, action=action, **parts))

    def threshold(self, channel: Channel = ROOM) -> Decimal | None:
        return self.store.settings.of(channel).threshold
