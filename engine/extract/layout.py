"""Layout analysis: from the positions of a page's words to the order in which a person reads them.

    words ─► runs (what stands close together on a line) ─► without what repeats on every page
          ─► bands between what runs over the whole width ─► columns, tables or lines

Two columns of sentences are read one after the other; rows of short cells that stand at the same
heights are a table. Coordinates are those of PDF: points, from the lower left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean, median
from typing import Final

from engine.extract.header import header_place
from engine.extract.table import Cell, Row, is_of_questions, table_of

_GAP: Final = 1.4
"""Words further apart than this many heights of letters are two runs: twice what stretched lines have."""
_GUTTER: Final = 0.8
_LEFT_EDGES: Final = 60
_MOST_RUNS: Final = 4_000
"""A page of more is read as it comes: it is a drawing, and looking for columns takes the square of it."""
_SENTENCE_UNITS: Final = 18
_SENTENCE_FILL: Final = 0.6
_ZONE_ROWS: Final = 3
_REPEATED_SHARE: Final = 0.4  # headers of left and right pages are each on half of them
_SAME_HEIGHT: Final = 12.0
_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_BLANKS = re.compile(r"\s+")
_PAGE_NUMBER = re.compile(
    r"(?P<before>.{0,80}?)(?:(?:^|[\s|·•—–-])(?:page|p\.|seite|第)?\s{0,3}(?P<number>\d{1,5})"
    r"\s{0,3}(?:(?:of|von|/|／|页?\s{0,3}[,，/]?\s{0,3}共)\s{0,3}\d{1,5})?\s{0,3}页?)[\s|·•—–-]{0,5}",
    re.IGNORECASE,
)
_SEPARATORS: Final = frozenset("|·•—–-")


@dataclass(frozen=True, slots=True)
class Run:
    """Words that stand close together on one line, and the box around them."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def join(self, other: Run) -> Run:
        return Run(
            f"{self.text} {other.text}",
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and how high its letters are; a gap above it is wider than within a paragraph."""

    text: str
    height: float
    is_after_gap: bool = False


Part = Line | tuple[Row, ...]
"""What a page holds, in the order of reading: lines, and tables by their rows."""


def runs_of(words: Iterable[Run]) -> list[Run]:
    """Words in the order of the page as runs: joined as long as they stand close on one line."""
    runs: list[Run] = []
    for word in words:
        if runs and _is_close(runs[-1], word):
            runs[-1] = runs[-1].join(word)
        else:
            runs.append(word)
    return runs


def _is_close(run: Run, word: Run) -> bool:
    gap = word.left - run.right
    return _on_one_line(run, word) and -run.height < gap < _GAP * max(run.height, word.height)


def _on_one_line(one: Run, other: Run) -> bool:
    overlap = min(one.top, other.top) - max(one.bottom, other.bottom)
    return overlap > 0.5 * min(one.height, other.height)


def without_furniture(pages: Sequence[Sequence[Run]]) -> list[list[Run]]:
    """The pages without what stands at the top or bottom of several of them alike, and page numbers.

    Neither is taken for one from a single page. What begins a table is none, however often it repeats.
    """
    zones = [_zone(page) for page in pages]
    least = max(2, round(_REPEATED_SHARE * len(pages)))
    heights: dict[str, list[float]] = {}  # of each text, from the pages it stands on
    offsets: Counter[int] = Counter()
    for number, zone in enumerate(zones, start=1):
        for run in zone:
            heights.setdefault(_fold(run.text), []).append(run.bottom)
            if (said := _page_number(run.text)) is not None:
                offsets[said[1] - number] += 1
    repeated = {text for text, found in heights.items() if _most_at_one_height(found) >= least}
    offset = next((each for each, times in offsets.most_common(1) if times >= least), None)
    kept = []
    for number, (page, zone) in enumerate(zip(pages, zones, strict=True), start=1):
        taken = set()
        for run in zone:
            said = _page_number(run.text)
            counts = said is not None and offset is not None and said[1] - number == offset
            if _fold(run.text) in repeated or counts:
                taken.add(run)
        kept.append([run for run in page if run not in taken])
    return kept


def _zone(page: Sequence[Run]) -> list[Run]:
    """The first and last rows of a page, but no rows of a table."""
    rows = rows_of(page)
    depth = min(_ZONE_ROWS, max(1, len(rows) // 4))
    found: dict[Run, None] = {}
    for ordered in (rows, rows[::-1]):
        for row, inner in zip(ordered[:depth], [*ordered[1:], []], strict=False):
            if len(row) > 1 and _stand_below_each_other(row, inner):
                break
            found.update(dict.fromkeys(row))
    return list(found)


def _stand_below_each_other(row: Sequence[Run], other: Sequence[Run]) -> bool:
    if len(row) != len(other):
        return False
    return all(abs(a.left - b.left) < max(a.height, b.height) for a, b in zip(row, other, strict=True))


def _page_number(text: str) -> tuple[str, int] | None:
    """The words beside a page number and the number; None when there is none or it belongs to the words."""
    found = _PAGE_NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    before = found["before"].rstrip()
    is_apart = not before or text.strip()[len(before) :].lstrip()[:1] in _SEPARATORS
    return (before, int(found["number"])) if is_apart or before[-1] in _SEPARATORS else None


def _most_at_one_height(heights: Sequence[float]) -> int:
    return max(sum(abs(one - other) <= _SAME_HEIGHT for other in heights) for one in heights[:50])


def _fold(text: str) -> str:
    return _BLANKS.sub("", text).casefold()


def rows_of(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs by the line they stand on, from the top, each line from the left."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda each: (-each.bottom, each.left)):
        if rows and _on_one_line(rows[-1][0], run):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def read_in_order(runs: Sequence[Run]) -> Iterator[Part]:
    """The page as a person reads it."""
    gutter = _gutter(runs) if 4 <= len(runs) <= _MOST_RUNS else None  # noqa: PLR2004 - two rows of two
    if gutter is None:
        yield from _lines(runs)
        return
    waiting: list[Run] = []
    for is_wide, band in _bands(runs, gutter):
        left = [run for run in band if run.right <= gutter]
        right = [run for run in band if run.left >= gutter]
        if is_wide or not left or not right:
            waiting += band
        elif _are_columns(left, right):
            yield from _lines(waiting)
            waiting = []
            yield from read_in_order(left)
            yield from read_in_order(right)
        elif (found := _table(band)) is not None:
            above, rows, below = found
            yield from _lines([*waiting, *above])
            yield rows
            waiting = below
        else:
            waiting += band
    yield from _lines(waiting)


def _bands(runs: Sequence[Run], gutter: float) -> Iterator[tuple[bool, list[Run]]]:
    """The bands from the top: lines over the gutter, and the columns between two such."""
    for is_wide, rows in groupby(rows_of(runs), lambda row: any(_is_over(run, gutter) for run in row)):
        yield is_wide, [run for row in rows for run in row]


def _is_over(run: Run, gutter: float) -> bool:
    return run.left < gutter < run.right


def _gutter(runs: Sequence[Run]) -> float | None:
    """The right edge, in points, of the column gutter that the fewest runs cross; None without one."""
    edges = Counter(round(run.left) for run in runs)
    best: tuple[int, float] | None = None
    for edge, _ in edges.most_common(_LEFT_EDGES):
        x = edge - 1.0
        left = [run for run in runs if run.right <= x]
        right = [run for run in runs if run.left >= x]
        if len(left) < 2 or len(right) < 2:  # noqa: PLR2004 - one line is no column
            continue
        over = len(runs) - len(left) - len(right)
        width = x - max(run.right for run in left)
        if width >= _GUTTER * median(run.height for run in runs) and (best is None or (over, -width) < best):
            best = (over, -width)
            found = x
    return None if best is None else found


def _are_columns(left: Sequence[Run], right: Sequence[Run]) -> bool:
    """Whether both sides are read downwards: lines of sentences, or lines at heights of their own."""
    rows = rows_of([*left, *right])
    first = [run.text for run in rows[0]]
    if header_place([first]) is not None and len(first) > 1:
        return False
    cells = table_of([Cell(row[0].text), Cell(row[1].text)] for row in rows if len(row) == 2)  # noqa: PLR2004 - left and right
    if len(cells) == len(rows) and is_of_questions(cells):
        return False
    if _are_sentences(left) and _are_sentences(right):
        return True
    lefts = {id(run) for run in left}
    both = sum(
        any(id(run) in lefts for run in row) and any(id(run) not in lefts for run in row) for row in rows
    )
    return both * 2 < min(len(rows_of(left)), len(rows_of(right)))


def _are_sentences(runs: Sequence[Run]) -> bool:
    if len(runs) < 2:  # noqa: PLR2004 - of one line that cannot be told
        return False
    units = [len(run.text) + len(_WIDE.findall(run.text)) for run in runs]
    return mean(units) >= _SENTENCE_UNITS and median(units) >= _SENTENCE_FILL * max(units)


def _table(band: Sequence[Run]) -> tuple[list[Run], tuple[Row, ...], list[Run]] | None:
    """The rows of a table with what stands above and below it alone; None where there are no two rows."""
    rows = rows_of(band)
    filled = [number for number, row in enumerate(rows) if len(row) > 1]
    if not filled[1:]:
        return None
    first, last = filled[0], filled[-1]
    inner = rows[first : last + 1]
    columns = _columns([run for row in inner for run in row])
    if not columns[1:]:
        return None
    written: list[list[str]] = []
    for row in inner:
        cells = [""] * len(columns)
        for run in row:
            place = next(number for number, (_, right) in enumerate(columns) if run.left < right)
            cells[place] = f"{cells[place]} {run.text}".strip()
        if not cells[0] and written:
            # The rest of a cell that is longer than its line.
            written[-1] = [_join_lines(above, cell) for above, cell in zip(written[-1], cells, strict=True)]
        else:
            written.append(cells)
    table = table_of([Cell(cell) for cell in cells] for cells in written)
    above, below = ([run for row in part for run in row] for part in (rows[:first], rows[last + 1 :]))
    return above, table, below


def _columns(runs: Sequence[Run]) -> list[tuple[float, float]]:
    """The strips that hold the runs, from the left."""
    found: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda each: each.left):
        if found and run.left < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], run.right))
        else:
            found.append((run.left, run.right))
    return found


def _lines(runs: Sequence[Run]) -> Iterator[Line]:
    above: float | None = None
    for row in rows_of(runs):
        bottom, height = row[0].bottom, max(run.height for run in row)
        is_after_gap = above is not None and above - bottom > 2.2 * height  # double spacing is 2
        yield Line(" ".join(run.text for run in row), height, is_after_gap)
        above = bottom


def _join_lines(above: str, below: str) -> str:
    if not above or not below:
        return above or below
    return f"{above}{'' if _WIDE.match(above[-1]) and _WIDE.match(below[0]) else ' '}{below}"
