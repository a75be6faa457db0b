"""An index as small as one can be: rows lie in files of its own, and all are scored for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.domain import SnapshotDamaged
from engine.index.protocol import EarlierRows, Kind, Place, RowSearch, SearchSpec, Table, TopRows
from engine.index.score import Floats, Rows, Scores, scores_of


class Toy(Table):
    """Where its files lie."""

    kind: Literal["toy"] = "toy"
    folder: Path


class ToyRows:
    device = "toy"

    def __init__(self, matrix: Floats) -> None:
        self._matrix = matrix

    def __len__(self) -> int:
        return len(self._matrix)

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        return [self._answer(question, want) for question, want in zip(questions, wanted, strict=True)]

    def scores(self, rows: Rows, question: Floats) -> Scores:
        return scores_of(self._matrix, rows, question)

    def take(self, rows: NDArray[np.intp]) -> Floats:
        return self._matrix[rows]

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        return {}

    def rebased_on(self, vectors: Floats) -> RowSearch:
        return self

    def problem(self) -> str:
        return ""

    def _answer(self, question: Floats, want: SearchSpec) -> TopRows:
        rows = np.arange(len(self._matrix))
        scores = self.scores(rows, question)
        scores[list(want.exact_rows)] = 1.0
        total = int(np.count_nonzero(scores >= want.threshold))
        order = np.lexsort((rows, -scores))[: want.length(total, len(rows))]
        return TopRows(total, rows[order], scores[order])


class ToyIndex:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, place: Place, vectors: Floats, earlier: EarlierRows | None = None) -> RowSearch:
        self._folder.mkdir(parents=True, exist_ok=True)
        np.save(self._file(place), vectors)
        return ToyRows(vectors)

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:
        if not self._file(place).exists():
            raise SnapshotDamaged(f"the toy has no rows of {place.snapshot}")
        matrix = np.load(self._file(place))
        if matrix.shape != shape:
            raise ValueError(f"the toy has rows of shape {matrix.shape}, wanted {shape}")
        return ToyRows(matrix)

    def beside_model(self, held: RowSearch) -> RowSearch:
        return held

    def serve(self, snapshots: Sequence[str]) -> None:
        for path in self._folder.glob("*.npy"):
            if path.name.rpartition("-")[0] not in snapshots:
                path.unlink()

    def _file(self, place: Place) -> Path:
        return self._folder / f"{place.snapshot}-{place.part}.npy"


KIND = Kind(
    "toy",
    Toy,
    lambda table, knowledge_base, _device: ToyIndex(table.folder / knowledge_base),
    scorings=frozenset({"cosine", "either"}),
)
