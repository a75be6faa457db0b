"""The pieces of a document: its headings, paragraphs and tables cut short enough to mean one thing.

blocks ─► sections (what stands below one heading) ─► pieces, and rows of the tables of questions
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import TYPE_CHECKING, Any, Final

from engine.extract import table
from engine.extract.spoken import answer_of_line, question_of_line

if TYPE_CHECKING:
    from semantic_text_splitter import TextSplitter

PIECE_CHARACTERS: Final = (250, 500)
"""A piece ends at the best place (paragraph, sentence, word) between these. A guess: two to six
sentences, which the bundled model still tells apart and a reply can show whole."""

QUESTION: Final = 7
"""The level of a question with its answer below: it stands below all headings."""

_BETWEEN_PARAGRAPHS: Final = "\n\n"
_QUESTION_MARKS: Final = ("?", "？")

_NUMBERED = re.compile(
    r"^(?:\d{1,3}(?:\.\d{1,3}){1,5}[.、)）:：\s]|\d{1,3}\s?[.、)）:：]|[一二三四五六七八九十百]{1,4}\s?[、.])\s*"
)

Item = dict[str, Any]
"""One line of the answer, as JSON has it."""


class Refused(Exception):
    """The document cannot be read; the message continues the name of the file, `why` is for programs."""

    def __init__(self, message: str, why: str = "damaged") -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Block:
    """A heading of level 1 to 7, or with level 0 a paragraph, and the page it begins on, if any.

    A negative level is the end of what stands below a heading of that level. Where there are
    `rows` it is a table, and `text` is empty.
    """

    level: int
    text: str
    page: int = 0
    rows: tuple[table.Row, ...] = ()


@dataclass(slots=True)
class _Section:
    headings: tuple[str, ...]
    question: str = ""
    paragraphs: list[Block] = field(default_factory=list)


def pieces(blocks: Iterable[Block]) -> Iterator[Item]:
    """All pieces in order, each with the headings above it; a bare heading is a piece too.

    A table of questions gives its rows instead. Of any other table no row is torn. The first
    piece below a question carries it.
    """
    from semantic_text_splitter import TextSplitter

    splitter = TextSplitter(PIECE_CHARACTERS)
    found: list[Item] = []
    rows: list[Item] = []
    numbers = count(1)
    for section in _sections(_join_questions(_one_table_of_several(blocks))):
        others = []
        for block in section.paragraphs:
            if block.rows and table.is_of_questions(block.rows):
                rows += _rows(block, section.headings, next(numbers))
            else:
                others.append(block)
        for place, (text, page) in enumerate(_split_section(others, splitter)):
            item: Item = {"text": text, "headings": section.headings, "page": page}
            found.append(item if place or not section.question else {**item, "question": section.question})
    for number, item in enumerate(found, start=1):
        yield {**item, "piece": number, "pieces": len(found)}
    yield from rows


def _rows(block: Block, headings: tuple[str, ...], number: int) -> Iterator[Item]:
    for place, row in table.question_rows(block.rows):
        if row.spanning:
            continue  # a heading within the table
        yield {
            "row": place,
            "sheet": f"table {number}",
            "sheets": 2,
            "cells": row.own,
            "above": sorted(row.above),
            "headings": headings,
        }


def _one_table_of_several(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with each table whole that the end of a page has cut; nothing stands between its parts."""
    held: Block | None = None
    for block in blocks:
        if held is not None and not block.rows and not block.text.strip() and block.level >= 0:
            continue
        if held is not None and block.rows and (rows := table.join_tables(held.rows, block.rows)):
            held = Block(0, "", held.page, rows)
            continue
        if held is not None:
            yield held
        held = block if block.rows else None
        if held is None:
            yield block
    if held is not None:
        yield held


def _join_questions(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with each line that is marked as a question (问：, Q:) as one, where an answer follows."""
    for is_paragraph, group in groupby(blocks, lambda block: not block.level and not block.rows):
        found = list(group)
        if not is_paragraph or not any(map(question_of_line, _lines_of(found))):
            yield from found
            continue
        lines = [(line, block.page) for block in found for line in block.text.split("\n") if line.strip()]
        answers = [*(answer_of_line(line) for line, _ in lines[1:]), None]
        is_below_question = False
        for (line, page), answer in zip(lines, answers, strict=True):
            question = question_of_line(line)
            if question and answer is not None:
                yield Block(QUESTION, question, page)
            else:
                yield Block(0, (answer_of_line(line) or "") if is_below_question else line, page)
            is_below_question = bool(question) and answer is not None


def _lines_of(paragraphs: Iterable[Block]) -> Iterator[str]:
    for block in paragraphs:
        yield from block.text.split("\n")


def _split_section(paragraphs: Sequence[Block], splitter: TextSplitter) -> Iterator[tuple[str, int]]:
    """The pieces of a section and the pages they begin on: tables by whole rows, all else by sentences."""
    if not paragraphs:
        return
    texts = ["\n".join(table.lines(block.rows)) if block.rows else block.text for block in paragraphs]
    whole = _BETWEEN_PARAGRAPHS.join(filter(None, texts))
    if len(whole) <= PIECE_CHARACTERS[1]:
        yield whole, paragraphs[0].page
        return
    for is_table, group in groupby(paragraphs, lambda block: bool(block.rows)):
        if is_table:
            for block in group:
                yield from ((text, block.page) for text in _pack(table.lines(block.rows)))
        else:
            yield from _chunks(list(group), splitter)


def _chunks(paragraphs: Sequence[Block], splitter: TextSplitter) -> Iterator[tuple[str, int]]:
    starts, at = [], 0
    for block in paragraphs:
        starts.append(at)
        at += len(block.text) + len(_BETWEEN_PARAGRAPHS)
    for place, chunk in splitter.chunk_indices(_BETWEEN_PARAGRAPHS.join(block.text for block in paragraphs)):
        yield chunk, paragraphs[bisect_right(starts, place) - 1].page


def _pack(lines: Sequence[str]) -> Iterator[str]:
    """Pieces of as many lines as one may hold; a longer line is a piece of its own."""
    held: list[str] = []
    size = 0
    for line in lines:
        if held and size + len(line) > PIECE_CHARACTERS[1]:
            yield "\n".join(held)
            held, size = [], 0
        held.append(line)
        size += len(line) + 1
    if held:
        yield "\n".join(held)


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    path: list[Block] = []
    section = _Section(())
    is_bare = False  # nothing stood below the last heading so far
    for block in blocks:
        text = block.text.strip()
        if block.rows or (text and not block.level):
            section.paragraphs.append(Block(0, text, block.page, block.rows))
            is_bare = False
            continue
        if not text and block.level >= 0:
            continue
        level = abs(block.level)
        if section.paragraphs:
            yield section
        elif is_bare and path[-1].level >= level:
            yield _alone(path)
        while path and path[-1].level >= level:
            path.pop()
        if block.level > 0:
            path.append(Block(level, " ".join(text.split()), block.page))
        is_bare = block.level > 0
        section = _Section(tuple(each.text for each in path), _question(path) if is_bare else "")
    if section.paragraphs:
        yield section
    elif is_bare:
        yield _alone(path)


def _question(path: Sequence[Block]) -> str:
    """The heading that stands last, where it asks, without its number or mark."""
    last = path[-1]
    if last.level != QUESTION and not last.text.endswith(_QUESTION_MARKS):
        return ""
    return question_of_line(last.text) or _NUMBERED.sub("", last.text)


def _alone(path: list[Block]) -> _Section:
    *above, last = path
    return _Section(tuple(each.text for each in above), paragraphs=[Block(0, last.text, last.page)])
