"""The vectors of a knowledge base on PostgreSQL with pgvector: for those who run one already.

A table for each matrix of each snapshot that is kept, named by a digest; its comment says whose it is. It is
made and filled in one transaction, so a crash leaves none that is not whole. Every question reads all
rows: there is no approximate index on them. pgvector compares in single precision; what is asked
instead so that none is lost is `engine.index.margin`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from numpy.typing import NDArray
from pydantic import AfterValidator, Field, SecretStr

from engine.domain import MissingPackage, NotReady
from engine.index.distant_rows import DistantRows
from engine.index.outage import Outage
from engine.index.protocol import EarlierRows, Kind, Place, RowSearch, Table
from engine.index.score import Floats

if TYPE_CHECKING:
    from engine.index.pgvector.database import Database

_DEVICE = "postgresql"

_log = logging.getLogger(__name__)


def _database_address(address: SecretStr) -> SecretStr:
    text = address.get_secret_value().replace("postgresql+psycopg://", "postgresql://", 1)
    parts = urlsplit(text)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError(
            'wanted the address of a database such as "postgresql://kbdial@db.example.com/vectors"'
        )
    return SecretStr(text)


class Pgvector(Table):
    """The settings of PostgreSQL with pgvector: the database, and the prefix of our tables in it."""

    kind: Literal["pgvector"] = "pgvector"
    url: Annotated[SecretStr, AfterValidator(_database_address)]
    prefix: str = Field(default="kbdial", pattern=r"^[A-Za-z0-9_]{1,32}$")
    timeout: float = Field(default=10.0, gt=0, le=300)

    @property
    def secrets(self) -> tuple[str, ...]:
        address = self.url.get_secret_value()
        return (address, urlsplit(address).password or "")


class PgvectorIndex:
    """The tables of one knowledge base."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def build(self, place: Place, vectors: Floats, earlier: EarlierRows | None = None) -> RowSearch:  # noqa: ARG002 - all rows are sent, wherever they were before
        size, dimension = vectors.shape
        rows = DistantRows(self._database.store(place, vectors), (size, dimension), device=_DEVICE)
        rows.compare_some(vectors)
        return rows

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:
        return DistantRows.reopen(self._database.matrix(place), stored, shape, device=_DEVICE)

    def beside_model(self, held: RowSearch) -> RowSearch:
        return held

    def serve(self, snapshots: Sequence[str]) -> None:
        try:
            self._database.drop_all_but(snapshots)
        except NotReady as problem:
            _log.warning("index not cleared", extra={"reason": problem.message})


def _make(table: Pgvector, knowledge_base: str, _device: object) -> PgvectorIndex:
    try:
        from engine.index.pgvector.database import Database  # noqa: PLC0415 - its driver is an extra
    except ImportError as missing:
        raise MissingPackage(
            f'[engine.index] kind = "pgvector" needs the package {missing.name}: in kbdial\'s checkout, '
            "`.venv/bin/python -m pip install -e '.[pgvector]'` brings it"
        ) from None
    database = Database(
        table.url.get_secret_value(),
        f"{table.prefix}/{knowledge_base}",
        timeout_seconds=table.timeout,
        outage=Outage("PostgreSQL"),
    )
    return PgvectorIndex(database)


KIND = Kind("pgvector", Pgvector, _make)
