"""The indexes there are. The only module that knows more of one than `engine.index.protocol` says.

To add one: its folder with an `index.py`, and its line in KINDS (CONTRIBUTING.md, "An index").
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator

from engine.index.pgvector import index as pgvector
from engine.index.protocol import Kind, MakeIndex, ModelDevice, Table
from engine.index.qdrant import index as qdrant
from engine.index.scan import index as scan

KINDS: tuple[Kind[Any], ...] = (scan.KIND, qdrant.KIND, pgvector.KIND)

_BY_NAME = {kind.name: kind for kind in KINDS}
DEFAULT: Table = KINDS[0].table()


def read_table(given: Any) -> Table:
    """The table of the kind that it names; the first kind where it names none.

    Raises:
        ValueError: there is no such kind, or a setting of it is wrong.
    """
    if isinstance(given, Table):
        return given
    if not isinstance(given, Mapping):
        raise ValueError('wanted a table such as [engine.index] with kind = "local"')  # noqa: TRY004 - pydantic's kind of error
    name = given.get("kind", DEFAULT.kind)
    if name not in _BY_NAME:
        names = ", ".join(f'"{known}"' for known in _BY_NAME)
        raise ValueError(f'there is no index "{name}", only {names}')
    table: Table = _BY_NAME[name].table.model_validate(given)
    return table


IndexTable = Annotated[Table, BeforeValidator(read_table)]


def scorings_of(table: Table) -> frozenset[str]:
    """The scorings that this index can promise."""
    return _BY_NAME[table.kind].scorings


def indexes(table: Table, device: ModelDevice) -> MakeIndex:
    """A maker of the index of each knowledge base, by these settings."""
    return partial(_make, _BY_NAME[table.kind], table, device)


def _make(kind: Kind[Any], table: Table, device: ModelDevice, knowledge_base: str) -> Any:
    return kind.make(table, knowledge_base, device)
