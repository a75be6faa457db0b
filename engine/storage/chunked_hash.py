"""A checksum of many bytes that every core can help with: SHA-256 of the SHA-256 of each piece.

SHA-256 of the whole is one core's work, and would take longer than reading the file does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Final

PIECE: Final = 4 << 20
"""Part of what a checksum is: with another size it is another checksum."""


def digests(pool: Executor, parts: Iterable[memoryview], piece: int = PIECE) -> Iterator[bytes]:
    """The digest of each piece of these bytes, wherever the parts begin. The pool begins at once."""
    return pool.map(_digest, list(_pieces(parts, piece)))


def checksum(digests: Iterable[bytes]) -> str:
    """Waits for the digests."""
    return hashlib.sha256(b"".join(digests)).hexdigest()


def _pieces(parts: Iterable[memoryview], size: int) -> Iterator[list[memoryview]]:
    piece: list[memoryview] = []
    room = size
    for part in parts:
        rest = part
        while len(rest) >= room:
            yield [*piece, rest[:room]]
            piece, rest, room = [], rest[room:], size
        if len(rest):
            piece.append(rest)
            room -= len(rest)
    if piece:
        yield piece


def _digest(piece: Iterable[memoryview]) -> bytes:
    found = hashlib.sha256()
    for part in piece:
        found.update(part)
    return found.digest()
