"""One case of the attack catalogue.

A test is named by its file below `tests/` and its function. `open` says what a case asks
for beyond these tests, and why it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    tests: tuple[str, ...] = ()
    open: str = ""
