from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoder.portions import DoesNotFit, Portions


class Full(Exception):
    pass


class Memory:
    """Holds as many rows as it has room for, and remembers what it was asked."""

    def __init__(self, room: int) -> None:
        self.room, self.asked, self.freed = room, list[list[int]](), 0

    def encode(self, rows: Sequence[int]) -> list[int]:
        self.asked.append(list(rows))
        if len(rows) > self.room:
            raise Full
        return list(rows)

    def free(self) -> None:
        self.freed += 1


def run(portions: Portions, memory: Memory, lengths: Sequence[int]) -> list[int]:
    pairs = portions.encode(
        lengths,
        memory.encode,
        is_out_of_memory=lambda problem: isinstance(problem, Full),
        free=memory.free,
    )
    done: list[int] = []
    for rows, made in pairs:
        assert list(rows) == made
        done += made
    return done


@given(
    lengths=st.lists(st.integers(0, 600), max_size=200),
    room=st.integers(1, 80),
    tokens=st.integers(1, 5000),
    most=st.integers(1, 128),
)
def test_every_row_is_encoded_once_and_no_portion_is_too_large(
    lengths: list[int], room: int, tokens: int, most: int
) -> None:
    memory = Memory(room)
    done = run(Portions(tokens, most), memory, lengths)
    assert sorted(done) == list(range(len(lengths)))
    for rows in memory.asked:
        assert len(rows) <= most
        assert len(rows) == 1 or len(rows) * max(lengths[row] for row in rows) <= tokens


def test_the_size_grows_back_slowly() -> None:
    memory, portions = Memory(8), Portions(10**9, 64)
    run(portions, memory, [1] * 64)
    assert (portions.rows, memory.freed) == (8, 3)
    memory.room = 1000
    run(portions, memory, [1] * 8 * 23)  # eight went well above
    assert portions.rows == 8
    run(portions, memory, [1] * 8)
    assert portions.rows == 16
    run(portions, memory, [1] * 64 * 64)
    assert portions.rows == 64


def test_one_row_that_does_not_fit_is_told() -> None:
    with pytest.raises(DoesNotFit) as told:
        run(Portions(100, 4), Memory(0), [1, 5, 2])
    assert told.value.row == 1


def test_what_is_not_about_memory_is_not_tried_again() -> None:
    def break_down(_rows: Sequence[int]) -> None:
        raise ValueError("no such weight")

    portions = Portions(100, 4)
    with pytest.raises(ValueError, match="no such weight"):
        list(portions.encode([1], break_down, is_out_of_memory=lambda _: False, free=lambda: None))
