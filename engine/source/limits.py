"""How much a source may hold before it is refused instead of read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Far above any help desk, and low enough that a mistaken file cannot fill the memory.

    All hold for the files of one source together, except that of a cell. Raising `rows`
    costs about 2 kB of memory an entry while reading; a cell is one text, answer or field.
    """

    bytes: int = 100_000_000
    rows: int = 500_000
    cell_characters: int = 100_000
    id_characters: int = 200


DEFAULT_LIMITS = Limits()
