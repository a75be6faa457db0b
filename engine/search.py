"""One question: its vector, one snapshot, one answer. Nothing here knows HTTP."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping

from engine.config import FALLBACK_THRESHOLD, KnowledgeBase
from engine.domain import BadValue, NotReady, Query, SearchAnswer, SnapshotGone, UnknownKnowledgeBase
from engine.encoder.batcher import Batcher
from engine.index.scoring import Question
from engine.index.snapshot import Found, Snapshot
from engine.source.gather import has_words
from engine.storage.snapshot_store import SnapshotStore


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
            BadValue, UnknownKnowledgeBase, NotReady, SnapshotGone, Overloaded, EncoderFailed
        """
        if not is_visible(query.text):
            raise BadValue("query must hold at least one visible character")
        snapshot = self.snapshot_of(query.knowledge_base)
        if query.snapshot not in {None, snapshot.id}:
            raise SnapshotGone(f'snapshot "{query.snapshot}" is not served any more, but "{snapshot.id}" is')
        threshold = query.threshold
        if threshold is None:
            threshold = self._knowledge_bases[query.knowledge_base].threshold
        if threshold is None:
            threshold = FALLBACK_THRESHOLD
        knowledge_base = self._knowledge_bases[query.knowledge_base]
        if has_words(query.text):
            found = self._found(query, snapshot, threshold, knowledge_base)
        else:  # marks alone mean nothing, and would be near to any short text
            counts = (0,) * len(query.steps or ())
            found = Found((), 0, None, (), counts, groups=0 if query.collapse else None)
        return SearchAnswer(
            knowledge_base=query.knowledge_base,
            snapshot=snapshot.id,
            snapshot_at=snapshot.checked_at,
            model=snapshot.model.name,
            threshold=threshold,
            total=found.total,
            best_score=found.best_score,
            matches=found.matches,
            scores=found.scores if query.keep else None,
            fingerprint=scale_of(snapshot.model.fingerprint, knowledge_base),
            counts=found.counts if query.steps else None,
            groups=found.groups,
        )

    def _found(
        self, query: Query, snapshot: Snapshot, threshold: float, knowledge_base: KnowledgeBase
    ) -> Found:
        vector = self._batcher.encode_question(query.text, instruction=knowledge_base.instruction or None)
        question = Question(
            text=query.text,
            vector=vector,
            threshold=threshold,
            limit=query.limit,
            offset=query.offset,
            keep=query.keep,
            keyword_weight=query.keyword_weight,
            scoring=knowledge_base.scoring,
            collapse=query.collapse,
            steps=query.steps,
        )
        [found] = snapshot.answers([question])
        return found

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


def scale_of(fingerprint: str, knowledge_base: KnowledgeBase) -> str:
    """What scores are measured by: the model, and what this knowledge base does to them besides.

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
