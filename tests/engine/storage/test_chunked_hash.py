"""One checksum for the same bytes, however they come and whoever helps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.storage.chunked_hash import PIECE, checksum, digests

CONTENT = bytes(range(23))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize("cuts", [(), (1,), (4,), (8, 8, 9), (3, 22), (0, 23)])
def test_it_is_of_the_bytes_and_not_of_their_parts(pool: ThreadPoolExecutor, cuts: tuple[int, ...]) -> None:
    parts = [memoryview(CONTENT)[a:b] for a, b in zip((0, *cuts), (*cuts, None), strict=True)]
    assert list(digests(pool, parts, 4)) == [
        hashlib.sha256(CONTENT[start : start + 4]).digest() for start in range(0, 23, 4)
    ]


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1])
def test_every_byte_counts_and_so_does_their_number(pool: ThreadPoolExecutor, size: int) -> None:
    content = bytes(size)
    others = [content + b"\0", *([content[:-1], content[:-1] + b"x", b"x" + content[1:]] if size else [])]
    found = {checksum(digests(pool, [memoryview(each)])) for each in [content, *others]}
    assert len(found) == len({content, *others})
