"""No test is judged by the wall clock: a busy machine is no broken promise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CLOCKS = {"monotonic", "perf_counter", "time"}

# Each waits for something with a bound far above, and says what it waited for.
HANG_GUARDS = {
    "engine/index/scan/test_request_combiner.py",
    "faults/building.py",
    "support/hang_guard.py",
    "support/pseudo_terminal.py",
}


def _assertions_on_a_clock(path: Path) -> Iterator[int]:
    """Line numbers of assertions that call `time.monotonic` or its like."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assert):
            called = (call.func for call in ast.walk(node.test) if isinstance(call, ast.Call))
            if any(isinstance(one, ast.Attribute) and one.attr in CLOCKS for one in called):
                yield node.lineno


def test_no_assertion_reads_the_wall_clock() -> None:
    found = {
        f"{name}:{line}"
        for path in TESTS.rglob("*.py")
        if (name := path.relative_to(TESTS).as_posix()) not in HANG_GUARDS
        for line in _assertions_on_a_clock(path)
    }

    assert found == set()
