"""The shape of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """`summary` fits on one line; `takes` completes "/threshold takes …".

    `forms`: what may be typed, and what it does. A command with one form has none.
    """

    summary: str
    takes: str
    forms: Mapping[str, str]
