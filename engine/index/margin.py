"""The margin rule: exact answers from an index that compares in another arithmetic.

Such an index gives each row a number of its own, in single precision say, that is within a bound e of the
row's score (`engine.index.score.rounding_bound`). It is asked for rows by that number, and what
lies near an edge is scored again from its vector:

    the threshold t     every row that passes has a number of at least t - e; of those rows, numbers above
                        t + e pass, and the others are scored
    the best K          the K-th best number is a, so K rows have scores of at least a - e, so each of the
                        best K has a number of at least a - 2e; these are scored

So sets, totals, order and scores are those of `scores_of` over all rows, to the last bit, and only rows
that are shown or lie in a band 2e wide are fetched. Scores are cut to -1...1 and numbers are not; the
cut moves no two of them farther apart, but makes rows below -1 equal, so an edge down there asks for
all rows. Nothing here knows where the rows are.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.domain import NotReady
from engine.index.protocol import SearchSpec, TopRows
from engine.index.score import Floats, Rows, Scores, as_questions, rounding_bound, scores_of

_SPARE = 64  # rows asked for beyond the best ones: few questions have more at or above their threshold
_GROWTH = 16  # times as many are asked for when that was too few


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for the rows with the best numbers for one question, `limit` of them or fewer.

    Those with a number of at least `at_least` are wanted, and lower ones may be among them.
    """

    question: Floats
    limit: int
    at_least: float = -math.inf


@dataclass(frozen=True, slots=True)
class Near:
    """Rows and their numbers, best first; rows of equal numbers in any order."""

    rows: Rows
    numbers: Scores


class Numbers(Protocol):
    """The rows of one matrix, where they are compared in another arithmetic."""

    def __len__(self) -> int: ...

    @property
    def dimension(self) -> int: ...

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        """The answer to each; raises NotReady rather than give fewer rows than there are."""

    def take(self, rows: NDArray[np.intp]) -> Floats:
        """The vectors of these rows as they were given, as a new matrix; raises as `nearest`."""


def search(numbers: Numbers, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
    """Exact search as `Search.search` promises it, in as few requests as the widest question takes."""
    asked = as_questions(questions, numbers.dimension)
    size = len(numbers)
    if not size:
        return [TopRows(0, np.empty(0, np.int64), np.empty(0)) for _ in wanted]
    pairs = list(zip(asked, wanted, strict=True))
    near = _advance_together([_gather(question, want, size) for question, want in pairs], numbers)
    hits = [_Hits.of(*pair, rows, size) for pair, rows in zip(pairs, near, strict=True)]
    vectors = _take_once(numbers, [each.unsure for each in hits])
    return [each.answer(rows) for each, rows in zip(hits, vectors, strict=True)]


def score(numbers: Numbers, rows: Rows, question: Floats) -> Scores:
    """The scores of these rows for one question, in their order."""
    return scores_of(
        numbers.take(rows), np.arange(len(rows)), as_questions(question[None], numbers.dimension)[0]
    )


def _gather(question: Floats, want: SearchSpec, size: int) -> Generator[Ask, Near, Near]:
    """Rows enough to answer from, whatever the vectors of those near an edge turn out to be."""
    bound = _bound(question)
    limit = min(size, want.top_k + len(want.exact_rows) + _SPARE)
    ask = Ask(question, limit)
    near = yield ask
    edge = min(_edge(want.threshold - bound), _edge_of_best(near, want, bound))
    while not _is_complete(ask, near, edge, size):
        limit = min(size, limit * _GROWTH)
        ask = Ask(question, limit, edge)
        near = yield ask
    return near


def _edge_of_best(near: Near, want: SearchSpec, bound: float) -> float:
    """The number that each of the best `top_k` rows has at least, or that below which none is wanted."""
    others = near.numbers[~np.isin(near.rows, want.exact_rows)]
    if not want.top_k or not len(others):
        return math.inf
    last = min(want.top_k, len(others)) - 1
    of_best = min(1.0, float(others[last])) - 2 * bound
    return _edge(max(of_best, min(want.threshold, want.floor) - bound))


def _edge(number: float) -> float:
    return number if number > -1 else -math.inf


def _is_complete(ask: Ask, near: Near, edge: float, size: int) -> bool:
    """Whether no row with a number of at least `edge` is missing."""
    if len(near.rows) >= size:
        return True
    if len(near.rows) < ask.limit:
        return ask.at_least <= edge
    return bool(near.numbers[-1] < edge)


def _bound(question: Floats) -> float:
    return rounding_bound(len(question), float(np.linalg.norm(question.astype(np.float64))))


@dataclass(frozen=True, slots=True)
class _Hits:
    """The hits of one question before vectors are read; of the `unsure` rows only vectors tell."""

    question: Floats
    want: SearchSpec
    size: int
    exact: Rows
    unsure: Rows
    sure: int

    @classmethod
    def of(cls, question: Floats, want: SearchSpec, near: Near, size: int) -> _Hits:
        bound = _bound(question)
        exact = np.unique(np.array(want.exact_rows, np.int64))
        is_other = ~np.isin(near.rows, exact)
        rows, numbers = near.rows[is_other], np.clip(near.numbers[is_other], -1.0, 1.0)
        may_pass = int(np.count_nonzero(numbers >= want.threshold - bound))
        passes = numbers > want.threshold + bound
        shown = want.length(may_pass, len(rows))
        unsure = ~passes & (numbers >= want.threshold - bound)
        if shown:
            unsure |= numbers >= _edge(float(numbers[shown - 1]) - 2 * bound)
        return cls(question, want, size, exact, rows[unsure], int(np.count_nonzero(passes & ~unsure)))

    def answer(self, vectors: Floats) -> TopRows:
        want = self.want
        own = scores_of(vectors, np.arange(len(vectors)), self.question)
        rows = np.append(self.exact, self.unsure)
        scores = np.append(np.ones(len(self.exact)), own)
        total = self.sure + int(np.count_nonzero(scores >= want.threshold))
        wanted = scores >= min(want.threshold, want.floor)
        rows, scores = rows[wanted], scores[wanted]
        order = np.lexsort((rows, -scores))[: want.length(total, self.size)]
        return TopRows(total, rows[order], scores[order])


def _advance_together(ways: Sequence[Generator[Ask, Near, Near]], numbers: Numbers) -> list[Near]:
    """The result of each, all that want something asked in one request."""
    results: dict[int, Near] = {}
    asks = {place: next(way) for place, way in enumerate(ways)}
    while asks:
        found = zip(asks.items(), numbers.nearest(list(asks.values())), strict=True)
        asks = {}
        for (place, ask), near in list(found):
            _refuse_shorter_list(ask, near, len(numbers))
            try:
                asks[place] = ways[place].send(near)
            except StopIteration as end:
                results[place] = end.value
    return [results[place] for place in range(len(ways))]


def _refuse_shorter_list(ask: Ask, near: Near, size: int) -> None:
    """Raises NotReady: rows are missing, though any number would have done."""
    if ask.at_least == -math.inf and len(near.rows) < min(ask.limit, size):
        raise NotReady(f"the index gave {len(near.rows)} rows, wanted {ask.limit} of {size}")


def _take_once(numbers: Numbers, wanted: Sequence[Rows]) -> list[Floats]:
    """The vectors of each list of rows, each row fetched once."""
    rows = np.unique(np.concatenate(wanted))
    if not len(rows):
        return [np.empty((0, numbers.dimension), np.float32) for _ in wanted]
    vectors = numbers.take(rows)
    return [vectors[np.searchsorted(rows, each)] for each in wanted]
