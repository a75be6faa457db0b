"""A knowledge base at one moment: its entries, a unit vector for each, and the search over them.

A snapshot never changes. Whoever holds one may go on asking it while newer ones are
published. Nothing here knows how it is stored or which model made the vectors.

Where the vectors are: `engine.index.protocol`. What a cosine is: `engine.index.score`. What becomes
of it and of keywords: `engine.index.scoring`.
A score is a double-precision number and is compared, shown and stored as it was computed;
it does not depend on how many entries or questions are looked at together, so a score can
be set as a threshold and finds its entry again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain import Dropped, EncoderFailed, Entry, Match, Other
from engine.index.entry_table import StoredEntries
from engine.index.exact_texts import SameTexts
from engine.index.keywords import Keywords
from engine.index.parts import Parts, extras_of, parts_of_extra
from engine.index.passage_max import BestPassage, Passages
from engine.index.passage_splitter import passages_of
from engine.index.protocol import EarlierRows, Index, Place, RowSearch, Search
from engine.index.scoring import Question, QuestionResult, ScoredRows, Scoring, score_questions

Vectors = NDArray[np.float32]

UNIT_TOLERANCE = 1e-3
ALSO_SHOWN = 5
"""Entries with the same answer that are named beside the match they were collapsed into."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The model that made a vector, and its settings. Only vectors of equal fingerprints may be compared."""

    name: str
    dimension: int
    fingerprint: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The page of matches that was asked for, and what was counted on the way."""

    matches: tuple[Match, ...]
    total: int
    best_score: float | None
    scores: tuple[tuple[str, float], ...]
    counts: tuple[int, ...] = ()
    groups: int | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A question and what it matches; None in a snapshot of nothing."""

    question: Question
    result: QuestionResult | None

    @property
    def size(self) -> int:
        """The number of rows that the page is made from."""
        return 0 if self.result is None else len(self.result.hits.rows)


@dataclass(frozen=True, slots=True)
class PreviousRows:
    """An older snapshot of the same model, and for each new row the old one with the same text, or -1."""

    snapshot: Snapshot
    rows: NDArray[np.intp]


