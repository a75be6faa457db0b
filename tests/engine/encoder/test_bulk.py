"""How many texts are cut, and when. That none is lost, and what fails alone: test_batcher.py."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from itertools import chain, repeat

import numpy as np
import pytest

from engine.encoder.bulk import (
    ASKED_PIECE,
    ASKED_PIECE_CHARACTERS,
    CARD_PIECE,
    PIECE,
    QUIET,
    Size,
    encode_in_pieces,
    pieces,
    size_for,
)
from engine.index.snapshot import Vectors


@pytest.mark.parametrize(
    ("device", "is_asked", "texts"),
    [
        ("cpu", False, PIECE),
        ("cpu", True, ASKED_PIECE),
        ("cuda:0", True, CARD_PIECE),
        ("a server", True, PIECE),
    ],
)
def test_pieces_are_small_while_people_ask_where_that_costs_nothing(
    device: str, is_asked: bool, texts: int
) -> None:
    assert size_for(device, is_asked=is_asked).texts == texts


def test_the_next_piece_is_cut_as_it_is_then() -> None:
    sizes = chain([QUIET, Size(ASKED_PIECE, ASKED_PIECE_CHARACTERS)], repeat(QUIET))
    cut = pieces(["a"] * (2 * PIECE + ASKED_PIECE + 1), lambda: next(sizes))
    assert [len(piece) for piece in cut] == [PIECE, ASKED_PIECE, PIECE, 1]


@pytest.mark.parametrize("ahead", [1, 4])
def test_so_many_pieces_are_submitted_ahead(ahead: int) -> None:
    submitted: list[str] = []

    def submit(piece: Sequence[str]) -> Future[Vectors]:
        submitted.extend(piece)
        done: Future[Vectors] = Future()
        done.set_result(np.zeros((len(piece), 1), np.float32))
        return done

    texts = ["x" * length for length in range(1, 10)]
    given = encode_in_pieces(texts, submit, size=lambda: Size(1, 100), ahead=ahead)
    assert next(given)[0] == [8], "the longest first"
    assert len(submitted) == 1 + ahead
    assert sorted(place for places, _ in given for place in places) == list(range(8))
