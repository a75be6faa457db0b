"""Passes over the rows, shared by those who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from engine.index.protocol import SearchSpec, TopRows
from engine.index.scan.ranking import Candidates, rank
from engine.index.scan.request_combiner import Combiner
from engine.index.score import (
    Floats,
    Rows,
    Scores,
    as_questions,
)

_TOGETHER = 64  # questions in a pass; more would wait less for a second one

FindCandidates = Callable[[Floats, Sequence[SearchSpec]], list[Candidates]]


class ScoreRows(Protocol):
    def __call__(self, rows: Rows, question: Floats) -> Scores: ...


class SharedPasses:
    """The passes that answer questions; how candidates are found and scored is given at each call.

    They are not kept here: a scan that is held by its own part would outlive its last
    reader until the garbage is collected, and its memory with it.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._size, self._dimension = shape
        self._combiner = Combiner[tuple[Floats, SearchSpec], Candidates](most=_TOGETHER)

    def search(
        self, questions: Floats, wanted: Sequence[SearchSpec], candidates: FindCandidates, scores: ScoreRows
    ) -> list[TopRows]:
        """The answer to each question. Those asked together have a pass of their own."""
        rows = as_questions(questions, self._dimension)
        if len(rows) != len(wanted):
            raise ValueError(f"{len(rows)} questions, but {len(wanted)} say what they want")
        if not wanted:
            return []

        def of_those_waiting(waiting: Sequence[tuple[Floats, SearchSpec]]) -> list[Candidates]:
            asked, wants = zip(*waiting, strict=True)
            return candidates(np.stack(asked), wants)

        if len(rows) == 1:  # a pass of many would keep one waiting, so those stay by themselves
            found = [self._combiner.ask((rows[0], wanted[0]), of_those_waiting)]
        else:
            found = candidates(rows, wanted)
        return [
            rank(want, self._size, each, partial(scores, question=question))
            for question, want, each in zip(rows, wanted, found, strict=True)
        ]