@dataclass(frozen=True)
class Snapshot:
    """Entries in the order of their ids, and row by row their vectors in an index.

    `created` is when it was made, `checked_at` when the sources were last found to say
    the same. `same_texts` finds rows by their texts, `scan` by their vectors, `keywords` by
    their words, and `passages` by the vectors of what long entries are cut into and of what else
    they say, None when there is none of these. `number` is given by whoever publishes it. Use `of`
    to make one: it sorts, checks, hands the vectors to the index and makes what is missing.
    """

    id: str
    knowledge_base: str
    created: datetime
    checked_at: datetime
    model: ModelIdentity
    entries: StoredEntries
    same_texts: SameTexts = field(repr=False, compare=False)
    scan: RowSearch = field(repr=False, compare=False)
    keywords: Keywords = field(repr=False, compare=False)
    passages: Passages | None = field(default=None, repr=False, compare=False)
    read: int = 0
    dropped: tuple[Dropped, ...] = ()
    number: int = field(default=0, compare=False)

    @classmethod
    def of(
        cls,
        *,
        id: str,  # noqa: A002 - the field's name
        knowledge_base: str,
        created: datetime,
        model: ModelIdentity,
        entries: Sequence[Entry],
        vectors: Vectors,
        index: Index,
        parts: Parts | None = None,
        before: PreviousRows | None = None,
        read: int = 0,
        dropped: tuple[Dropped, ...] = (),
    ) -> Snapshot:
        """Sort by id, check every vector, and freeze. StoredEntries are sorted already.

        `parts` are those of the entries in the order of their ids; `vectors` has a row for each entry,
        and then one for each part. What searches is made anew only for the rows that are not from `before`.

        Raises:
            EncoderFailed: a vector is not finite, not of unit length or not of the model's width.
            ValueError: two entries have one id, or there are not as many vectors as entries and parts.
            EngineError: the index cannot take them.
        """
        count = len(entries)
        if count + (len(parts.texts) if parts else 0) != len(vectors):
            raise ValueError(f"{count} entries with {len(vectors)} vectors")
        ordered, rows = _in_order(entries, check_vectors(vectors, model.dimension)[:count])
        passages = None
        if parts and parts.texts:
            others = index.build(Place(id, "passages"), _freeze(vectors[count:]))
            passages = Passages.of(parts.starts, others, parts.extra_starts)
        keywords, same_texts = _what_searches(Texts(ordered, passages), before)
        earlier = EarlierRows(before.snapshot.scan, before.rows) if before else None
        return cls(
            id=id,
            knowledge_base=knowledge_base,
            created=created,
            checked_at=created,
            model=model,
            entries=ordered,
            same_texts=same_texts,
            scan=index.build(Place(id), _freeze(rows), earlier),
            keywords=keywords,
            passages=passages,
            read=read,
            dropped=dropped,
        )

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def search(self) -> Search:
        """The search that finds entries by their vectors."""
        return BestPassage(self.scan, self.passages) if self.passages else self.scan

    @property
    def vectors(self) -> Vectors:
        """A row for each entry: all of them in memory, so of a small snapshot alone."""
        return _freeze(self.scan.take(np.arange(self.size)))

    def problem(self) -> str:
        """The reason it cannot be searched now, as a sentence; "" where it can. May take seconds."""
        return self.scan.problem() or (self.passages.scan.problem() if self.passages else "")

    def beside_model(self, index: Index) -> Snapshot:
        """The same, now that this index knows where the model runs."""
        passages = self.passages and replace(self.passages, scan=index.beside_model(self.passages.scan))
        return replace(self, scan=index.beside_model(self.scan), passages=passages)

    def is_found_by(self, parts: Parts) -> bool:
        """Whether these are the parts of its entries."""
        if not self.passages:
            return not parts.texts
        return np.array_equal(self.passages.starts, parts.starts) and np.array_equal(
            self.passages.extra_starts if self.passages.extra_starts is not None else (),
            parts.extra_starts if parts.extra_starts is not None else (),
        )

    def entry_of(self, text: int) -> int:
        """The row of the entry that this text is of."""
        owners = self.passages.entry_of if self.passages else None
        return text if owners is None else int(owners[text])

    def text(self, number: int) -> str:
        """The entries' own texts are those of their rows; their other wordings come after."""
        if number < self.size:
            return self.entries[number].text
        row, place = self._extra(number)
        return extras_of(self.entries[row], answers=True)[place]

    def embedded_passages(self) -> Iterator[tuple[str, Vectors]]:
        """Every passage and other wording, and its vector."""
        if not self.passages:
            return
        starts, extra_starts = self.passages.starts, self.passages.extra_starts
        long = np.flatnonzero(np.diff(starts[: self.size + 1])).tolist()
        own = (passage for row in long for passage in passages_of(self.entries[row].text))
        first_other = int(starts[self.size])
        yield from zip(own, self.passages.take(0, first_other), strict=True)
        if extra_starts is None:
            return
        counts = np.diff(extra_starts)
        others = (
            part
            for row in np.flatnonzero(counts).tolist()
            for text in extras_of(self.entries[row], answers=True)[: counts[row]]
            for part in parts_of_extra(text)
        )
        yield from zip(others, self.passages.take(first_other, int(starts[-1])), strict=True)

    def matches(
        self,
        text: str,
        vector: Vectors,
        *,
        threshold: float,
        limit: int,
        offset: int = 0,
        keep: int = 0,
        keyword_weight: float = 0.0,
        scoring: Scoring = "cosine",
    ) -> Found:
        """Every entry at or above `threshold`, best first, equal scores in the order of their ids.

        `text` is the question as it was asked: entries that say the same, letter for
        letter after NFKC and trimming, score exactly 1.
        """
        return self.answers(
            [Question(text, vector, threshold, limit, offset, keep, keyword_weight, scoring)]
        )[0]

    def answers(self, questions: Sequence[Question]) -> list[Found]:
        """The pages of matches for several questions, from one pass over the vectors."""
        return [self.page(scored) for scored in self.score(questions)]

    def score(self, questions: Sequence[Question]) -> list[Scored]:
        """Score all of these in one pass over the vectors."""
        if not self.size:
            return [Scored(one, None) for one in questions]
        asked = [replace(one, exact_rows=self.same_texts.rows(one.text, self.text)) for one in questions]
        owners = self.passages.entry_of if self.passages else None
        found = score_questions(self.search, self.keywords, asked, entry_of=owners)
        return list(map(Scored, asked, found))

    def page(self, scored: Scored) -> Found:
        """The page that a question wants to see of what it matches."""
        one, found = scored.question, scored.result
        if found is None:
            return Found((), 0, None, (), (0,) * len(one.steps), groups=0 if one.collapse else None)
        best = list(zip(found.best.rows.tolist(), found.best.scores.tolist(), strict=True))
        groups = self._groups(found.hits) if one.collapse else [[at] for at in range(len(found.hits.rows))]
        shown = enumerate(groups[one.offset : one.offset + one.limit], one.offset + 1)
        return Found(
            matches=tuple(self._match(one, rank, found.hits, group) for rank, group in shown),
            total=found.total,
            best_score=best[0][1],
            scores=tuple((self.entries[self.entry_of(row)].id, score) for row, score in best[: one.keep]),
            counts=found.counts,
            groups=len(groups) if one.collapse else None,
        )

    def _groups(self, hits: ScoredRows) -> list[list[int]]:
        """The places of the hits with one answer, in the order of the first of each."""
        groups: dict[bytes | int, list[int]] = {}
        for place, row in enumerate(hits.rows.tolist()):
            entry = self.entry_of(row)
            groups.setdefault(self.entries.answer_key(entry) or entry, []).append(place)
        return list(groups.values())

    def _match(self, one: Question, rank: int, hits: ScoredRows, group: Sequence[int]) -> Match:
        place, *others = group
        row = int(hits.rows[place])
        entry = self.entries[self.entry_of(row)]
        wording, passage = self._matched_by(one, row, entry)
        return Match(
            rank=rank,
            entry=entry,
            score=float(hits.scores[place]),
            cosine=float(hits.cosines[place]),
            keyword=float(hits.keywords[place]),
            ranking=float(hits.rankings[place]),
            wording=wording,
            passage=passage,
            also=tuple(self._other(hits, each) for each in others[:ALSO_SHOWN]),
            collapsed=len(others),
        )

    def _other(self, hits: ScoredRows, place: int) -> Other:
        entry = self.entries[self.entry_of(int(hits.rows[place]))]
        return Other(entry.id, entry.text, float(hits.scores[place]))

    def _matched_by(self, one: Question, row: int, entry: Entry) -> tuple[str | None, str | None]:
        """The wording and the passage that the question is nearest to; None where it is the text itself."""
        text, wording, is_answer = entry.text, None, False
        if row >= self.size:
            _, place = self._extra(row)
            text = extras_of(entry, answers=True)[place]
            is_answer = place >= len(entry.wordings)
            wording = None if is_answer else text
        passage = None
        if row not in one.exact_rows and isinstance(search := self.search, BestPassage):
            best = search.best_passage(row, one.vector)
            passage = None if best is None else next(iter(passages_of(text)[best:]), None)
        return wording, passage or (text if is_answer else None)

    def _extra(self, number: int) -> tuple[int, int]:
        """The entry's row of a text after the entries' own, and its number among that entry's others."""
        row = self.entry_of(number)
        if not self.passages or self.passages.extra_starts is None:
            raise IndexError(number)
        return row, number - self.size - int(self.passages.extra_starts[row])


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts that are compared, in the order of their numbers."""

    entries: StoredEntries
    passages: Passages | None

    def __len__(self) -> int:
        return len(self.passages.starts) - 1 if self.passages else len(self.entries)

    def __iter__(self) -> Iterator[str]:
        """The entries' own texts, and then what else they say."""
        yield from (entry.text for entry in self.entries)
        if self._counts is not None:
            yield from (text for _, text in self._extras(self.entries))

    def extras(self) -> list[tuple[str, str]]:
        """The id of the entry, and what else it says."""
        return [] if self._counts is None else list(self._extras(self.entries))

    @property
    def _counts(self) -> list[int] | None:
        starts = self.passages.extra_starts if self.passages else None
        return None if starts is None else np.diff(starts).tolist()

    def _extras(self, held: Sequence[Entry]) -> Iterator[tuple[str, str]]:
        for row, count in enumerate(self._counts or ()):
            if count:
                entry = held[row]
                yield from ((entry.id, text) for text in extras_of(entry, answers=True)[:count])


