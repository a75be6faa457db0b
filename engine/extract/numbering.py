"""The numbers that a DOCX shows in front of steps and headings, which stand in none of its texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST: Final = 100_000
_LEVELS: Final = 9
_PLACE = re.compile(r"%([1-9])")
_CHINESE: Final = "零一二三四五六七八九"
_ENCLOSED: Final = (("①", 1, 20), ("㉑", 21, 35), ("㊱", 36, 50))
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN: Final = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


def value_of(element: Element | None, name: str) -> str | None:
    """The value that a child of this name states."""
    child = None if element is None else element.find(W + name)
    return None if child is None else child.get(W + "val")


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    style: str
    text: str


class Numbering:
    """Counts the paragraphs of a document in their order; lists of one kind go on counting."""

    def __init__(self, root: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # of each abstract list
        self._lists: dict[str, str] = {}  # number of a list: its abstract list
        self._restarts: dict[str, dict[int, int]] = {}  # number of a list: level: where it begins anew
        self._styles: dict[str, tuple[str, int]] = {}  # style of paragraph: its list and level
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        if root is not None:
            self._learn(root)

    def label(self, list_number: str | None, level: str | None, style: str) -> str | None:
        """The label before the paragraph; empty for a bullet, None where it is in no list."""
        if list_number is None and style in self._styles:
            list_number, at = self._styles[style]
        else:
            at = int(level) if level and level.isdecimal() else self._styles.get(style, ("", 0))[1]
        kind = self._lists.get(list_number or "", "")
        levels = self._levels.get(kind, {})
        if list_number is None or at not in levels:
            return None
        counts = self._counts.setdefault(kind, {})
        restart = self._restarts.get(list_number, {}).get(at)
        if restart is not None and (list_number, at) not in self._begun:
            self._begun.add((list_number, at))
            counts[at] = restart
        else:
            counts[at] = min(counts.get(at, levels[at].start - 1) + 1, _MOST)
        for deeper in range(at + 1, _LEVELS):
            counts.pop(deeper, None)
        return self._write_number(levels, counts, at)

    def _write_number(self, levels: Mapping[int, _Level], counts: Mapping[int, int], at: int) -> str:
        if levels[at].style in {"bullet", "none"}:
            return ""

        def number(found: re.Match[str]) -> str:
            place = int(found[1]) - 1
            level = levels.get(place)
            return "" if level is None else write_number(counts.get(place, level.start), level.style)

        return _PLACE.sub(number, levels[at].text).strip()

    def _learn(self, root: Element) -> None:
        for each in root.findall(W + "abstractNum"):
            kind = each.get(W + "abstractNumId", "")
            self._levels[kind] = dict(map(_level, each.findall(W + "lvl")))
        for each in root.findall(W + "num"):
            number = each.get(W + "numId", "")
            kind = value_of(each, "abstractNumId") or ""
            changed: dict[int, _Level] = {}
            for override in each.findall(W + "lvlOverride"):
                at = int(override.get(W + "ilvl", "0"))
                start = value_of(override, "startOverride")
                if start is not None:
                    self._restarts.setdefault(number, {})[at] = int(start)
                changed.update(map(_level, override.findall(W + "lvl")))
            if changed:
                self._levels[own := f"{kind} of {number}"] = {**self._levels.get(kind, {}), **changed}
                kind = own
            self._lists[number] = kind
        kinds = {kind: number for number, kind in reversed(self._lists.items())}
        for each in root.findall(W + "abstractNum"):
            list_number = kinds.get(each.get(W + "abstractNumId", ""))
            for level in each.findall(W + "lvl"):
                style = value_of(level, "pStyle")
                if style and list_number:
                    self._styles[style] = (list_number, int(level.get(W + "ilvl", "0")))


def _level(element: Element) -> tuple[int, _Level]:
    start = value_of(element, "start") or "1"
    return int(element.get(W + "ilvl", "0")), _Level(
        int(start), value_of(element, "numFmt") or "decimal", value_of(element, "lvlText") or ""
    )


def write_number(number: int, style: str) -> str:
    """A number in one of the ways of counting that the format knows.

    >>> [write_number(12, style) for style in ("decimal", "lowerRoman", "upperLetter", "chineseCounting")]
    ['12', 'xii', 'L', '十二']
    """
    return _STYLES.get(style, str)(number)


def _letters(number: int) -> str:
    """The number in letters: a to z, then aa to zz, as the format has it."""
    if number < 1:
        return str(number)
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * min(times + 1, 9)


def _roman(number: int) -> str:
    if not 0 < number < 4000:  # noqa: PLR2004 - what Roman numbers can say
        return str(number)
    found = []
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        found.append(letters * times)
    return "".join(found)


def _chinese(number: int) -> str:
    if not 0 <= number < 10_000:  # noqa: PLR2004 - longer lists are counted in digits
        return str(number)
    found, is_gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            found += ("零" if is_gap and found else "") + _CHINESE[digit] + name
        is_gap = not digit
    return found.removeprefix("一") if found.startswith("一十") else found or _CHINESE[0]


def _digits(number: int) -> str:
    return "".join(_CHINESE[int(digit)] if digit != "0" else "〇" for digit in str(abs(number)))


def _enclose(number: int) -> str:
    return next(
        (chr(ord(one) + number - low) for one, low, high in _ENCLOSED if low <= number <= high), str(number)
    )


def _wide(number: int) -> str:
    return "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in str(abs(number)))


def _from(row: str) -> Callable[[int], str]:
    return lambda number: row[number - 1] if 0 < number <= len(row) else str(number)


_COUNTED_IN_CHINESE: Final = (
    "chineseCounting",
    "chineseCountingThousand",
    "japaneseCounting",
    "taiwaneseCounting",
    "taiwaneseCountingThousand",
    "chineseLegalSimplified",
    "ideographLegalTraditional",
)
_STYLES: Final[Mapping[str, Callable[[int], str]]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    **dict.fromkeys(_COUNTED_IN_CHINESE, _chinese),
    **dict.fromkeys(["ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"], _digits),
    **dict.fromkeys(["decimalEnclosedCircle", "decimalEnclosedCircleChinese"], _enclose),
    **dict.fromkeys(["decimalFullWidth", "decimalFullWidth2"], _wide),
    "ideographTraditional": _from(_STEMS),
    "ideographZodiac": _from(_BRANCHES),
    "ordinal": lambda number: f"{number}.",
}
