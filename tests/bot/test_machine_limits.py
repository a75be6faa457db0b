"""Which errors mean that the machine allows no more, whatever they are wrapped in."""

from __future__ import annotations

import errno
import threading

import pytest

from bot.machine_limits import explain, find_shortage


def wrapped(problem: BaseException) -> BaseException:
    """The error as a library hands it on."""
    try:
        try:
            raise problem
        except type(problem) as inner:
            raise ValueError("unable to open database file") from inner
    except ValueError as outer:
        return outer


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENFILE, "Too many open files in system"), "fs.file-max"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
    ],
)
def test_what_the_machine_refuses_is_explained(problem: BaseException, says: str) -> None:
    for one in (problem, wrapped(problem)):
        assert says in str(explain(one))


@pytest.mark.parametrize("problem", [OSError(errno.ENOSPC, "full"), RuntimeError("other"), KeyError("x")])
def test_any_other_error_is_not(problem: BaseException) -> None:
    assert explain(problem) is None


def test_the_threads_that_were_tried_are_gone() -> None:
    before = threading.active_count()
    assert find_shortage(30) is None
    assert threading.active_count() == before
