"""Ports: what a decision needs from outside. The store and the engine client are these in the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import (
    Answer,
    AnsweredQuestion,
    Channel,
    ChannelSettings,
    Found,
    KeptProposal,
    KnowledgeBase,
    Language,
    Person,
    Proposal,
    Query,
    QuestionScores,
    RecordedChange,
    RecordedEntryChange,
    RecordedGap,
    RecordedLabel,
    RecordedQuestion,
    Refreshed,
    ReviewItem,
    ReviewState,
    Setting,
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
)


class Settings(Protocol):
    def of(self, channel: Channel) -> ChannelSettings: ...

    def history(self, channel: Channel, setting: Setting, limit: int) -> tuple[RecordedChange, ...]:
        """Newest first."""

    def between(self, channel: Channel, start: datetime, end: datetime) -> tuple[RecordedChange, ...]:
        """All settings, oldest first."""


class History(Protocol):
    def answer(self, channel: Channel, answer_id: str) -> Answer | None:
        """The stored answer; None for an answer of another channel, too."""

    def answered_question(self, channel: Channel, answer_id: str) -> AnsweredQuestion | None:
        """The same with the scores of its time."""

    def thread_question(self, channel: Channel, thread: str) -> str | None:
        """The first question of this thread that everybody in it saw answered."""

    def recent(
        self, channel: Channel, limit: int, knowledge_base: str | None = None
    ) -> tuple[AnsweredQuestion, ...]:
        """Newest first; of one knowledge base, or of all."""

    def question_scores(
        self, channel: Channel, limit: int, knowledge_base: str | None = None
    ) -> tuple[QuestionScores, ...]:
        """The same without the ids of what was scored."""

    def background(self, knowledge_base: str, limit: int) -> tuple[QuestionScores, ...]:
        """Questions of all channels, newest first, without scores: to count by, never to be shown."""

    def between(
        self, channel: Channel, start: datetime, end: datetime, limit: int
    ) -> tuple[RecordedQuestion, ...]:
        """Oldest first."""


class Labels(Protocol):
    def of(self, channel: Channel, *, knowledge_base: str | None = None) -> tuple[RecordedLabel, ...]:
        """Oldest first."""

    def on(self, channel: Channel, origin: str) -> tuple[RecordedLabel, ...]:
        """The labels of one answer, oldest first."""

    def between(self, channel: Channel, start: datetime, end: datetime) -> tuple[RecordedLabel, ...]:
        """Oldest first."""


class Reviews(Protocol):
    def get(self, channel: Channel, review_id: int) -> ReviewItem | None:
        """The review item; None for an item of another channel, too."""

    def waiting(self, channel: Channel, state: ReviewState, limit: int) -> tuple[ReviewItem, ...]:
        """The oldest."""

    def everything(self, channel: Channel) -> Sequence[ReviewItem]:
        """Oldest first."""

    def counts(self, channel: Channel) -> Mapping[str, int]: ...


class Gaps(Protocol):
    def closed_gaps(self, channel: Channel, knowledge_base: str) -> tuple[RecordedGap, ...]: ...


class Proposals(Protocol):
    def get(self, channel: Channel, number: int) -> KeptProposal | None:
        """The stored proposal; None for one of another channel, too."""

    def find(self, channel: Channel, proposal: Proposal) -> KeptProposal | None:
        """The same proposal as it was kept."""

    def waiting(self, channel: Channel, knowledge_base: str, limit: int) -> tuple[KeptProposal, ...]:
        """The open ones, oldest first."""

    def decisions(self, channel: Channel, limit: int) -> tuple[KeptProposal, ...]:
        """The last decision first."""

    def last_act(self, channel: Channel) -> tuple[KeptProposal, ...]:
        """The proposals of the last message that taught or took back, as far as they still stand."""

    def everything(self, channel: Channel) -> tuple[KeptProposal, ...]:
        """Oldest first."""

    def count_taught(self, channel: Channel, knowledge_base: str, start: datetime, end: datetime) -> int: ...


class EntryChanges(Protocol):
    def of(self, channel: Channel, knowledge_base: str, entry_id: str) -> tuple[RecordedEntryChange, ...]:
        """Oldest first."""


class Admins(Protocol):
    def claim(self, code: str, person: Person) -> bool: ...
    def includes(self, person: Person) -> bool: ...
    def of(self, platform: str, tenant: str) -> Sequence[Person]: ...


class Engine(Protocol):
    """Every method but `loading` raises EngineError."""

    def search(self, query: Query) -> Found: ...
    def knowledge_bases(self) -> tuple[KnowledgeBase, ...]: ...
    def knowledge_base(self, name: str) -> KnowledgeBase: ...
    def add_entries(self, knowledge_base: str, text: str) -> Added: ...
    def add_entry(self, knowledge_base: str, text: str, answer: str) -> Added: ...
    def change_entry(
        self, knowledge_base: str, entry_id: str, *, hash_read: str, answer: str, text: str | None = None
    ) -> ShownEntry: ...
    def remove_entry(self, knowledge_base: str, entry_id: str) -> None: ...
    def refresh(self, knowledge_base: str) -> str: ...
    def refresh_state(self, knowledge_base: str, refresh: str) -> Refreshed | None: ...
    def ready(self) -> Ready: ...
    def loading(self) -> Loading | None: ...
    def entry(self, knowledge_base: str, entry_id: str) -> Entry | None: ...
    def evaluate(
        self, labels: Sequence[Judged], *, precision: float | None, threshold: float, picture: Language | None
    ) -> Evaluated: ...
    def inspect(self, text: str, *, picture: Language | None) -> Inspected: ...
    def groups(self, texts: Sequence[str], similarity: float) -> tuple[tuple[int, ...], ...]: ...
    def find_entries(
        self, knowledge_base: str, text: str, *, limit: int
    ) -> tuple[tuple[Entry, ...], int]: ...
    def show_entry(self, knowledge_base: str, entry_id: str) -> ShownEntry: ...
    def teach(self, knowledge_base: str, entry_id: str, text: str, *, by: str, because: str) -> Taught: ...
    def take_back(self, knowledge_base: str, entry_id: str, wording_id: str) -> None: ...
    def try_texts(self, texts: Sequence[str], query: str, *, steps: Sequence[str], limit: int) -> Tried: ...
