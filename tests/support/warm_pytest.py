"""A Python that has imported both programs once: each run of pytest in it is a fork, and costs no start.

    with warm_pytest() as pytest_run:
        code, said = pytest_run(["-q", "tests/test_clocks.py"], {"TAMPERED": "no-lease-check"})

A run is a process of its own all the same: nothing of it is left for the next.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from tests.support.forker import REPOSITORY, the_forker

# What nearly every test imports.
_IMPORTED = ("bot.__main__", "engine.__main__", "alembic.ddl.impl", "psycopg", "hypothesis")
# Assertions inside of what is imported are not explained; inside of tests they are.
_QUIET = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
_NO_CODE_OF_PYTEST = 70
HANG_SECONDS = 240.0
PytestRun = Callable[[Sequence[str], Mapping[str, str]], tuple[int, str]]


@contextmanager
def warm_pytest() -> Iterator[PytestRun]:
    """A warm process that runs pytest with arguments and more of an environment: exit code and output."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as said,
        subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise AssertionError("a process without pipes; this is a bug")
        asked, answered = process.stdin, process.stdout

        def run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
            said.seek(0)
            said.truncate()
            limit = threading.Timer(HANG_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
            limit.start()
            try:
                asked.write(json.dumps([[*arguments], {**environment}]) + "\n")
                asked.flush()
                code = int(answered.readline() or -signal.SIGKILL)
            finally:
                limit.cancel()
            said.seek(0)
            return code, said.read()

        yield run
        asked.close()


def _serve() -> None:
    """Standard input has a line of JSON for each run, standard output its exit code, errors what it said."""
    for name in _IMPORTED:
        importlib.import_module(name)
    # One for all runs; each would start one of its own.
    the_forker()
    answers = os.dup(1)
    os.dup2(2, 1)
    for line in sys.stdin:
        arguments, environment = json.loads(line)
        child = os.fork()
        if not child:
            os.environ.update(environment)
            code = _run(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(arguments: list[str]) -> int:
    """Whatever happens, no fork comes back to the loop above."""
    try:
        return int(pytest.main([*_QUIET, *arguments]))
    except BaseException:  # noqa: BLE001 - an exit of its own is one of them
        traceback.print_exc()
        return _NO_CODE_OF_PYTEST


if __name__ == "__main__":
    _serve()
