"""The parts that parsers of authentic bodies share: their outcomes, and readers of fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, and asks nothing of us. The reason is one of a few fixed phrases."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A type we know in a shape we do not. A retry cannot help; a person should look."""

    reason: str
    tenant: str = ""


class BrokenField(Exception):
    """A field of a known type is missing or of the wrong type. It never leaves the platform."""


def object_in(parent: Any, name: str) -> Mapping[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(value, dict):
        raise BrokenField(f"{name} is not an object")
    return value


def string_in(parent: Mapping[str, Any], name: str, clean: Callable[[str], str] = str) -> str:
    """The text under this name, as `clean` leaves it."""
    value = parent.get(name)
    if not isinstance(value, str):
        raise BrokenField(f"{name} is not a text")
    return clean(value)


def matching_in(parent: Mapping[str, Any], name: str, form: re.Pattern[str], what: str = "an id") -> str:
    """The text under this name, which has this form throughout."""
    value = parent.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise BrokenField(f"{name} is not {what}")
    return value
