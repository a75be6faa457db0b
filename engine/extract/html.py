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
_LINES: Final = frozenset(["br", "li", "tr", "dd", "option", "caption"])
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
_HEADINGS: Final = {**{f"h{level}": level for level in range(1, 7)}, "summary": 6, "dt": 6}
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|menu|nav|navbar|navigation|breadcrumbs?|crumbs|footer|copyright)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_ROLES: Final = frozenset(["navigation", "contentinfo", "search", "alertdialog"])
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
    yield from _walk(top)


def _walk(top: LexborNode) -> Iterator[Block]:
    """All below `top` in the order of reading, without recursion: pages are nested as deep as they like."""
    parts: list[str] = []
    preformatted = 0
    counts: dict[int, int] = {}
    waiting = [(top, False)]
    while waiting:
        node, is_done = waiting.pop()
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            parts.append(text if preformatted else re.sub(r"\s+", " ", text))
        elif is_done:
            if tag in _HEADINGS or tag in _BLOCKS:
                yield Block(_HEADINGS.get(tag, 0), _flush(parts))
            preformatted -= tag == "pre"
            if tag == "a":
                parts.append(_address(node, parts))
            parts.append({"td": " | ", "th": " | "}.get(tag, "\n" if tag in _LINES else ""))
        elif node.is_element_node and tag not in _UNREAD and not _is_hidden(node) and not _is_furniture(node):
            if tag in _HEADINGS or tag in _BLOCKS:
                yield Block(0, _flush(parts))
            preformatted += tag == "pre"
            if tag in _LINES:
                parts.append("\n")
            if tag == "li" and node.parent is not None and node.parent.tag == "ol":
                key = node.parent.mem_id
                start = node.parent.attributes.get("start") or "1"
                counts[key] = counts[key] + 1 if key in counts else int(start) if start.isdecimal() else 1
                parts.append(f"{counts[key]}. ")
            waiting.append((node, True))
            waiting += reversed([(child, False) for child in node.iter(include_text=True)])
    yield Block(0, _flush(parts))


def _is_hidden(node: LexborNode) -> bool:
    """Whether a reader of the page would not see it: text nobody proof-reads must not become an answer."""
    given = node.attributes
    style = (given.get("style") or "").replace(" ", "").lower()
    return "hidden" in given or given.get("aria-hidden") == "true" or "display:none" in style


def _is_furniture(node: LexborNode) -> bool:
    """Whether it stands on every page of a site: by what it is called, or a head without a heading."""
    if node.tag in {"body", "html", "main", "article"}:
        return False
    given = node.attributes
    names = f"{given.get('class') or ''} {given.get('id') or ''}"
    if not (given.get("role") in _ROLES or _FURNITURE.search(names)):
        return node.tag == "header" and node.css_first("h1, h2, h3") is None
    return node.css_first("main, article, h1") is None


def _address(node: LexborNode, parts: list[str]) -> str:
    """Where a link leads, behind its text, unless the text says it."""
    target = (node.attributes.get("href") or "").strip()
    if not target.startswith(("http://", "https://")) or (parts and target in parts[-1]):
        return ""
    return f" ({target})"


def _flush(parts: list[str]) -> str:
    lines = (line.strip(" |\t") for line in "".join(parts).split("\n"))
    parts.clear()
    return "\n".join(filter(None, lines))