def _what_searches(texts: Texts, before: PreviousRows | None) -> tuple[Keywords, SameTexts]:
    if before is None:
        all_texts = list(texts)
        return Keywords.of(all_texts), SameTexts.of(all_texts)
    extras = texts.extras()
    rows = _rows_before(extras, before)

    def text_of(number: int) -> str:
        size = len(texts.entries)
        return texts.entries[number].text if number < size else extras[number - size][1]

    # Before the vectors: what keywords take for a while is more than a copy of those takes for good.
    keywords = before.snapshot.keywords.updated_from(rows, text_of)
    return keywords, before.snapshot.same_texts.updated_from(rows, text_of)


def _rows_before(extras: Sequence[tuple[str, str]], before: PreviousRows) -> NDArray[np.intp]:
    """The number that each text had before, or -1."""
    old = before.snapshot
    if not extras:
        return before.rows
    known = {each: number for number, each in enumerate(Texts(old.entries, old.passages).extras(), old.size)}
    return np.append(before.rows, np.array([known.get(each, -1) for each in extras], np.intp))


def _in_order(entries: Sequence[Entry], rows: Vectors) -> tuple[StoredEntries, Vectors]:
    if isinstance(entries, StoredEntries):
        return entries, rows
    ids = [entry.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise ValueError("two entries have the same id")
    order = sorted(range(len(ids)), key=ids.__getitem__)
    ordered = StoredEntries.of([entries[row] for row in order])
    return ordered, rows if order == list(range(len(ids))) else rows[order]


def _freeze(vectors: Vectors) -> Vectors:
    rows = np.ascontiguousarray(vectors)
    rows.flags.writeable = False
    return rows


def check_vectors(vectors: Vectors, dimension: int) -> Vectors:
    """These vectors, proven finite, of unit length and of this width.

    Raises:
        EncoderFailed: saying what is wrong with which row.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:  # noqa: PLR2004 - rows and columns
        raise EncoderFailed(f"the model gave vectors of shape {vectors.shape}, wanted a width of {dimension}")
    if vectors.dtype != np.float32:
        raise EncoderFailed(f"the model gave vectors of type {vectors.dtype}, wanted float32")
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    wrong = np.flatnonzero(~(np.abs(lengths - 1.0) <= UNIT_TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        raise EncoderFailed(
            f"the model gave a vector of length {lengths[row]:.4f} for text {row + 1}, wanted 1"
        )
    return vectors
