"""HTML: what a person would read on the page, without menus, scripts and footers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from engine.extract.blocks import Block, Item, Refused, pieces

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_UNREAD: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "nav",
        "footer",
        "aside",
        "select",
        "button",
        "head",
    ]
)
_LINES: Final = frozenset(["br", "li", "tr", "dt", "dd", "option", "summary", "caption"])
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "form",
        "header",
        "hr",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=[\s\"']*([a-z0-9_:.-]{1,40})", re.IGNORECASE)
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHINESE: Final = {"gb2312", "gbk", "gb_2312-80", "x-gbk"}


def read(content: bytes) -> Iterator[Item]:
    return pieces(blocks(decoded(content)))


def decoded(content: bytes) -> str:
    """The page's text by its mark, else by the charset it names, else as UTF-8."""
    named = _CHARSET.search(content[:4096])
    encoding = named[1].decode().lower() if named else "utf-8"
    if encoding.startswith("utf-16"):
        encoding = "utf-8"  # it could be read up to here, so it is not two bytes a character
    elif encoding in _CHINESE:
        encoding = "gb18030"  # what such pages really hold
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), encoding)
    try:
        return content.decode(encoding)
    except LookupError:
        raise Refused(f'names the unknown charset "{encoding}"; save it as UTF-8') from None
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, start) + 1
        raise Refused(f"is not {encoding} in line {line}; save it as UTF-8") from None


def blocks(page: str) -> Iterator[Block]:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - of the extra `documents`

    parser = LexborHTMLParser(page)
    mains = parser.css("main")
    top = mains[0] if len(mains) == 1 else parser.body
    if top is None:
        return
    if not parser.css("h1") and (title := parser.css_first("title")):
        yield Block(1, title.text())
    yield from _walked(top)


def _walked(top: LexborNode) -> Iterator[Block]:
    """All below `top` in the order of reading, without recursion: pages are nested as deep as they like."""
    parts: list[str] = []
    preformatted = 0
    waiting = [(top, False)]
    while waiting:
        node, is_done = waiting.pop()
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            parts.append(text if preformatted else re.sub(r"\s+", " ", text))
        elif is_done:
            if tag in _HEADINGS or tag in _BLOCKS:
                yield Block(_HEADINGS.get(tag, 0), _flushed(parts))
            preformatted -= tag == "pre"
            parts.append({"td": " | ", "th": " | "}.get(tag, "\n" if tag in _LINES else ""))
        elif node.is_element_node and tag not in _UNREAD and not _is_hidden(node):
            if tag in _HEADINGS or tag in _BLOCKS:
                yield Block(0, _flushed(parts))
            preformatted += tag == "pre"
            if tag in _LINES:
                parts.append("\n")
            waiting.append((node, True))
            waiting += reversed([(child, False) for child in node.iter(include_text=True)])
    yield Block(0, _flushed(parts))


def _is_hidden(node: LexborNode) -> bool:
    """Whether a reader of the page would not see it: text nobody proof-reads must not become an answer."""
    given = node.attributes
    style = (given.get("style") or "").replace(" ", "").lower()
    return "hidden" in given or given.get("aria-hidden") == "true" or "display:none" in style


def _flushed(parts: list[str]) -> str:
    lines = (line.strip(" |\t") for line in "".join(parts).split("\n"))
    parts.clear()
    return "\n".join(filter(None, lines))
