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
scored on both sides. What a crash leaves behind goes when the next snapshot is served.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from numpy.typing import NDArray
from pydantic import AfterValidator, Field, SecretStr

from engine.domain import NotReady
from engine.index.distant_rows import DistantRows
from engine.index.protocol import EarlierRows, Kind, Place, RowSearch, Table
from engine.index.qdrant.rest import Collection, QdrantServer
from engine.index.score import Floats
from engine.weak_secrets import OptionalSecret

_DEVICE = "qdrant"
_BETWEEN = "--"

_log = logging.getLogger(__name__)


def _server_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ValueError('wanted the address of a server such as "http://127.0.0.1:6333", its key in api_key')
    return text.rstrip("/")


class Qdrant(Table):
    """The settings of a Qdrant server, and of the collections that it keeps."""

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
        size, dimension = vectors.shape
        store = Collection(self._server, name, dimension)
        rows = DistantRows(store, (size, dimension), device=_DEVICE, steady=self._steady)
        rows.compare_some(vectors)
        self._reached("compared")
        return rows

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:
        store = Collection(self._server, self._name(place), shape[1])
        return DistantRows.reopen(store, stored, shape, device=_DEVICE, steady=self._steady)

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
        """Move the alias to a collection in one step, so that it always leads to one."""
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


def _make(table: Qdrant, knowledge_base: str, _device: object) -> QdrantIndex:
    server = QdrantServer(table.url, table.api_key.get_secret_value(), timeout_seconds=table.timeout)
    return QdrantIndex(server, table, knowledge_base)


# Others want a thousand vectors a question, by their words: 10 MB of JSON at 512 numbers.
KIND = Kind("qdrant", Qdrant, _make, scorings=frozenset({"cosine"}))
