"""The vectors of a knowledge base on a Qdrant server: for what does not fit into one machine.

    PREFIX--KB--SNAPSHOT--entries     a collection for each matrix of each snapshot that is kept
    PREFIX--KB--SNAPSHOT--passages
    PREFIX--KB                        an alias for the entries of the snapshot being served, for people

A snapshot asks its own collections by their names, so that two engines, or two answers, never mix two
snapshots. Point 17 is row 17; texts and all else stay in the snapshot's folder. Qdrant compares in
single precision and strictly above a threshold; what is asked instead so that none is lost is
`engine.index.margin`. Vectors are stored as they are, unquantised and without a graph; every question
reads all of them.

A collection is whole before its snapshot is published: written with acknowledgement, counted, and some rows
scored on both sides. Points are counted again every minute, because a shard that is missing must be
an error. What a crash leaves behind goes when the next snapshot is served.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, SecretStr

from engine.domain import NotReady, SnapshotDamaged
from engine.index import margin
from engine.index.margin import Ask, Near
from engine.index.protocol import EarlierRows, Kind, Place, RowSearch, SearchSpec, Table, TopRows
from engine.index.qdrant.rest import NoCollection, QdrantServer
from engine.index.score import Floats, Rows, Scores, rounding_bound
from engine.weak_secrets import OptionalSecret

COUNT_SECONDS = 60.0
_SAMPLES = 200
_SHAPE = "index_shape"
_BETWEEN = "--"

_log = logging.getLogger(__name__)


def _server_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError('wanted the address of a server such as "http://127.0.0.1:6333", its key in api_key')
    return text.rstrip("/")


class Qdrant(Table):
    """Where the server is, and how it keeps a collection."""

    kind: Literal["qdrant"] = "qdrant"
    url: Annotated[str, AfterValidator(_server_address)]
    api_key: OptionalSecret = SecretStr("")
    prefix: str = Field(default="kbdial", pattern=r"^[A-Za-z0-9_]{1,32}$")
    shards: int = Field(default=1, ge=1, le=1024)
    replicas: int = Field(default=1, ge=1, le=64)
    on_disk: bool = False
    timeout: float = Field(default=10.0, gt=0, le=300)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.api_key.get_secret_value(),)


class QdrantRows:
    """One collection. It is found out with each search whether it is there."""

    device = "qdrant"

    def __init__(
        self,
        server: QdrantServer,
        name: str,
        shape: tuple[int, int],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._name = name
        self._shape = shape
        self._steady = steady
        self._counted_at: float | None = None

    def __len__(self) -> int:
        return self._shape[0]

    @property
    def dimension(self) -> int:
        return self._shape[1]

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        self.count_now_and_then()
        try:
            return margin.search(self, questions, wanted)
        except NotReady:
            self._counted_at = None  # it may come back with less than it had
            raise

    def scores(self, rows: Rows, question: Floats) -> Scores:
        return margin.score(self, rows, question)

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        return self._server.nearest(self._name, asks)

    def take(self, rows: NDArray[np.intp]) -> Floats:
        return self._server.take(self._name, rows, self.dimension)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        return {_SHAPE: np.array(self._shape, np.int64)}

    def rebased_on(self, vectors: Floats) -> RowSearch:  # noqa: ARG002 - the snapshot's folder has none of its vectors
        return self

    def problem(self) -> str:
        try:
            self.count_now_and_then()
        except NotReady as problem:
            return problem.message
        return ""

    def count_now_and_then(self) -> None:
        """Raises NotReady: points are missing, or it cannot be told now."""
        if self._counted_at is not None and self._steady() - self._counted_at < COUNT_SECONDS:
            return
        self._counted_at = None
        if len(self):
            count = self._server.count(self._name)
            if count != len(self):
                raise NoCollection(f"the index has {count} of the {len(self)} points of {self._name}")
        self._counted_at = self._steady()


class QdrantIndex:
    """The collections of one knowledge base."""

    def __init__(
        self,
        server: QdrantServer,
        settings: Qdrant,
        knowledge_base: str,
        *,
        steady: Callable[[], float] = time.monotonic,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`reached` is told the name of each step of building and serving; tests stop there."""
        self._server = server
        self._settings = settings
        self._alias = f"{settings.prefix}{_BETWEEN}{knowledge_base}"
        self._steady = steady
        self._reached = reached

    def build(self, place: Place, vectors: Floats, earlier: EarlierRows | None = None) -> RowSearch:  # noqa: ARG002 - a server copies no rows from one collection to another
        name = self._name(place)
        self._server.drop(name)  # of a snapshot of this name that was begun and not published
        self._server.create(name, self._collection(vectors.shape[1]))
        self._reached("created")
        self._server.upsert(name, vectors)
        self._reached("written")
        rows = self._rows(place, vectors.shape)
        rows.count_now_and_then()
        _compare_some(rows, vectors)
        self._reached("compared")
        return rows

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:
        kept = tuple(stored[_SHAPE].tolist())
        if kept != shape:
            raise ValueError(f"the index was given rows of shape {kept}, wanted {shape}")
        rows = self._rows(place, shape)
        try:
            rows.count_now_and_then()
        except NoCollection as problem:
            raise SnapshotDamaged(problem.message) from problem
        except NotReady:
            _log.warning("index not looked at", extra={"collection": self._name(place)})
        return rows

    def beside_model(self, held: RowSearch) -> RowSearch:
        return held

    def serve(self, snapshots: Sequence[str]) -> None:
        try:
            self._point_to(self._name(Place(snapshots[0])))
            self._reached("pointed")
            self._drop_all_but(snapshots)
        except NotReady as problem:
            _log.warning("index not cleared", extra={"reason": problem.message})

    def _point_to(self, name: str) -> None:
        """In one step, so that there is always one to ask by the alias."""
        before = self._server.aliases()
        if before.get(self._alias) == name:
            return
        create = {"create_alias": {"collection_name": name, "alias_name": self._alias}}
        delete = {"delete_alias": {"alias_name": self._alias}}
        self._server.point_alias([delete, create] if self._alias in before else [create])

    def _drop_all_but(self, snapshots: Sequence[str]) -> None:
        for name in self._server.collections():
            alias, *rest = name.rsplit(_BETWEEN, 2)
            if alias == self._alias and len(rest) == len(("snapshot", "part")) and rest[0] not in snapshots:
                self._server.drop(name)
                self._reached("dropped")

    def _rows(self, place: Place, shape: tuple[int, ...]) -> QdrantRows:
        size, dimension = shape
        return QdrantRows(self._server, self._name(place), (size, dimension), self._steady)

    def _name(self, place: Place) -> str:
        return _BETWEEN.join((self._alias, place.snapshot, place.part))

    def _collection(self, dimension: int) -> dict[str, Any]:
        settings = self._settings
        return {
            "vectors": {
                "size": dimension,
                "distance": "Dot",  # the vectors have unit length already
                "on_disk": settings.on_disk,
            },
            "hnsw_config": {"m": 0},
            "shard_number": settings.shards,
            "replication_factor": settings.replicas,
            # A row that one replica has all have, so that it does not matter which of them is asked.
            "write_consistency_factor": settings.replicas,
        }


def _compare_some(rows: QdrantRows, vectors: Floats) -> None:
    """Raises NotReady: what came back is not what was handed in, or is compared in another way."""
    if not len(vectors):
        return
    some = np.unique(np.linspace(0, len(vectors) - 1, _SAMPLES).astype(np.int64))
    if not np.array_equal(rows.take(some), vectors[some]):
        raise NotReady("the index does not give back the vectors it was handed")
    question = vectors[some[0]]
    [near] = rows.nearest([Ask(question, len(some))])
    away = np.abs(near.numbers - vectors[near.rows].astype(np.float64) @ question.astype(np.float64))
    if len(near.rows) != len(some) or away.max() > rounding_bound(rows.dimension, 1.01):
        raise NotReady("the index does not compare vectors by their products in single precision")


def _make(table: Qdrant, knowledge_base: str, _device: object) -> QdrantIndex:
    server = QdrantServer(table.url, table.api_key.get_secret_value(), timeout_seconds=table.timeout)
    return QdrantIndex(server, table, knowledge_base)


# Others want a thousand vectors a question, by their words: 10 MB of JSON at 512 numbers.
KIND = Kind("qdrant", Qdrant, _make, scorings=frozenset({"cosine"}))
