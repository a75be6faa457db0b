from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.index.scan.request_combiner import Combiner


class SlowDoubling:
    """Doubles numbers; the first call waits until so many others are in the line."""

    def __init__(self, combiner: Combiner[int, int], others: int) -> None:
        self._combiner = combiner
        self._others = others
        self.begun = threading.Event()
        self.calls: list[list[int]] = []

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(sorted(numbers))
        if len(self.calls) == 1:
            self.begun.set()
            ends = time.monotonic() + 10
            while self._combiner.waiting < self._others:
                assert time.monotonic() < ends, "the others never came"
        if 13 in numbers:
            raise ValueError("thirteen")
        return [2 * number for number in numbers]

    def ask(self, numbers: Sequence[int]) -> list[object]:
        """The first number alone, the others when it is being answered; answers or problems."""
        with ThreadPoolExecutor(len(numbers)) as pool:
            asked = [pool.submit(self._combiner.ask, numbers[0], self)]
            assert self.begun.wait(10)
            asked += [pool.submit(self._combiner.ask, number, self) for number in numbers[1:]]
            return [each.exception() or each.result() for each in asked]


def test_those_who_ask_meanwhile_are_answered_together() -> None:
    combiner = Combiner[int, int](most=64)
    doubling = SlowDoubling(combiner, others=5)
    assert doubling.ask([0, 1, 2, 3, 4, 5]) == [0, 2, 4, 6, 8, 10]
    assert doubling.calls == [[0], [1, 2, 3, 4, 5]]


def test_no_more_than_so_many_are_answered_together() -> None:
    combiner = Combiner[int, int](most=3)
    doubling = SlowDoubling(combiner, others=7)
    assert doubling.ask([0, 1, 2, 3, 4, 5, 6, 7]) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert [len(call) for call in doubling.calls] == [1, 3, 3, 1]


def test_one_who_asks_alone_waits_for_nobody_and_often() -> None:
    combiner = Combiner[int, int](most=64)
    calls: list[list[int]] = []

    def double(numbers: Sequence[int]) -> list[int]:
        calls.append(list(numbers))
        return [2 * number for number in numbers]

    assert [combiner.ask(number, double) for number in range(4)] == [0, 2, 4, 6]
    assert calls == [[0], [1], [2], [3]]


def test_a_failure_is_told_to_all_it_concerns_and_to_nobody_else() -> None:
    combiner = Combiner[int, int](most=64)
    doubling = SlowDoubling(combiner, others=2)
    first, *others = doubling.ask([0, 13, 1])
    assert first == 0
    assert [str(problem) for problem in others] == ["thirteen", "thirteen"]
    assert combiner.ask(4, doubling) == 8


@pytest.mark.parametrize("threads", [2, 8])
def test_nobody_is_forgotten_or_given_another_answer(threads: int) -> None:
    combiner = Combiner[int, int](most=3)
    with ThreadPoolExecutor(threads) as pool:
        found = list(
            pool.map(lambda number: combiner.ask(number, lambda all_: [2 * one for one in all_]), range(2000))
        )
    assert found == [2 * number for number in range(2000)]
