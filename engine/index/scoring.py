"""From cosines and keywords to the matches of a question, none lost.

Each row has a cosine c from -1 to 1, a keyword score k from 0 to 1, and one score s, the
number that is compared with the threshold and shown:

    "cosine"   s = c
    "either"   s = 1 - (1 - c)(1 - k)     near in meaning, or in words, or half in both

What is shown is in the order of its ranking, (1 - w) s + w k with the weight w of the
question: the weight moves rows that passed, and never which ones pass.

Why "either" loses no row. The keyword score of every row that has one is computed, from
the words alone. The few with the most are `strong` and scored whatever their cosine.
Every other row has k <= m, where m is the most that is left. s grows with c and with k,
so such a row can reach t only if

    (1 - c)(1 - m) <= 1 - t,   that is   c >= 1 - (1 - t) / (1 - m)

and the scan finds every row with such a cosine. In `_needed` 1 - t is made larger by
1e-9, far more than the rounding of these few operations, so no computed score is on the
other side. With m = 0, s is c to the last bit and the scan alone is exact. The same with
the n-th best score found so far in the place of t gives the n best.

Where the row nearest in meaning is in another language than the question, keywords are
left out for the whole question: they could only lift rows in the wrong language over it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.index.keywords import Keywords, Question
from engine.index.scan import Ranked, Search, Wanted

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Scoring = Literal["cosine", "either"]

STRONG = 1000
"""Rows with the best keywords that are scored in any case: about a millisecond."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the rows see it. The rows in `same` say just what it says: all their scores are 1."""

    text: str
    vector: Floats
    threshold: float
    first: int
    keep: int = 0
    same: tuple[int, ...] = ()
    keyword_weight: float = 0.0
    scoring: Scoring = "cosine"


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with every number there is about them."""

    rows: Rows
    scores: Scores
    cosines: Scores
    keywords: Scores
    rankings: Scores


@dataclass(frozen=True, slots=True)
class Matched:
    """`hits` are the first that pass, in the order of their rankings; `best` are the best, passing or not.

    `total` counts all that pass.
    """

    total: int
    hits: Scored
    best: Scored


def matched(
    search: Search, keywords: Keywords, asked: Sequence[Asked], *, strong: int = STRONG
) -> list[Matched]:
    """What each question matches, from one pass over the vectors for all of them.

    "either" may need another pass of its own; `strong` is a matter of speed alone.
    """
    if not asked:
        return []
    nearest = search.search(np.stack([one.vector for one in asked]), [_wanted(one) for one in asked])
    return [_matched(search, keywords, one, near, strong) for one, near in zip(asked, nearest, strict=True)]


def _wanted(one: Asked) -> Wanted:
    in_order = one.scoring == "cosine" and not one.keyword_weight
    return Wanted(
        one.threshold, first=one.first if in_order else None, keep=max(1, one.keep), certain=one.same
    )


def _matched(search: Search, keywords: Keywords, one: Asked, near: Ranked, strong: int) -> Matched:
    words = _words(keywords, one, near)
    if one.scoring == "cosine" or words is None:
        found, total = _scored(one, near.rows, near.scores, _of_rows(words, near.rows)), near.total
    else:
        found = _either(search, words, one, near, strong)
        total = int(np.count_nonzero(found.scores >= one.threshold))
    hits = _ranked(found, found.scores >= one.threshold, one.first)
    order = np.lexsort((found.rows, -found.scores))
    return Matched(total, hits, _taken(found, order[: max(1, one.keep)]))


@dataclass(frozen=True, slots=True)
class _Words:
    keywords: Keywords
    question: Question


def _words(keywords: Keywords, one: Asked, near: Ranked) -> _Words | None:
    """The words to count, if there are any and they count for this question."""
    if not len(near.rows):
        return None
    question = keywords.question(one.text)
    if keywords.is_foreign(question, int(near.rows[0])):
        return None
    return _Words(keywords, question)


def _of_rows(words: _Words | None, rows: Rows) -> Scores:
    return words.keywords.of_rows(words.question, rows) if words else np.zeros(len(rows))


def _either(search: Search, words: _Words, one: Asked, near: Ranked, strong: int) -> Scored:
    """Every row that passes and the best `keep`, by the score "either"; some more may be among them."""
    rows, keywords = words.keywords.all(words.question)
    most = 0.0
    if len(rows) > strong:
        parts = np.argpartition(-keywords, strong)
        most = float(keywords[parts[strong]])
        rows, keywords = rows[parts[:strong]], keywords[parts[:strong]]
    cosines = search.scores(rows, one.vector)
    cosines[np.isin(rows, one.same)] = 1.0
    rest = ~np.isin(near.rows, rows)
    all_rows, all_cosines = np.append(rows, near.rows[rest]), np.append(cosines, near.scores[rest])
    found = _scored(one, all_rows, all_cosines, np.append(keywords, _of_rows(words, near.rows[rest])))
    if most == 0.0:
        return found
    cut = min(one.threshold, _nth_best(found.scores, max(1, one.keep)))
    [more] = search.search(one.vector[None], [Wanted(_needed(cut, most), keep=0, certain=one.same)])
    rest = ~np.isin(more.rows, all_rows)
    return _scored(
        one,
        np.append(all_rows, more.rows[rest]),
        np.append(all_cosines, more.scores[rest]),
        np.append(found.keywords, _of_rows(words, more.rows[rest])),
    )


def _needed(score: float, most: float) -> float:
    """The cosine below which no row with at most this keyword score reaches the score."""
    if most >= 1 or score == -math.inf:
        return -2.0
    return max(-2.0, 1 - (1 - score + _ROUNDING) / (1 - most))


def _nth_best(scores: Scores, place: int) -> float:
    if len(scores) < place:
        return -math.inf
    return float(np.partition(scores, len(scores) - place)[len(scores) - place])


def _scored(one: Asked, rows: Rows, cosines: Scores, keywords: Scores) -> Scored:
    keywords[np.isin(rows, one.same)] = 1.0
    scores = either(cosines, keywords) if one.scoring == "either" else cosines
    weight = one.keyword_weight
    rankings = (1 - weight) * scores + weight * keywords if weight else scores
    return Scored(rows, scores, cosines, keywords, rankings)


def either(cosines: Scores, keywords: Scores) -> Scores:
    """1 - (1 - c)(1 - k), in a form that is c to the last bit where k is 0."""
    return np.asarray(np.minimum(cosines + keywords * (1 - cosines), 1.0))


def _ranked(found: Scored, passing: NDArray[np.bool_], first: int) -> Scored:
    """The first of those that pass, equal rankings in the order of their rows."""
    rows = np.flatnonzero(passing)
    order = np.lexsort((found.rows[rows], -found.rankings[rows]))
    return _taken(found, rows[order[:first]])


def _taken(found: Scored, which: NDArray[np.intp]) -> Scored:
    return Scored(
        found.rows[which],
        found.scores[which],
        found.cosines[which],
        found.keywords[which],
        found.rankings[which],
    )
