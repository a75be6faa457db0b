"""The two programs share no code, so what both need stands in each: here the twins are compared.

Whoever mends one is told to mend the other. Comments and docstrings may differ, and so may
what is named in `APART`, with the reason.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRANSPORTS = ("bot/engine_client/transport.py", "engine/source/deadline.py")
CONFIG_FILES = ("bot/config_file.py", "engine/config_file.py")
TWINS = [
    ("bot/weak_secrets.py", "engine/weak_secrets.py"),
    ("bot/machine_limits.py", "engine/machine_limits.py"),
    ("bot/csv_cells.py", "engine/csv_cells.py"),
    ("bot/network_errors.py", "engine/network_errors.py"),
    CONFIG_FILES,
    ("bot/engine_client/transport.py", "engine/source/deadline.py"),
]
APART = {
    # Sources may be reached through a proxy, the engine never is.
    ("engine/source/deadline.py", "WholeAnswerTimeout"),
    ("bot/engine_client/transport.py", "WholeAnswerTimeout"),
    ("engine/source/deadline.py", "_guard"),
    # Each reads its own table, with its own paths and secrets in it.
    *((path, name) for path in CONFIG_FILES for name in ("PROGRAM", "_HIDDEN", "load", "_locate")),
    # The bot looks names up aside, so that a slow name server holds nobody who waits in chat.
    *((path, name) for path in TRANSPORTS for name in ("_Connection", "_SecureConnection")),
    # A question has a body; what the engine fetches from its sources has none.
    *(("bot/engine_client/transport.py", name) for name in ("_InOnePiece", "_hold_back")),
}


def code_of(path: str) -> dict[str, str]:
    """Each definition at the top of a module as text, without comments, docstrings and what is apart."""
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [one for one in node.body if not (_is_text(one) or (path, _name(one)) in APART)]
            node.body = node.body or [ast.Pass()]
    return {_name(one): ast.unparse(one) for one in module.body if _name(one)}


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _name(node: ast.stmt) -> str:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


@pytest.mark.parametrize(("of_the_bot", "of_the_engine"), TWINS)
def test_what_both_programs_need_is_the_same_in_each(of_the_bot: str, of_the_engine: str) -> None:
    assert code_of(of_the_bot) == code_of(of_the_engine)


def test_what_may_differ_is_there() -> None:
    for path, name in APART:
        names = {
            _name(one)
            for one in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
            if isinstance(one, ast.stmt)
        }
        assert name in names, (path, name)
