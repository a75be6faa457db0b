"""The seam of indexes: an index keeps the vectors of a knowledge base, and finds them.

    Index ──build(vectors)──► RowSearch ──┐
          ──open(what is stored)──────────┴─ search(questions, specs) ──► TopRows

A snapshot has one matrix for its entries, and one for what entries are found by besides (passages,
wordings, answers). An index holds both and knows no more than rows and their numbers: entries,
keywords, equal texts, grouping and the order of equal scores are the engine's own, over any index
(`engine.index.snapshot`, `engine.index.scoring`, `engine.index.passage_max`). Which indexes there are
says `engine.index.registry` alone; everything else knows what stands here.

**None is lost.** A score is what `engine.index.score.scores_of` computes, in double precision, from the
row as it was given and the question. Every row whose score is at or above the threshold is found and
counted, inclusive, and every score that is given is that number to the last bit. So a backend that
compares otherwise (in single precision, strictly above, approximately) must be asked for more than is
wanted, by a bound that holds (`engine.index.score.rounding_bound`), and what it gives be scored again.
One that cannot promise this is no index. One that cannot be reached, or does not have all its
rows, raises: a shorter list is never given instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from engine.index.score import Floats, Rows, Scores


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """The request of one question.

    `limit` limits how many of the rows at or above the threshold come back (None: all of
    them; they are counted in any case). `top_k` asks for that many of the best rows,
    above the threshold or not; those that are below both the threshold and `floor` may be left
    out. The rows in `exact_rows` score exactly 1, whatever their vectors say.
    """

    threshold: float
    limit: int | None = None
    top_k: int = 1
    exact_rows: tuple[int, ...] = ()
    floor: float = -math.inf

    def __post_init__(self) -> None:
        if math.isnan(self.threshold):
            raise ValueError("a threshold that is not a number")
        if self.top_k < 0 or (self.limit is not None and self.limit < 0):
            raise ValueError("limit and top_k are at least 0")

    @property
    def before_cutting(self) -> float:
        """The threshold for products that are not cut to -1...1 yet."""
        if self.threshold <= -1:
            return -math.inf
        return self.threshold if self.threshold <= 1 else math.inf

    def length(self, total: int, size: int) -> int:
        """The number of rows in the answer, of `total` at or above the threshold and `size` in all."""
        hits = total if self.limit is None else min(self.limit, total)
        return min(size, max(self.top_k, hits))


@dataclass(frozen=True, slots=True)
class TopRows:
    """The best rows, best first, equal scores in the order of their rows.

    `total` rows are at or above the threshold. There are `top_k` rows here (less what is below the
    floor) or, if that is more, `limit` of those at or above the threshold; `rows[:total]` are the
    hits among them.
    """

    total: int
    rows: Rows
    scores: Scores

    @property
    def best_score(self) -> float | None:
        return float(self.scores[0]) if len(self.scores) else None


class Search(Protocol):
    """A search finds rows by their vectors. Several threads may ask at once."""

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        """The answer to each question; `questions` has a row of unit length for each of `wanted`.

        Raises:
            NotReady: the index cannot be asked now, and waiting may help.
        """

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these rows for one question, in their order; raises what `search` raises."""


class RowSearch(Search, Protocol):
    """The rows of one matrix, in an index. They never change."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> str:
        """The device that it runs on, in the words of an encoder's device."""

    def take(self, rows: NDArray[np.intp]) -> Floats:
        """The vectors of these rows, as they were given, as a new matrix; raises what `search` raises."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Arrays that the snapshot's folder keeps for it, by name, as `Index.open` gets them; {} for none.

        Under "vectors" are the vectors themselves, where the folder holds them.
        """

    def rebased_on(self, vectors: Floats) -> RowSearch:
        """The same over the vectors of `arrays`, now that the file with them can be mapped."""

    def problem(self) -> str:
        """The reason they cannot be searched now, as a sentence; "" where they can. May take seconds."""


@dataclass(frozen=True, slots=True)
class Place:
    """The key of a knowledge base's matrix: its snapshot, and the part of the entries it holds."""

    snapshot: str
    part: Literal["entries", "passages"] = "entries"


@dataclass(frozen=True, slots=True)
class EarlierRows:
    """An older matrix of the same model, and for each new row the equal one in it, or -1."""

    search: RowSearch
    rows: NDArray[np.intp]


class Index(Protocol):
    """The vectors of the snapshots of one knowledge base. One thread at a time builds and serves."""

    def build(self, place: Place, vectors: Floats, earlier: EarlierRows | None = None) -> RowSearch:
        """Take over these rows of unit length, whole, so that they can be asked and opened again.

        Nobody asks them before the snapshot is published, and it may never be: what was built for a
        snapshot that `serve` does not name is left over. What is equal in `earlier` need not be made anew.

        Raises:
            EngineError: it cannot be done now; the snapshot before goes on being served.
        """

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:
        """The rows of a published snapshot, with what `arrays` gave; all of them, of this shape.

        An index in another process may leave it to each search to find out that they are not there: then
        one that cannot be reached for a while costs no snapshot.

        Raises:
            SnapshotDamaged, KeyError, ValueError: they are not here, or not these; an older one is tried.
        """

    def beside_model(self, held: RowSearch) -> RowSearch:
        """Move what was opened before the model was loaded, now that it is known where that runs."""

    def serve(self, snapshots: Sequence[str]) -> None:
        """Take note that the first of these snapshots is served, and that the others may be gone back to.

        Told after each start, publication and rollback; what is left over of all other snapshots may
        go. Raises nothing: what cannot be done now is done when it is told the next time.
        """


class Table(BaseModel):
    """The table [engine.index]: which index, and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that the log must not show."""
        return ()


T = TypeVar("T", bound=Table)
# Where the model runs, in the words of an encoder's device; None while that is not known.
ModelDevice = Callable[[], str | None]
# Makes the index of a knowledge base, by its name.
MakeIndex = Callable[[str], Index]


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of index, a value in `registry.KINDS`.

    `make` is called for each knowledge base, and touches nothing yet. A knowledge base is refused
    by the configuration whose scoring is not in `scorings`.
    """

    name: str
    table: type[T]
    make: Callable[[T, str, ModelDevice], Index]
    scorings: frozenset[str] = frozenset({"auto", "cosine", "either"})
