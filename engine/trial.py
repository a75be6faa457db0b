"""Trial searches: a question over a list of texts that comes with it and is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.config import KnowledgeBase
from engine.domain import BadValue, Entry, Match, Query, TooLarge
from engine.encoder.batcher import Batcher
from engine.index.parts import parts_of_all
from engine.index.scan import Scan, ScanIndex
from engine.index.scoring import Question
from engine.index.snapshot import Snapshot
from engine.search import Searcher, is_visible, scale_of
from engine.source.gather import has_words, trim

MOST_TEXTS = 2_000
MOST_BYTES = 256 << 10
# A copy to look at first does not pay for a few rows that are asked once.
_PLAIN = ScanIndex(scanner_on=lambda _device: Scan)


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a trial: `matches` are the best of all `size` entries, `counts` those at each step."""

    model: str
    fingerprint: str
    size: int
    total: int
    best_score: float | None
    counts: tuple[int, ...]
    matches: tuple[Match, ...]


class Trials:
    """Tries questions out, on texts that are given with them or on a knowledge base.

    Texts are scored as a knowledge base that says nothing else would score them.
    """

    def __init__(self, batcher: Batcher, searcher: Searcher) -> None:
        self._batcher = batcher
        self._searcher = searcher
        self._of_texts = KnowledgeBase(name="trial")

    def of_texts(
        self, texts: Sequence[str], query: str, *, steps: tuple[float, ...], threshold: float, limit: int
    ) -> Trial:
        """Over these texts, encoded as search encodes them; their ids are their numbers, from 1 on.

        Raises:
            TooLarge: more texts or bytes than are encoded at once.
            BadValue, NotReady, Overloaded, EncoderFailed
        """
        if len(texts) > MOST_TEXTS or sum(len(text.encode()) for text in texts) > MOST_BYTES:
            raise TooLarge(f"a trial takes at most {MOST_TEXTS} texts of {MOST_BYTES} bytes in all")
        held = [
            Entry(id=f"{number:04d}", text=said)
            for number, text in enumerate(texts, 1)
            if has_words(said := trim(text))
        ]
        if not held:
            raise BadValue("texts must hold a letter or a digit somewhere")
        vector = self._batcher.encode_question(_visible(query))
        parts = parts_of_all(held)
        vectors = self._batcher.encode_entries([*(entry.text for entry in held), *parts.texts])
        snapshot = Snapshot.of(
            id="trial",
            knowledge_base="trial",
            created=datetime.now(UTC),
            model=self._batcher.identity,
            entries=held,
            vectors=vectors,
            index=_PLAIN,
            parts=parts,
        )
        question = Question(query, vector, threshold, limit, scoring=self._of_texts.scoring, steps=steps)
        [found] = snapshot.answers([question])
        return Trial(
            model=snapshot.model.name,
            fingerprint=scale_of(snapshot.model.fingerprint, self._of_texts),
            size=len(held),
            total=found.total,
            best_score=found.best_score,
            counts=found.counts,
            matches=found.matches,
        )

    def of_knowledge_base(
        self, name: str, query: str, *, steps: tuple[float, ...], threshold: float | None, limit: int
    ) -> Trial:
        """Over what is served; `threshold` None: the knowledge base's own.

        Raises what the searcher raises.
        """
        answer = self._searcher.search(Query(query, name, threshold=threshold, limit=limit, steps=steps))
        return Trial(
            model=answer.model,
            fingerprint=answer.fingerprint,
            size=self._searcher.snapshot_of(name).size,
            total=answer.total,
            best_score=answer.best_score,
            counts=answer.counts or (),
            matches=answer.matches,
        )


def _visible(query: str) -> str:
    if not is_visible(query):
        raise BadValue("query must hold at least one visible character")
    return query
