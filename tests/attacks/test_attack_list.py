"""The catalogue is whole, and what it names exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.catalogue import CATALOGUE

# The sheet that the catalogue began with has forty; what was found later goes on behind them.
FIRST = 40
TESTS = Path(__file__).resolve().parents[1]


@cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_case_is_listed_with_a_test_or_a_reason() -> None:
    numbered = [name for name in CATALOGUE if name != "supply chain"]
    assert numbered == [f"SEC{number:02d}" for number in range(1, len(numbered) + 1)]
    assert len(numbered) >= FIRST
    assert [name for name, case in CATALOGUE.items() if not case.tests and not case.open] == []


@pytest.mark.parametrize("case", CATALOGUE)
def test_every_test_of_a_case_exists(case: str) -> None:
    missing = []
    for test in CATALOGUE[case].tests:
        file, _, name = test.partition("::")
        path = TESTS / file
        if not path.exists() or name not in _functions(path):
            missing.append(test)
    assert missing == []
