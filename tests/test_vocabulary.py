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
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAMS = ("bot/", "engine/")
PARTICIPLE = re.compile(
    r"_?[a-z]*(?:[^e]ed|told|said|seen|kept|given|found|shown|sent|known|held|begun|drawn|written|taken|built|heard|spoken)"
)
CLAUSES = frozenset(
    """
    What Who Whose Whoever Where How When Why Which That Those It
    As Of By None For From With Until
    """.split()  # noqa: SIM905 - a list of words reads best as one text
)
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
VERBS = {"embed", "need", "feed", "seed", "speed"}
STANDING = frozenset(
    """
    received
    """.split()  # noqa: SIM905 - a list of words reads best as one text
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A module, class or function; `is_value`: a property, which is a value and may be described."""

    place: str
    name: str
    docstring: str
    is_function: bool
    is_value: bool = False


@cache
def definitions() -> tuple[Definition, ...]:
    """All definitions of the programs, migrations, benchmarks and doubles, private ones included."""
    return tuple(
        _definition(file.relative_to(ROOT).as_posix(), node)
        for folder in (*PROGRAMS, "migrations/", "benchmarks/", "tests/support/")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, DOCUMENTED)
    )


def _definition(path: str, node: Documented) -> Definition:
    docstring = ast.get_docstring(node) or ""
    if isinstance(node, ast.Module):
        return Definition(f"{path}:1", "", docstring, is_function=False)
    is_value = isinstance(node, ast.FunctionDef) and _is_property(node)
    is_function = isinstance(node, ast.FunctionDef)
    return Definition(f"{path}:{node.lineno}", node.name, docstring, is_function, is_value)


def _is_property(function: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id.endswith("property") for one in function.decorator_list)


def participles() -> set[str]:
    """The names of functions of both programs that are a bare participle."""
    names = {
        one.name
        for one in definitions()
        if one.is_function and not one.is_value and one.place.startswith(PROGRAMS)
    }
    return {name for name in names if PARTICIPLE.fullmatch(name) and name.strip("_") not in VERBS}


def test_no_new_function_is_named_by_what_happened_to_it() -> None:
    assert participles() - STANDING == set()


def test_the_list_holds_no_name_that_is_gone() -> None:
    assert STANDING - participles() == set()


def test_a_docstring_names_the_thing_first() -> None:
    wrong = {
        one.place: one.docstring
        for one in definitions()
        if one.docstring and one.docstring.split()[0] in CLAUSES
    }
    assert wrong == {}
