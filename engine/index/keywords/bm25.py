"""Keyword search with BM25: the entries that share words with a question, scored from 0 to 1.

The measure is BM25: a word counts by how rare it is among the entries, and by how often
it stands in an entry, with less for each repetition and for a long entry. It is divided
by the most that the question could get: each of its words once, those that no entry
knows included, in an entry that says nothing else. So it lies between 0 and 1 and says
how much of the question is said here in its own words.

It is 0 where question and entry are in different languages, one Chinese and one not: the
few names they share say little there, and mislead. A text of one or two words, or of
numbers and codes alone, is in no language.

Where entries are in two languages, a question is often answered in the other one, and what
shares its words is then in the wrong one. `nearness_of_another_language` says how near an entry
of the other language must be for that; long texts say enough for shared words to tell in any case.

Why these words and these constants, and no library, is in `benchmarks/answer_quality.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.index.keywords.tokens import CHINESE, OTHER, UNKNOWN, Words, tokenize

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_REPEATED = 1.2  # BM25's k1: how soon repetition stops counting
_LONG = 0.3  # BM25's b: how much length takes away; passages want little, short texts do not mind
_MOST_TIMES = 65535
_ROW_BITS = 32
_ROW_MASK = (1 << _ROW_BITS) - 1
_LONG_TEXT = 80  # words; less than passages hold, more than the texts of the bilingual set
_NEAR_ALONE = 0.6  # how near to the question, where only one entry is in the other language
_NEARER_BY_SHARE = 0.8  # and how much less, by the share of the rarer language: 0.2 at one half
_VERSION = "keywords2"  # to be raised with every change of what a word is; older arrays are made anew


@dataclass(frozen=True, slots=True)
class Question:
    """The words of a question that entries hold, what each counts, and what all of them do.

    `language` is told of sentences, `script` of single words, too. With `is_for_long_texts`
    they count in long texts alone.
    """

    places: tuple[int, ...]
    idf: tuple[float, ...]
    max_score: float
    language: int
    script: int = UNKNOWN
    is_for_long_texts: bool = False


@dataclass(frozen=True, eq=False)
class Keywords:
    """The inverted index: for each word the rows that hold it, and how often they do.

    `words` ascend; the rows of word i are `rows[starts[i]:starts[i + 1]]`, ascending too. A
    score is summed in double precision, word by word in ascending order, so it is the same
    whichever rows are asked for together.
    """

    words: Words
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    times: NDArray[np.uint16]
    lengths: NDArray[np.int32]
    languages: NDArray[np.int8]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Keywords:
        """The words of these texts, a row for each."""
        taken = tokenize(texts)
        order = np.lexsort((taken.rows, taken.words))
        words, rows = taken.words[order], taken.rows[order]
        is_new_word = _differs(words)
        first = np.flatnonzero(is_new_word | _differs(rows))
        times = np.diff(np.append(first, len(words)))
        return cls(
            words=words[is_new_word],
            starts=np.append(np.flatnonzero(is_new_word[first]), len(first)),
            rows=rows[first],
            times=np.minimum(times, _MOST_TIMES).astype(np.uint16),
            lengths=np.bincount(taken.rows, minlength=len(texts)).astype(np.int32),
            languages=taken.languages,
        )

    def updated_from(self, rows_before: NDArray[np.intp], text_of: Callable[[int], str]) -> Keywords:
        """The keywords of new rows, from their rows here before, which are -1 for a new text.

        Where they stand in another order than before, all are made anew.
        """
        size = len(rows_before)
        old, new = np.flatnonzero(rows_before >= 0), np.flatnonzero(rows_before < 0)
        if (np.diff(rows_before[old]) <= 0).any():
            return Keywords.of([text_of(row) for row in range(size)])
        fresh = Keywords.of([text_of(row) for row in new.tolist()])
        went = np.full(len(self.lengths), -1, dtype=np.int64)
        went[rows_before[old]] = old
        words = np.union1d(self.words, fresh.words)
        keys, times = _postings(self, words, went)
        more, more_times = _postings(fresh, words, new)
        at = np.searchsorted(keys, more)
        keys, times = np.insert(keys, at, more), np.insert(times, at, more_times)
        is_new_word = _differs(keys >> _ROW_BITS)
        lengths, languages = np.empty(size, np.int32), np.empty(size, np.int8)
        lengths[old], lengths[new] = self.lengths[rows_before[old]], fresh.lengths
        languages[old], languages[new] = self.languages[rows_before[old]], fresh.languages
        return Keywords(
            words=words[keys[is_new_word] >> _ROW_BITS],
            starts=np.append(np.flatnonzero(is_new_word), len(keys)),
            rows=(keys & _ROW_MASK).astype(np.int32),
            times=times,
            lengths=lengths,
            languages=languages,
        )

    def questions(self, texts: Sequence[str]) -> list[Question]:
        """These texts, ready to be compared, each as if it were alone."""
        taken = tokenize(texts)
        order = np.lexsort((taken.words, taken.rows))
        words, asked_by = taken.words[order], taken.rows[order]
        is_first = _differs(words) | _differs(asked_by)
        words, asked_by = words[is_first], asked_by[is_first]
        places = np.searchsorted(self.words, words)
        is_known = places < len(self.words)
        is_known[is_known] = self.words[places[is_known]] == words[is_known]
        places = places[is_known]
        idf = self._rarity(self.starts[places + 1] - self.starts[places])
        ends = np.searchsorted(asked_by[is_known], np.arange(len(texts) + 1)).tolist()
        strange = np.bincount(asked_by[~is_known], minlength=len(texts)) * self._rarity(np.zeros(1))
        return [
            Question(
                tuple(places[begin:end].tolist()),
                tuple(idf[begin:end].tolist()),
                float(idf[begin:end].sum() + unknown),
                language,
                script,
            )
            for begin, end, unknown, language, script in zip(
                ends[:-1],
                ends[1:],
                strange.tolist(),
                taken.languages.tolist(),
                taken.scripts.tolist(),
                strict=True,
            )
        ]

    def all(self, question: Question) -> tuple[Rows, Scores]:
        """Every row with a score above 0, in ascending order, and its score."""
        sums = np.zeros(len(self.lengths))
        for place, rarity in zip(question.places, question.idf, strict=True):
            held = slice(self.starts[place], self.starts[place + 1])
            holding = self.rows[held]
            sums[holding] += rarity * self._often(self.times[held], holding)
        rows = np.flatnonzero(sums).astype(np.int64)
        scores = self._scale(question, rows, sums[rows])
        return rows[scores > 0], scores[scores > 0]

    def of_rows(self, question: Question, rows: Rows) -> Scores:
        """The scores of these rows, in their order; the same numbers as `all` gives."""
        sums, rows = np.zeros(len(rows)), rows.astype(np.int32)
        for place, rarity in zip(question.places, question.idf, strict=True):
            held = slice(self.starts[place], self.starts[place + 1])
            holding = self.rows[held]
            found = np.minimum(np.searchsorted(holding, rows), len(holding) - 1)
            is_held = holding[found] == rows
            sums[is_held] += rarity * self._often(self.times[held][found[is_held]], rows[is_held])
        return self._scale(question, rows, sums)

    def is_other_language(self, question: Question, row: int) -> bool:
        """Whether this row is in another language than the question."""
        language = int(self.languages[row])
        return UNKNOWN not in (language, question.language) and language != question.language

    def nearness_of_another_language(self, question: Question) -> float:
        """The cosine from which on a row in another language than the question says that words mislead.

        Infinite where no row can: numbers and codes say the same in every language, and a word or
        two may be a name where no row is in their language.
        """
        chinese, other = self._language_sizes
        own, foreign = (chinese, other) if question.script == CHINESE else (other, chinese)
        is_name = question.language == UNKNOWN and not own
        if question.script == UNKNOWN or not foreign or is_name:
            return math.inf
        return _NEAR_ALONE - _NEARER_BY_SHARE * min(own, foreign) / (own + foreign)

    def are_of_another_language(self, question: Question, rows: Rows) -> NDArray[np.bool_]:
        """A mask of the rows in another language than the question, or than its one or two words."""
        languages = self.languages[rows]
        return np.asarray((languages != UNKNOWN) & (languages != question.script))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to be stored, by name."""
        return {f"{_VERSION}_{name}": getattr(self, name) for name in _KINDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], size: int) -> Keywords | None:
        """Built from what `arrays` gave, for this many rows; None if that was another version, or nothing.

        Raises:
            ValueError: something is missing or does not fit together. Whether the values belong
                to the entries is for the owner's checksums to say.
        """
        if not any(name.startswith(f"{_VERSION}_") for name in arrays):
            return None
        found = {}
        for name, kind in _KINDS.items():
            array = arrays.get(f"{_VERSION}_{name}")
            if array is None or array.ndim != 1 or array.dtype != kind:
                raise ValueError(f"the keywords have no {name} of type {np.dtype(kind)}")
            found[name] = array
        made = cls(**found)
        postings = len(made.rows)
        fits = (
            len(made.lengths) == len(made.languages) == size
            and len(made.times) == postings
            and len(made.starts) == len(made.words) + 1
            and made.starts[0] == 0
            and made.starts[-1] == postings
            and (not postings or (int(made.rows.min()) >= 0 and int(made.rows.max()) < size))
        )
        if not fits:
            raise ValueError(f"the keywords do not fit together, or not to {size} entries")
        return made

    def _rarity(self, holding: NDArray[Any]) -> Scores:
        return np.asarray(np.log(1 + (len(self.lengths) - holding + 0.5) / (holding + 0.5)))

    def _often(self, times: NDArray[np.uint16], rows: NDArray[Any]) -> Scores:
        length = self.lengths[rows] / self._mean_length
        best = 1 + _REPEATED * (1 - _LONG)
        return np.asarray(best * times / (times + _REPEATED * (1 - _LONG + _LONG * length)))

    @cached_property
    def _mean_length(self) -> float:
        return max(1.0, float(self.lengths.mean())) if len(self.lengths) else 1.0

    @cached_property
    def _language_sizes(self) -> tuple[int, int]:
        """The number of Chinese rows, and of rows in another language."""
        chinese, other = (int(np.count_nonzero(self.languages == each)) for each in (CHINESE, OTHER))
        return chinese, other

    def _scale(self, question: Question, rows: NDArray[Any], sums: Scores) -> Scores:
        if not question.max_score:
            return np.zeros(len(rows))
        scores = np.minimum(sums / question.max_score, 1.0)
        if question.is_for_long_texts:
            scores[self.lengths[rows] < _LONG_TEXT] = 0.0
        languages = self.languages[rows]
        if question.language != UNKNOWN:
            scores[(languages != question.language) & (languages != UNKNOWN)] = 0.0
        return scores


_KINDS: Mapping[str, type[np.generic]] = {
    "words": np.uint64,
    "starts": np.int64,
    "rows": np.int32,
    "times": np.uint16,
    "lengths": np.int32,
    "languages": np.int8,
}


def _postings(
    held: Keywords, words: Words, went: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Postings as (place of the word << _ROW_BITS) + row, int64, and the frequencies in them, uint16.

    Ascending, if the rows went where they are in the same order. What went to -1 is left out.
    """
    places = np.repeat(np.searchsorted(words, held.words), np.diff(held.starts))
    rows = went[held.rows]
    stays = rows >= 0
    return (places[stays] << _ROW_BITS) | rows[stays], held.times[stays]


def _differs(values: NDArray[Any]) -> NDArray[np.bool_]:
    """A mask of the values that differ from the one before; the first always does."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]
