"""One question: its vector, one snapshot, one answer. Nothing here knows HTTP."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.config import FALLBACK_THRESHOLD, KnowledgeBase
from engine.domain import (
    BadValue,
    NotReady,
    Query,
    SearchAnswer,
    SnapshotBehind,
    SnapshotGone,
    UnknownKnowledgeBase,
)
from engine.encoder.batcher import Batcher
from engine.index.scoring import Question
from engine.index.snapshot import Found, Scored, Snapshot, Vectors
from engine.source.gather import has_words
from engine.storage.snapshot_store import SnapshotStore


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query with all that its answer depends on, taken once."""

    query: Query
    snapshot: Snapshot
    threshold: float
    knowledge_base: KnowledgeBase

    @property
    def instruction(self) -> str | None:
        return self.knowledge_base.instruction or None

    def as_question(self, vector: Vectors) -> Question:
        query = self.query
        return Question(
            text=query.text,
            vector=np.asarray(vector, np.float32),
            threshold=self.threshold,
            limit=query.limit,
            offset=query.offset,
            keep=query.keep,
            keyword_weight=query.keyword_weight,
            scoring=self.knowledge_base.scoring,
            collapse=query.collapse,
            steps=query.steps,
        )


@dataclass(frozen=True, slots=True)
class Answerable:
    """A query with what it matches. Its answer is yet to be written out, which takes as long as it is."""

    asked: _Asked
    scored: Scored | None

    @property
    def size(self) -> int:
        """The number of rows that the answer is made from."""
        return self.scored.size if self.scored else 0

    def answer(self) -> SearchAnswer:
        query, snapshot, found = self.asked.query, self.asked.snapshot, self._find_results()
        return SearchAnswer(
            knowledge_base=query.knowledge_base,
            snapshot=snapshot.id,
            snapshot_at=snapshot.checked_at,
            model=snapshot.model.name,
            threshold=self.asked.threshold,
            total=found.total,
            best_score=found.best_score,
            matches=found.matches,
            scores=found.scores if query.keep else None,
            fingerprint=scale_of(snapshot.model.fingerprint, self.asked.knowledge_base),
            counts=found.counts if query.steps else None,
            groups=found.groups,
            snapshot_number=snapshot.number,
        )

    def _find_results(self) -> Found:
        if self.scored:
            return self.asked.snapshot.page(self.scored)
        # Marks alone mean nothing, and would be near to any short text.
        query = self.asked.query
        return Found((), 0, None, (), (0,) * len(query.steps or ()), groups=0 if query.collapse else None)


def _score_all(asked: Sequence[_Asked], vectors: Vectors) -> list[Scored]:
    """Score them all: one pass over a snapshot for all that are asked of it."""
    scored: dict[int, Scored] = {}
    snapshots = {id(one.snapshot): one.snapshot for one in asked}
    for key, snapshot in snapshots.items():
        places = [place for place, one in enumerate(asked) if id(one.snapshot) == key]
        questions = [asked[place].as_question(vectors[place]) for place in places]
        scored.update(zip(places, snapshot.score(questions), strict=True))
    return [scored[place] for place in range(len(asked))]


class Searcher:
    """Answers questions while snapshots come and go: each from the one it found when it began."""

    def __init__(
        self,
        knowledge_bases: Mapping[str, KnowledgeBase],
        snapshot_stores: Mapping[str, SnapshotStore],
        batcher: Batcher,
    ) -> None:
        self._knowledge_bases = knowledge_bases
        self._snapshot_stores = snapshot_stores
        self._batcher = batcher

    def search(self, query: Query) -> SearchAnswer:
        """Every entry that means the same, as far as the query wants to see them.

        Raises:
            BadValue, UnknownKnowledgeBase, NotReady, SnapshotBehind, SnapshotGone, Overloaded, EncoderFailed
        """
        asked = self._take(query)
        if not has_words(query.text):
            return Answerable(asked, None).answer()
        scored = self._batcher.find(query.text, asked, _score_all, instruction=asked.instruction)
        return Answerable(asked, scored).answer()

    async def search_soon(self, query: Query) -> Answerable:
        """Search without blocking the event loop; the answer is not written out yet."""
        asked = self._take(query)
        if not has_words(query.text):
            return Answerable(asked, None)
        scored = await self._batcher.find_soon(query.text, asked, _score_all, instruction=asked.instruction)
        return Answerable(asked, scored)

    def _take(self, query: Query) -> _Asked:
        if not is_visible(query.text):
            raise BadValue("query must hold at least one visible character")
        snapshot = self.snapshot_of(query.knowledge_base)
        _require_wanted(query, snapshot)
        knowledge_base = self._knowledge_bases[query.knowledge_base]
        threshold = query.threshold
        if threshold is None:
            threshold = knowledge_base.threshold
        if threshold is None:
            threshold = FALLBACK_THRESHOLD
        return _Asked(query, snapshot, threshold, knowledge_base)

    def snapshot_of(self, knowledge_base: str) -> Snapshot:
        """The snapshot that questions are answered from now.

        Raises:
            UnknownKnowledgeBase: there is none of that name.
            NotReady: it has no snapshot yet, or one made by another model.
        """
        if knowledge_base not in self._snapshot_stores:
            names = ", ".join(f'"{name}"' for name in self._snapshot_stores)
            raise UnknownKnowledgeBase(f'there is no knowledge base "{knowledge_base}", only {names}')
        snapshot = self._snapshot_stores[knowledge_base].current
        if snapshot is None:
            raise NotReady(f'knowledge base "{knowledge_base}" has no snapshot yet')
        model = self._batcher.identity
        if snapshot.model.fingerprint != model.fingerprint:
            raise NotReady(
                f'knowledge base "{knowledge_base}" was made with {snapshot.model.name} under other settings'
                f" and must be refreshed for {model.name}"
            )
        return snapshot


def _require_wanted(query: Query, snapshot: Snapshot) -> None:
    """Raises SnapshotBehind and SnapshotGone."""
    if query.snapshot == snapshot.id:
        return
    if query.min_snapshot is not None and snapshot.number < query.min_snapshot:
        raise SnapshotBehind(
            f"wanted snapshot number {query.min_snapshot} or later, number {snapshot.number} is served here"
        )
    if query.snapshot is not None:
        raise SnapshotGone(f'snapshot "{query.snapshot}" is not served any more, but "{snapshot.id}" is')


def scale_of(fingerprint: str, knowledge_base: KnowledgeBase) -> str:
    """The scale of scores: the model, and what this knowledge base does to them besides.

    Scores of different scales are not to be compared, and no threshold outlives its own.
    """
    is_plain = knowledge_base.search == ("text",)
    if not knowledge_base.instruction and knowledge_base.scoring == "cosine" and is_plain:
        return fingerprint
    parts = f"{fingerprint}\x00{knowledge_base.instruction}\x00{knowledge_base.scoring}"
    if not is_plain:
        parts += "\x00" + ",".join(knowledge_base.search)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def is_visible(text: str) -> bool:
    """Whether there is anything to see: more than blanks, controls and invisible marks."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)
