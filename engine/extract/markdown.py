"""Markdown, by way of the HTML that it stands for: one reader knows tables, steps, notes and questions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from engine.extract import page
from engine.extract.blocks import Block, Item, pieces

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML_FRONT_MATTER = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)?\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^(?:title|标题)[ \t]*:[ \t]*+(.*)$", re.MULTILINE)
_FOLDED = re.compile(r"[>|][+-]?\d?[ \t]*(?:#.*)?")
_COMMENT = re.compile(r"[ \t]#.*")


def read(content: bytes) -> Iterator[Item]:
    text = content.decode().replace("\r\n", "\n").replace("\r", "\n")
    title, text = _without_front_matter(text)
    return pieces(_blocks(title, text))


def _blocks(title: str, text: str) -> Iterator[Block]:
    found = list(page.blocks(f"<body>{_html(text)}</body>"))
    if title and not any(block.level == 1 for block in found):
        yield Block(1, title)
    yield from found


def _html(text: str) -> str:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark", {"html": True, "breaks": True})
    parser.enable("table").use(footnote_plugin).use(deflist_plugin)
    parser.add_render_rule("image", _render_picture)
    parser.add_render_rule("footnote_caption", _render_sign)
    return str(parser.render(text))


def _render_picture(_renderer: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return escape(tokens[place].content)  # what stands in for the picture


def _render_sign(_renderer: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return f"[{tokens[place].meta['id'] + 1}]"


def _without_front_matter(text: str) -> tuple[str, str]:
    """The title that the lines before the text give it, and the text without them."""
    if found := _FRONT_MATTER.match(text):
        return _title_of_yaml(found[1] or ""), text[found.end() :]
    if found := _TOML_FRONT_MATTER.match(text):
        return _title_of_toml(found[1] or ""), text[found.end() :]
    return "", text


def _title_of_yaml(lines: str) -> str:
    """The title among lines of YAML: plain, in quotes, or on the lines below."""
    found = _TITLE.search(lines)
    if found is None:
        return ""
    given = found[1].strip()
    if _FOLDED.fullmatch(given):
        below = lines[found.end() + 1 :].split("\n")
        indented = next((n for n, line in enumerate(below) if line[:1] not in {" ", "\t"}), len(below))
        return " ".join(line.strip() for line in below[:indented])
    quote = given[:1]
    if quote in {'"', "'"} and (end := given.find(quote, 1)) > 0:
        return given[1:end].strip()
    return _COMMENT.sub("", given).strip()


def _title_of_toml(lines: str) -> str:
    try:
        title = tomllib.loads(lines).get("title", "")
    except tomllib.TOMLDecodeError:
        return ""  # only the title is looked for, and the text is whole without it
    return title.strip() if isinstance(title, str) else ""
