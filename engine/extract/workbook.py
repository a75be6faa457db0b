"""The parts of a workbook that its sheets refer to: texts, formats, names and visibility of the sheets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zipfile import ZipFile

from defusedxml import ElementTree

from engine.extract.blocks import Refused
from engine.extract.number_format import BUILT_IN

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WORKSHEET: Final = "/worksheet"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str
    is_visible: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    """`texts` by the number in a cell, `formats` by a cell's style."""

    sheets: Sequence[Sheet]
    texts: Sequence[str]
    formats: Sequence[str]
    since_1904: bool

    @classmethod
    def of(cls, archive: ZipFile) -> Workbook:
        """Raises Refused where a part is missing."""
        book = _part(archive, "xl/workbook.xml")
        related = related_parts(archive, "xl/workbook.xml")
        properties = _first(book, "workbookPr")
        sheets = [
            Sheet(each.get("name", ""), related[key][1], each.get("state", "visible") == "visible")
            for each in _all(book, "sheet")
            if (key := _by_local_name(each, "id")) in related and related[key][0].endswith(_WORKSHEET)
        ]
        return cls(
            sheets,
            _texts(archive),
            _formats(archive),
            properties is not None and properties.get("date1904") in {"1", "true"},
        )


def related_parts(archive: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Kind and target of what a part refers to, by the id it uses; targets outside as they are."""
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in archive.namelist():
        return {}
    found = {}
    for each in _all(_part(archive, path), "Relationship"):
        target = each.get("Target", "")
        if each.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        found[each.get("Id", "")] = (each.get("Type", ""), target)
    return found


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def text_of(element: Element) -> str:
    """The text of a shared or inline string, without how Chinese and Japanese are pronounced."""
    parts = []
    for child in element:
        name = local_name(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [each.text or "" for each in child if local_name(each) == "t"]
    return unescape_text("".join(parts))


def unescape_text(text: str) -> str:
    r"""The text with the characters that XML cannot hold, and with lines that end in \n alone.

    >>> unescape_text("one_x000D_\ntwo _x005F_x000D_")
    'one\ntwo _x000D_'
    """
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).replace("\r\n", "\n")


def _texts(archive: ZipFile) -> Sequence[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return ()
    return [text_of(each) for each in _part(archive, "xl/sharedStrings.xml")]


def _formats(archive: ZipFile) -> Sequence[str]:
    if "xl/styles.xml" not in archive.namelist():
        return ()
    styles = _part(archive, "xl/styles.xml")
    own = {each.get("numFmtId"): each.get("formatCode", "") for each in _all(styles, "numFmt")}
    cells = _first(styles, "cellXfs")
    numbers = [each.get("numFmtId", "0") for each in (() if cells is None else cells)]
    return [
        own[number] if number in own else BUILT_IN.get(int(number) if number.isdigit() else 0, "General")
        for number in numbers
    ]


def _part(archive: ZipFile, name: str) -> Element:
    try:
        root: Element = ElementTree.fromstring(archive.read(name))
    except KeyError:
        raise Refused(f"is a damaged .xlsx ({name} is missing); open it and save it again") from None
    return root


def _all(root: Element, name: str) -> list[Element]:
    return [each for each in root.iter() if local_name(each) == name]


def _first(root: Element, name: str) -> Element | None:
    return next(iter(_all(root, name)), None)


def _by_local_name(element: Element, name: str) -> str:
    """An attribute of another namespace, whichever edition of the format that is."""
    return next((value for key, value in element.attrib.items() if key.endswith(f"}}{name}")), "")
