"""The limits of a source, beyond which it is refused instead of read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Far above any help desk, and low enough that a mistaken file cannot fill the memory.

    `bytes` and `rows` hold for the files of one source together. Raising `rows` costs about
    2 kB of memory an entry while reading; a cell is one text, answer or field. The time and
    the memory of a document are those of the process that reads it. What is fetched is
    counted after decompression, and its time is that of the whole exchange, redirects included.
    """

    bytes: int = 100_000_000
    rows: int = 500_000
    cell_characters: int = 100_000
    id_characters: int = 200
    document_seconds: float = 60
    document_memory_bytes: int = 1_500_000_000
    fetched_bytes: int = 50_000_000
    fetch_seconds: float = 60
    query_seconds: float = 60


DEFAULT_LIMITS = Limits()
