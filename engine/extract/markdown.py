"""Markdown: headings as CommonMark has them, and the text below without its markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.extract.blocks import Block, Item, pieces

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(---|\.\.\.)[ \t]*(\n|\Z)", re.DOTALL)


def read(content: bytes) -> Iterator[Item]:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only this process needs it

    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    text = _FRONT_MATTER.sub("", content.decode().replace("\r\n", "\n").replace("\r", "\n"), count=1)
    return pieces(_blocks(parser.parse(text)))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    level = 0
    row: list[str] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "tr_open":
                row = []
            case "tr_close":
                yield Block(0, " | ".join(filter(None, row or [])))
                row = None
            case "inline":
                text = _plain(token.children or [])
                if row is None:
                    yield Block(level, text)
                else:
                    row.append(text)
            case "fence" | "code_block":
                yield Block(0, token.content)
            case "html_block":
                # A page's own parser would be another document; comments and tags say nothing to people.
                yield Block(0, re.sub(r"<!--.*?(-->|\Z)|<[^<>]*>", " ", token.content, flags=re.DOTALL))
            case _:
                pass


def _plain(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                parts.append(token.content)
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(token.content)  # what stands in for the picture
            case _:
                pass
    return "".join(parts)
