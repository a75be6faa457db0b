"""Words: what acts is an imperative verb, nothing is named by what happened to it, docstrings name the thing.

A name that is new and a bare past participle fails: `refuse`, not `refused`; `is_refused` where it
is a question, a noun (`refusal`) where it is a value. `STANDING` are those there were before;
who renames one takes it off the list.

A docstring begins with the thing ("The path of the socket: ...") or the act ("Encode a question ..."), and
not with a clause or a fragment that leaves the thing out ("Where it is", "Of these", "As `run`"). "Whether"
is how a question begins, and stays.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTICIPLE = re.compile(
    r"_?[a-z]*(?:[^e]ed|told|said|seen|kept|given|found|shown|sent|known|held|begun|drawn|written|taken|built|heard|spoken)"
)
CLAUSES = frozenset(
    """
    What Who Whose Whoever Where How When Why Which That Those It
    As Of By None For From With Until
    """.split()  # noqa: SIM905 - a list of words reads best as one text
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
VERBS = {"embed", "need", "feed", "seed", "speed"}
STANDING = frozenset(
    """
    received
    """.split()  # noqa: SIM905 - a list of words reads best as one text
)


def functions() -> Iterator[str]:
    """The names of all functions of both programs; a property is a value and may be described."""
    for program in ("bot", "engine"):
        for file in (ROOT / program).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and not _is_property(node):
                    yield node.name


def _is_property(function: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id.endswith("property") for one in function.decorator_list)


def participles() -> set[str]:
    return {name for name in functions() if PARTICIPLE.fullmatch(name) and name.strip("_") not in VERBS}


def test_no_new_function_is_named_by_what_happened_to_it() -> None:
    assert participles() - STANDING == set()


def test_the_list_holds_no_name_that_is_gone() -> None:
    assert STANDING - participles() == set()


def docstrings() -> Iterator[tuple[str, str]]:
    """The place and text of each docstring, private ones included."""
    for folder in ("bot", "engine", "migrations", "benchmarks", "tests/support"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                    yield f"{file.relative_to(ROOT)}:{node.body[0].lineno}", text


def test_a_docstring_names_the_thing_first() -> None:
    assert [(place, text) for place, text in docstrings() if text.split()[0] in CLAUSES] == []
