"""The rule: tests/bot/test_machine_limits.py. On real processes: tests/faults/test_few_resources.py."""

from __future__ import annotations

from engine.machine_limits import find_shortage


def test_a_machine_that_allows_enough_is_told_from_one_that_does_not() -> None:
    assert find_shortage(4) is None
