"""PDF: the text in the order of reading, under the headings of the outline where the file has one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.extract.blocks import Block, Item, Refused, pieces
from engine.extract.layout import Line, Part, Run, read_in_order, runs_of, without_furniture

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_MOST_PAGES: Final = 10_000
_MOST_HEADINGS: Final = 20_000
_SOFT_HYPHEN: Final = "\x02"
"""Stands where PDFium took a word apart at the end of a line."""
_HYPHENS: Final = frozenset([0x02, 0xFFFE])
_UNSEEN: Final = frozenset([0x00, 0x200B, 0xFEFF])
_FIRST_HALF: Final = 0xD800
_BLANK: Final = 0x20
_LAST_ASCII: Final = 0x7F
_LOOSE: Final = True  # as high as the letters of the font, not as this one
_Box = tuple[float, float, float, float]
_ENDS: Final = tuple(".!?:;。！？：；…)）”\"'")
_NO_BLANK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_SAME_LETTERS: Final = 0.15


def read(content: bytes) -> Iterator[Item]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error) or "security" in str(error).lower():
            raise Refused("is encrypted; save it without a password", "encrypted") from None
        raise Refused("is no PDF file, or a damaged one") from None
    try:
        if len(document) > _MOST_PAGES:
            raise Refused(f"has {len(document)} pages where {_MOST_PAGES} are allowed", "too_large")
        dropped: list[Item] = []
        yield from pieces(_blocks(document, dropped))
        yield from dropped
    except pypdfium2.PdfiumError as error:
        raise Refused(f"is damaged: {error}") from None
    finally:
        document.close()


def _blocks(document: PdfDocument, dropped: list[Item]) -> Iterator[Block]:
    headings = _headings(document)
    pages = [_page_runs(document[index]) for index in range(len(document))]
    for number, runs in enumerate(pages, start=1):
        if not runs:
            dropped.append(
                {
                    "where": f"page {number}",
                    "dropped": "holds no text; a scan must be read by a text recognition first",
                    "code": "picture_only",
                }
            )
    flow = _Flow()
    for index, runs in enumerate(without_furniture(pages)):
        yield from flow.page(list(read_in_order(runs)), headings.get(index, []), index + 1)
    yield from flow.end()


def _page_runs(page: PdfPage) -> list[Run]:
    words = page.get_textpage()
    try:
        return runs_of(_words(words, _Sight(page.get_bbox(), page.get_rotation())))
    finally:
        words.close()
        page.close()


@dataclass(frozen=True, slots=True)
class _Sight:
    """The visible part of a page, and its rotation."""

    box: _Box
    rotation: int

    def shows(self, box: _Box) -> bool:
        """Whether a reader sees any of it: what stands beside the paper is hidden."""
        left, bottom, right, top = box
        return left < self.box[2] and right > self.box[0] and bottom < self.box[3] and top > self.box[1]

    def turn(self, box: _Box) -> _Box:
        """The box as the page is shown."""
        left, bottom, right, top = box
        match self.rotation:
            case 90:
                return bottom, -right, top, -left
            case 180:
                return -right, -top, -left, -bottom
            case 270:
                return -top, left, -bottom, right
            case _:
                return box


def _words(text: PdfTextPage, sight: _Sight) -> Iterator[Run]:
    """Each word that is seen, with its box.

    Of an upright page only the boxes of the first and last letter of a word are asked for. On one
    that is turned, PDFium puts nothing between the last word of a line and the first of the next.
    """
    from pypdfium2 import raw

    codes: list[int] = []
    first = last = 0
    count = text.count_chars()
    for place in range(count):
        code = raw.FPDFText_GetUnicode(text.raw, place)
        if code in _UNSEEN:
            continue
        is_hyphen = code in _HYPHENS
        is_end = is_hyphen or code <= _BLANK or (code > _LAST_ASCII and chr(code).isspace())
        if codes and (is_end or (sight.rotation and not _follows(text, last, place, sight))):
            yield from _word(text, codes, (first, last), sight, _SOFT_HYPHEN if is_hyphen else "")
            codes = []
        if is_end:
            continue
        first = first if codes else place
        last = place
        codes.append(code)
    if codes:
        yield from _word(text, codes, (first, last), sight)


def _follows(text: PdfTextPage, one: int, other: int, sight: _Sight) -> bool:
    """Whether the second letter stands on the line of the first."""
    _, bottom, _, top = sight.turn(text.get_charbox(one, loose=_LOOSE))
    _, other_bottom, _, other_top = sight.turn(text.get_charbox(other, loose=_LOOSE))
    return bottom < (other_bottom + other_top) / 2 < top


def _word(
    text: PdfTextPage, codes: Sequence[int], ends: tuple[int, int], sight: _Sight, end: str = ""
) -> Iterator[Run]:
    left, bottom, right, top = text.get_charbox(ends[0], loose=_LOOSE)
    if ends[1] != ends[0]:
        to_left, to_bottom, to_right, to_top = text.get_charbox(ends[1], loose=_LOOSE)
        left, right = min(left, to_left), max(right, to_right)
        bottom, top = min(bottom, to_bottom), max(top, to_top)
    box = left, bottom, right, top
    if not sight.shows(box):
        return
    word = "".join(map(chr, codes))
    if max(codes) >= _FIRST_HALF:  # PDFium hands out characters beyond 16 bits as two
        word = word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    yield Run(word + end, *sight.turn(box))


def _headings(document: PdfDocument) -> dict[int, list[Block]]:
    """The outline's headings by the page they point to."""
    found: dict[int, list[Block]] = {}
    for number, mark in enumerate(document.get_toc()):
        if number >= _MOST_HEADINGS:
            raise Refused(f"has more than {_MOST_HEADINGS} headings in its outline", "too_large")
        target = mark.get_dest()
        index = target.get_index() if target else None
        if index is not None and index >= 0:
            found.setdefault(index, []).append(Block(mark.level + 1, mark.get_title(), index + 1))
    return found


