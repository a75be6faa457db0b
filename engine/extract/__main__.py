"""One document after the other, from standard input to standard output, until the input ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from importlib import import_module
from typing import BinaryIO

from engine.extract.blocks import Item, Refused


def main(memory_bytes: int) -> None:
    given = sys.stdin.buffer
    # Whatever a library prints must not stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    _limit(memory_bytes)
    with answers:
        while header := given.readline():
            wanted = json.loads(header)
            content = given.read(wanted["bytes"])
            _end_after(wanted["seconds"])
            _answer(wanted["kind"], content, answers)
            _end_after(0)


def _answer(kind: str, content: bytes, answers: BinaryIO) -> None:
    try:
        # Whoever started us names one of our modules, which is the reader of that kind.
        for item in import_module(f"engine.extract.{kind}").read(content):
            _write(answers, item)
        last: Item = {"end": True}
    except Refused as refused:
        last = {"error": str(refused), "why": refused.why}
    except ModuleNotFoundError as missing:
        last = {"missing": missing.name}
    except RecursionError:
        last = {"error": "is nested too deeply"}
    except MemoryError:
        last = {"error": "takes more memory than a document may", "why": "too_large"}
    except Exception as error:  # noqa: BLE001 - the top of a step: any parser may raise anything
        last = {
            "error": (
                f"is damaged, too large for the memory, or not what its name says ({type(error).__name__})"
            )
        }
    _write(answers, last)
    answers.flush()


def _write(answers: BinaryIO, item: Item) -> None:
    # Half characters, which some files hold, would be no UTF-8.
    answers.write(json.dumps(item).encode() + b"\n")


def _end_after(seconds: float) -> None:
    """Die by a signal, should whoever holds the clock have died before; 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit(memory_bytes: int) -> None:
    # Not on every system: then only the clock guards.
    with contextlib.suppress(ImportError, ValueError, OSError):
        resource = import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no copy of somebody's document on the disk


if __name__ == "__main__":
    main(int(sys.argv[1]))
