"""JSON and XML from outside, read into plain values without ever being surprised.

Too deep, too large, with a DTD, with half a character: all of it is `Unreadable`. What
the values mean is not known here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

_DEEPEST = 32
_LIMIT_BYTES = 64 * 1024


class Unreadable(Exception):
    """Not JSON, or not XML, as it should be. The message is for the log."""


@dataclass(slots=True)
class PlainXml:
    """One element: its own text, and its children by name in their order."""

    text: str = ""
    children: dict[str, list[PlainXml]] = field(default_factory=dict)

    def texts(self, name: str) -> list[str]:
        return [child.text for child in self.children.get(name, [])]

    def first(self, name: str) -> str:
        """The text of the first child of this name; "" when there is none."""
        return next(iter(self.texts(name)), "")

    def all(self, name: str) -> list[PlainXml]:
        return self.children.get(name, [])


def read_json(body: bytes) -> Any:
    """The value; a name given twice in one object is refused, for two readers may differ on it."""
    if len(body) > _LIMIT_BYTES:
        raise Unreadable("too large")
    try:
        return json.loads(body.decode(), object_pairs_hook=_object)
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as broken:  # not UTF-8, not JSON, or a number of thousands of digits
        raise Unreadable(f"not JSON: {type(broken).__name__}") from None


def read_xml(body: bytes) -> PlainXml:
    if len(body) > _LIMIT_BYTES:
        raise Unreadable("too large")
    growing = _Growing()
    parser = DefusedXMLParser(target=growing, forbid_dtd=True)
    try:
        parser.feed(body)
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as broken:
        raise Unreadable(f"not XML: {type(broken).__name__}") from None
    return growing.root


class _Growing:
    """Collects what the parser says, and stops it when it goes too deep."""

    def __init__(self) -> None:
        self.root = PlainXml()
        self._open: list[PlainXml] = []

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise Unreadable("nested too deeply")
        element = PlainXml()
        if self._open:
            self._open[-1].children.setdefault(tag, []).append(element)
        else:
            self.root = element
        self._open.append(element)

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def end(self, _tag: str) -> None:
        self._open.pop()

    def close(self) -> None:
        pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name given twice")
    return made
