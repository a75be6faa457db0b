"""Scoring: from cosines and keywords to the matches of a question, none lost.

Each row has a cosine c from -1 to 1, a keyword score k from 0 to 1, and one score s, the
number that is compared with the threshold and shown:

    "cosine"   s = c
    "either"   s = 1 - (1 - c)(1 - k)     near in meaning, or in words, or half in both
    "auto"     as "either", with k = 0 where words would mislead

What is shown is in the order of its ranking, (1 - w) s + w k with the weight w of the
question: the weight moves rows that passed, and never which ones pass.

Why "either" loses no row. The keyword score of every row that has one is computed, from
the words alone. The few with the most are `strong` and scored whatever their cosine.
Every other row has k <= m, where m is the most that is left. s grows with c and with k,
so such a row can reach t only if

    (1 - c)(1 - m) <= 1 - t,   that is   c >= 1 - (1 - t) / (1 - m)

and the scan finds every row with such a cosine. In `_rows_needed` 1 - t is made larger by
1e-9, far more than the rounding of these few operations, so no computed score is on the
other side. With m = 0, s is c to the last bit and the scan alone is exact. The same with
the n-th best score found so far in the place of t gives the n best.

The words are looked at before the vectors, so m and the scores of the strong rows are known when
the scan begins, and it is asked at once for rows as far as that. Only where words turn out to
count in other rows than was thought may it have to be asked again.

Where the row nearest in meaning is in another language than the question, keywords are
left out for the whole question: they could only lift rows in the wrong language over it.

"auto" decides that for each question once, before any score: if the nearest of all rows in the
other language is near enough (`Keywords.nearness_of_another_language`), keywords count in long
texts alone. Whether it is near enough is known without doubt: either it is among the rows that
were found, or what was found holds every row as near as that, or the scan is asked for them. The
threshold, the limit and the page have no part in it, so scores do not depend on them. The k of
each row is then fixed, and what is said of "either" holds to the letter.

An entry with several rows (its text, its wordings) counts once, with its best row. Why no
entry is lost: every row that passes is found, so the best row of every entry that passes is.
And when K entries are among the L best rows, the K best entries are, since all rows of any
other entry are below those L; L grows until that is so.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.index.keywords import Keywords
from engine.index.keywords import Question as Terms
from engine.index.protocol import Search, SearchSpec, TopRows

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Scoring = Literal["cosine", "either", "auto"]

STRONG = 1000
"""Rows with the best keywords that are scored in any case: about a millisecond."""

_ROWS_AN_ENTRY = 4  # looked at first; a guess, and a matter of speed alone

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Question:
    """One question, its vector, and how much of the answer it wants to see.

    The rows in `exact_rows` say just what it says: all their scores are 1. `steps` are more
    thresholds to count at. With `collapse` entries of one answer are one match.
    """

    text: str
    vector: Floats
    threshold: float
    limit: int
    offset: int = 0
    keep: int = 0
    keyword_weight: float = 0.0
    scoring: Scoring = "cosine"
    collapse: bool = False
    steps: tuple[float, ...] = ()
    exact_rows: tuple[int, ...] = ()

    @property
    def lowest(self) -> float:
        """The least score that anything is wanted of."""
        return min(self.threshold, *self.steps) if self.steps else self.threshold


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Rows with every number there is about them."""

    rows: Rows
    scores: Scores
    cosines: Scores
    keywords: Scores
    rankings: Scores

    def where(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> ScoredRows:
        return ScoredRows(
            self.rows[which],
            self.scores[which],
            self.cosines[which],
            self.keywords[which],
            self.rankings[which],
        )


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """`hits` are the best rows of the first entries that pass, in the order of their rankings.

    All of them come when the question collapses. `best` are those of the best entries, passing
    or not; `total` counts all entries that pass, `counts` those at each step.
    """

    total: int
    hits: ScoredRows
    best: ScoredRows
    counts: tuple[int, ...] = ()


def score_questions(
    search: Search,
    keywords: Keywords,
    questions: Sequence[Question],
    *,
    entry_of: Rows | None = None,
    strong: int = STRONG,
) -> list[QuestionResult]:
    """Score these questions in one pass over the vectors for all of them.

    `entry_of` tells whose each row is; None: each is an entry. Entries of many rows may need
    another pass, which is one for all that do; `strong` is a matter of speed alone.
    """
    among = _Rows(search, keywords, _Owners(entry_of), strong)
    # Texts are taken apart together, because one by one costs as much as all the rest of a question.
    terms = keywords.questions([one.text for one in questions])
    ways = [_Asked(among, one, its).result() for one, its in zip(questions, terms, strict=True)]
    results: dict[int, QuestionResult] = {}
    wanted = {place: next(way) for place, way in enumerate(ways)}
    while wanted:
        vectors = np.stack([questions[place].vector for place in wanted])
        found = dict(zip(wanted, search.search(vectors, list(wanted.values())), strict=True))
        wanted = {}
        for place, rows in found.items():
            try:
                wanted[place] = ways[place].send(rows)
            except StopIteration as end:
                results[place] = end.value
    return [results[place] for place in range(len(questions))]


@dataclass(frozen=True, slots=True)
class _Owners:
    """The owner of each row; `entry_of` None: each its own."""

    entry_of: Rows | None

    def rows_for(self, entries: int) -> int:
        """The number of best rows that are likely to hold this many entries, and at least one."""
        most = max(1, entries)
        if self.entry_of is None:
            return most
        # One more tells that what is not seen is worse than the last; of one entry no other row is needed.
        return min(_ROWS_AN_ENTRY * (most - 1) + 2, len(self.entry_of))

    @property
    def size(self) -> int:
        return 0 if self.entry_of is None else len(self.entry_of)

    def holds_enough(self, best: ScoredRows, entries: int, seen: ScoredRows, rows: int) -> bool:
        """Whether these, of the best that many rows seen, hold the best `entries`.

        A row that was not seen may be as good as the worst that was, and its entry come first.
        """
        if self.entry_of is None or rows >= self.size:
            return True
        last = max(1, entries) - 1
        return last < len(best.rows) and bool(best.scores[last] > seen.scores.min())

    def of(self, rows: Rows) -> Rows:
        return rows if self.entry_of is None else self.entry_of[rows]

    def best_of_each(self, found: ScoredRows) -> ScoredRows:
        """The best row of each entry, best first, equal scores in the order of the entries."""
        ordered = found.where(np.lexsort((found.rows, self.of(found.rows), -found.scores)))
        if self.entry_of is None:
            return ordered
        first = np.unique(self.entry_of[ordered.rows], return_index=True)[1]
        return ordered.where(np.sort(first))


@dataclass(frozen=True, slots=True)
class _Rows:
    search: Search
    keywords: Keywords
    owners: _Owners
    strong: int


@dataclass(frozen=True, slots=True)
class _Strong:
    """The rows with the best keywords, with all their numbers; no other row's keyword is above `most`."""

    terms: Terms
    found: ScoredRows
    most: float


Made = TypeVar("Made")
Way = Generator[SearchSpec, TopRows, Made]
"""Work for one question that says which rows it wants, and goes on with them."""


class _Asked:
    """One question among these rows."""

    def __init__(self, among: _Rows, question: Question, terms: Terms) -> None:
        self.question = question
        self._among = among
        self._terms = terms
        self._strong = None if question.scoring == "cosine" else self._find_strong(terms)

    def search_spec(self, keep: int) -> SearchSpec:
        """The request to the scan: as low as a row that shares words may have to be looked for.

        A guess that saves a second pass, made of the rows whose scores are known before any pass.
        """
        one, threshold = self.question, self.question.lowest
        strong = self._strong
        if strong is not None and strong.most and len(strong.found.rows) >= keep:
            threshold = min(threshold, self._cosine_needed(strong, strong.found, keep))
        limit = one.offset + one.limit if self._is_counted_by_the_scan else None
        return SearchSpec(threshold, limit=limit, top_k=keep, exact_rows=one.exact_rows)

    def result(self) -> Way[QuestionResult]:
        one, owners = self.question, self._among.owners
        keep = owners.rows_for(one.keep)
        while True:
            spec = self.search_spec(keep)
            near = yield spec
            found = yield from self._score(near, spec.threshold, keep)
            seen = found.where(np.lexsort((found.rows, -found.scores))[:keep])
            best = owners.best_of_each(seen)
            if owners.holds_enough(best, one.keep, seen, keep):
                return self._count(found, near, best.where(slice(max(1, one.keep))))
            keep = min(keep * _ROWS_AN_ENTRY, owners.size)

    @property
    def _is_counted_by_the_scan(self) -> bool:
        """Whether the scan alone knows what is wanted, so that it need not give every row that passes."""
        one = self.question
        is_plain = one.scoring == "cosine" and not (one.keyword_weight or one.collapse or one.steps)
        return is_plain and self._among.owners.entry_of is None

    def _count(self, found: ScoredRows, near: TopRows, best: ScoredRows) -> QuestionResult:
        one, owners = self.question, self._among.owners
        if self._is_counted_by_the_scan:
            hits, total = found.where(found.scores >= one.threshold), near.total
        else:
            found = owners.best_of_each(found.where(found.scores >= one.lowest))
            hits = found.where(found.scores >= one.threshold)
            total = len(hits.rows)
        order = np.lexsort((owners.of(hits.rows), -hits.rankings))
        counts = tuple(int(np.count_nonzero(found.scores >= step)) for step in one.steps)
        shown = None if one.collapse else one.offset + one.limit
        return QuestionResult(total, hits.where(order[:shown]), best, counts)

    def _score(self, near: TopRows, searched_from: float, keep: int) -> Way[ScoredRows]:
        """Every row that is wanted, or passes, and the best `keep`; some more may be among them.

        `near` holds every row with a cosine of at least `searched_from`, and the nearest ones.
        """
        strong = yield from self._words(near, searched_from)
        if strong is None:
            terms = self._cosine_terms(near)
            return self._with_numbers(near.rows, near.scores, self._keywords(terms, near.rows))
        found = self._add(strong, strong.found, near)
        if strong.most == 0.0:
            return found
        needed = self._cosine_needed(strong, found, keep)
        if needed >= searched_from:  # every row as near as that is among them
            return found
        more = yield SearchSpec(needed, top_k=0, exact_rows=self.question.exact_rows)
        return self._add(strong, found, more)

    def _words(self, near: TopRows, searched_from: float) -> Way[_Strong | None]:
        """The words to score by, if the question is scored by words and they count for it."""
        if self._strong is None or not len(near.rows):
            return None
        keywords, terms = self._among.keywords, self._strong.terms
        if self.question.scoring == "either":
            return None if keywords.is_other_language(terms, int(near.rows[0])) else self._strong
        if (yield from self._do_words_mislead(terms, near, searched_from)):
            return self._find_strong(replace(terms, is_for_long_texts=True))
        return self._strong

    def _do_words_mislead(self, terms: Terms, near: TopRows, searched_from: float) -> Way[bool]:
        """Whether a row in another language is near enough to the question to be what it is about."""
        nearness = self._among.keywords.nearness_of_another_language(terms)
        if near.scores[0] < nearness:
            return False
        if self._has_foreign(terms, near, nearness):
            return True
        if nearness >= searched_from:  # what was found is every row as near as that
            return False
        more = yield SearchSpec(nearness, top_k=0, exact_rows=self.question.exact_rows)
        return self._has_foreign(terms, more, nearness)

    def _has_foreign(self, terms: Terms, near: TopRows, nearness: float) -> bool:
        rows = near.rows[near.scores >= nearness]
        return bool(self._among.keywords.are_of_another_language(terms, rows).any())

    def _cosine_terms(self, near: TopRows) -> Terms | None:
        """The words that are shown beside a score without them, if they count for this question."""
        if self.question.scoring != "cosine" or not len(near.rows):
            return None
        is_other = self._among.keywords.is_other_language(self._terms, int(near.rows[0]))
        return None if is_other else self._terms

    def _find_strong(self, terms: Terms) -> _Strong:
        rows, keywords = self._among.keywords.all(terms)
        most, strong = 0.0, self._among.strong
        if len(rows) > strong:
            parts = np.argpartition(-keywords, strong)
            most = float(keywords[parts[strong]])
            rows, keywords = rows[parts[:strong]], keywords[parts[:strong]]
        cosines = self._among.search.scores(rows, self.question.vector)
        cosines[np.isin(rows, self.question.exact_rows)] = 1.0
        return _Strong(terms, self._with_numbers(rows, cosines, keywords), most)

    def _add(self, strong: _Strong, found: ScoredRows, near: TopRows) -> ScoredRows:
        """Add these rows, as far as they are new."""
        rest = ~np.isin(near.rows, found.rows)
        rows = near.rows[rest]
        return self._with_numbers(
            np.append(found.rows, rows),
            np.append(found.cosines, near.scores[rest]),
            np.append(found.keywords, self._keywords(strong.terms, rows)),
        )

    def _cosine_needed(self, strong: _Strong, found: ScoredRows, keep: int) -> float:
        """The cosine below which no row but the strong ones passes or is among the best `keep`."""
        return _rows_needed(min(self.question.lowest, _nth_best(found.scores, keep)), strong.most)

    def _keywords(self, terms: Terms | None, rows: Rows) -> Scores:
        return np.zeros(len(rows)) if terms is None else self._among.keywords.of_rows(terms, rows)

    def _with_numbers(self, rows: Rows, cosines: Scores, keywords: Scores) -> ScoredRows:
        one = self.question
        keywords[np.isin(rows, one.exact_rows)] = 1.0
        scores = either(cosines, keywords) if one.scoring != "cosine" else cosines
        weight = one.keyword_weight
        rankings = (1 - weight) * scores + weight * keywords if weight else scores
        return ScoredRows(rows, scores, cosines, keywords, rankings)


def _rows_needed(score: float, most: float) -> float:
    """The cosine below which no row with at most this keyword score reaches the score."""
    if most >= 1 or score == -math.inf:
        return -2.0
    return max(-2.0, 1 - (1 - score + _ROUNDING) / (1 - most))


def _nth_best(scores: Scores, place: int) -> float:
    if len(scores) < place:
        return -math.inf
    return float(np.partition(scores, len(scores) - place)[len(scores) - place])


def either(cosines: Scores, keywords: Scores) -> Scores:
    """1 - (1 - c)(1 - k), in a form that is c to the last bit where k is 0."""
    return np.asarray(np.minimum(cosines + keywords * (1 - cosines), 1.0))
