"""PDF: the text page by page, under the headings of the outline where the file has one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.extract.blocks import Block, Item, Refused, pieces

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_MOST_PAGES = 10_000
_MOST_HEADINGS = 20_000
_HYPHENS = re.compile("[\ufffe\x02]\r?\n?")  # where PDFium took a word apart at the end of a line
_ENDS = tuple(".!?:;。！？：；…)）”\"'")
_NO_BLANK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def read(content: bytes) -> Iterator[Item]:
    import pypdfium2  # noqa: PLC0415 - of the extra `documents`

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error) or "security" in str(error).lower():
            raise Refused("is encrypted; save it without a password") from None
        raise Refused("is no PDF file, or a damaged one") from None
    try:
        if len(document) > _MOST_PAGES:
            raise Refused(f"has {len(document)} pages where {_MOST_PAGES} are allowed")
        dropped: list[Item] = []
        yield from pieces(_blocks(document, dropped))
        yield from dropped
    except pypdfium2.PdfiumError as error:
        raise Refused(f"is damaged: {error}") from None
    finally:
        document.close()


def _blocks(document: PdfDocument, dropped: list[Item]) -> Iterator[Block]:
    headings = _headings(document)
    for index in range(len(document)):
        page = document[index]
        words = page.get_textpage()
        lines = _HYPHENS.sub("", words.get_text_bounded()).splitlines()
        words.close()
        page.close()
        if not any(map(str.strip, lines)):
            dropped.append(
                {
                    "where": f"page {index + 1}",
                    "dropped": "holds no text; a scan must be read by a text recognition first",
                }
            )
        yield from _page(lines, headings.get(index, []), index + 1)


def _headings(document: PdfDocument) -> dict[int, list[Block]]:
    """The outline's headings by the page they point to."""
    found: dict[int, list[Block]] = {}
    for number, mark in enumerate(document.get_toc()):
        if number >= _MOST_HEADINGS:
            raise Refused(f"has more than {_MOST_HEADINGS} headings in its outline")
        target = mark.get_dest()
        index = target.get_index() if target else None
        if index is not None and index >= 0:
            found.setdefault(index, []).append(Block(mark.level + 1, mark.get_title(), index + 1))
    return found


def _page(lines: list[str], headings: list[Block], number: int) -> Iterator[Block]:
    """A page's lines as paragraphs; a heading stands where its line does, else at the top."""
    standing = {_fold(line) for line in lines}
    waiting = {_fold(each.text): each for each in headings if _fold(each.text) in standing}
    yield from (each for each in headings if _fold(each.text) not in waiting)
    paragraph = ""
    for line in map(str.strip, lines):
        heading = waiting.pop(_fold(line), None)
        if heading or not line or paragraph.endswith(_ENDS):
            yield Block(0, paragraph, number)
            paragraph = ""
        if heading:
            yield heading
        else:
            paragraph = _join(paragraph, line)
    yield Block(0, paragraph, number)


def _join(paragraph: str, line: str) -> str:
    if not paragraph or not line:
        return paragraph or line
    between = "" if _NO_BLANK.match(paragraph[-1]) and _NO_BLANK.match(line[0]) else " "
    return f"{paragraph}{between}{line}"


def _fold(line: str) -> str:
    return " ".join(line.split()).casefold()
