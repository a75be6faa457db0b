"""From a document's headings and paragraphs to pieces short enough to mean one thing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

PIECE_CHARACTERS: Final = (250, 500)
"""A piece ends at the best place (paragraph, sentence, word) between these. A guess: two to six
sentences, which the bundled model still tells apart and a reply can show whole."""

Item = dict[str, Any]
"""One line of the answer, as JSON has it."""


class Refused(Exception):
    """The document cannot be read; the message continues the name of the file."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading of level 1 to 6, or with level 0 a paragraph, and the page it begins on, if any."""

    level: int
    text: str
    page: int = 0


@dataclass(slots=True)
class _Section:
    headings: tuple[str, ...]
    paragraphs: list[Block] = field(default_factory=list)


def pieces(blocks: Iterable[Block]) -> Iterator[Item]:
    """All pieces in order, each with the headings above it; a bare heading is a piece too."""
    from semantic_text_splitter import TextSplitter  # noqa: PLC0415 - of the extra `documents`

    splitter = TextSplitter(PIECE_CHARACTERS)
    found: list[Item] = []
    for section in _sections(blocks):
        text = "\n\n".join(block.text for block in section.paragraphs)
        starts, at = [], 0
        for block in section.paragraphs:
            starts.append(at)
            at += len(block.text) + 2
        for place, chunk in splitter.chunk_indices(text):
            begins = section.paragraphs[bisect_right(starts, place) - 1]
            found.append({"text": chunk, "headings": section.headings, "page": begins.page})
    for number, item in enumerate(found, start=1):
        yield {**item, "piece": number, "pieces": len(found)}


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    path: list[Block] = []
    section = _Section(())
    for block in blocks:
        text = block.text.strip()
        if not text:
            continue
        if not block.level:
            section.paragraphs.append(Block(0, text, block.page))
            continue
        if section.paragraphs:
            yield section
        elif path and path[-1].level >= block.level:
            yield _alone(path)
        while path and path[-1].level >= block.level:
            path.pop()
        path.append(Block(block.level, " ".join(text.split()), block.page))
        section = _Section(tuple(each.text for each in path))
    if section.paragraphs:
        yield section
    elif path:
        yield _alone(path)


def _alone(path: list[Block]) -> _Section:
    *above, last = path
    return _Section(tuple(each.text for each in above), [Block(0, last.text, last.page)])