class _Flow:
    """Lines and tables, page after page, as paragraphs; one may begin on a page and end on the next."""

    def __init__(self) -> None:
        self._paragraph = ""
        self._begun = 0  # on this page
        self._is_new_page = False
        self._height = 0.0  # of the line before

    def page(self, parts: Sequence[Part], headings: Sequence[Block], number: int) -> Iterator[Block]:
        """The blocks of a page; a heading stands where its line does, else at the top."""
        standing = {_fold(part.text) for part in parts if isinstance(part, Line)}
        waiting = {_fold(each.text): each for each in headings if _fold(each.text) in standing}
        unseen = [each for each in headings if _fold(each.text) not in waiting]
        if unseen:
            yield from self.end()
        yield from unseen
        self._is_new_page = True
        for part in parts:
            if not isinstance(part, Line):
                yield from self.end()
                yield Block(0, "", number, rows=part)
                continue
            heading = waiting.pop(_fold(part.text), None)
            if heading or not self._goes_on(part):
                yield from self.end()
            if heading:
                yield heading
            else:
                self._begun = self._begun if self._paragraph else number
                self._paragraph = _join(self._paragraph, part.text.strip())
            self._is_new_page = False
            self._height = part.height

    def end(self) -> Iterator[Block]:
        """The rest of the last paragraph."""
        yield Block(0, self._paragraph.replace(_SOFT_HYPHEN, ""), self._begun)
        self._paragraph = ""

    def _goes_on(self, line: Line) -> bool:
        if self._paragraph.endswith(_ENDS) or line.is_after_gap:
            return False
        if self._height and abs(line.height - self._height) > _SAME_LETTERS * self._height:
            return False
        if not self._paragraph or not self._is_new_page:
            return True
        # Over the end of a page, because slides and titles do not go on there.
        first = line.text.strip()[:1]
        return first.islower() or first.isdigit() or bool(_NO_BLANK.match(first))


def _join(paragraph: str, line: str) -> str:
    if not paragraph or not line:
        return paragraph or line
    if paragraph.endswith(_SOFT_HYPHEN):
        return f"{paragraph[:-1]}{line}"
    between = "" if _NO_BLANK.match(paragraph[-1]) and _NO_BLANK.match(line[0]) else " "
    return f"{paragraph}{between}{line}"


def _fold(line: str) -> str:
    return " ".join(line.split()).casefold()
