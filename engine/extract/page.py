"""The readable part of a page: headings, paragraphs, steps, tables and footnotes, in their order.

Menus, scripts, footers and what is hidden are passed over, but not the answer that a question
unfolds. Such questions, terms of a list of definitions and questions in bold are headings of their
own. A footnote stands below the paragraph that refers to it, a link says where it leads, a step
has its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from engine.extract.blocks import QUESTION, Block
from engine.extract.table import MOST_COLUMNS, Cell, table_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

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
_HEADINGS: Final = {**{f"h{level}": level for level in range(1, 7)}, "summary": QUESTION, "dt": QUESTION}
_QUESTIONS_END: Final = frozenset(["details", "dl"])
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|menu|nav|navbar|navigation|breadcrumbs?|crumbs|footer|copyright)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_ROLES: Final = frozenset(["navigation", "contentinfo", "search", "alertdialog"])
_WHITESPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"\s*(?:\d{1,4}[.、)]?\s*)?")
_BOLD: Final = frozenset(["strong", "b"])
_QUESTION_MARKS: Final = ("?", "？")
_UNFOLDING = re.compile(r"accordion|faq|question|collaps|toggle|expand|problem", re.IGNORECASE)
_TARGETS: Final = ("aria-controls", "data-bs-target", "data-target")
_MOST_ROWS_SPANNED: Final = 65_534
_REPEATED_NOTE_CHARACTERS: Final = 500
"""A longer footnote is read where it is referred to first: repeated, one page could grow without end."""


def blocks(page: str) -> Iterator[Block]:
    from selectolax.lexbor import LexborHTMLParser

    parser = LexborHTMLParser(page)
    mains = parser.css("main")
    top = mains[0] if len(mains) == 1 else parser.body
    if top is None:
        return
    if not parser.css("h1") and (title := parser.css_first("title")):
        yield Block(1, title.text())
    yield from _Walk(_Notes(parser), _names_behind_questions(parser)).blocks(top)


class _Notes:
    """The footnotes of a page, by the link that refers to each."""

    def __init__(self, parser: LexborHTMLParser) -> None:
        links = [each for each in parser.css("a") if _is_reference(each)]
        named = {each.id: each for each in parser.css("[id]")} if links else {}
        self._targets: dict[int, LexborNode] = {}
        inner: set[int] = set()  # the links in notes, which lead back or to other notes
        seen: set[int] = set()
        for link in links:
            target = named.get((link.attributes.get("href") or "")[1:])
            if target is None or target.tag in {"a", "sup"} or link.mem_id in inner:
                continue
            self._targets[link.mem_id] = target
            if target.mem_id not in seen:
                seen.add(target.mem_id)
                inner.update(each.mem_id for each in target.css("a"))
        self._read: set[int] = set()

    def of(self, link: LexborNode) -> str:
        """The note behind a link, with the sign it goes by; empty where there is none."""
        target = self._targets.get(link.mem_id)
        if target is None:
            return ""
        text = " ".join(block.text for block in _Walk(self, frozenset(), is_note=True).blocks(target)).strip()
        if not text or (target.mem_id in self._read and len(text) > _REPEATED_NOTE_CHARACTERS):
            return ""
        self._read.add(target.mem_id)
        sign = link.text().strip().strip("[]()")
        return f"[{sign}] {text}"

    def is_read(self, node: LexborNode) -> bool:
        return node.mem_id in self._read


class _Walk:
    """All below one element in the order of reading; without recursion, as pages are nested without end."""

    def __init__(self, notes: _Notes, unfolded: frozenset[str], *, is_note: bool = False) -> None:
        self._notes = notes
        self._unfolded = unfolded
        self._is_note = is_note
        self._top = 0
        self._parts: list[str] = []
        self._label = ""  # of the step whose text comes next
        self._below: list[str] = []  # footnotes of the paragraph
        self._preformatted = 0
        self._in_heading = 0
        self._counts: dict[int, int] = {}

    def blocks(self, top: LexborNode) -> Iterator[Block]:
        self._top = top.mem_id
        waiting = [(top, False)]
        while waiting:
            node, is_done = waiting.pop()
            tag = node.tag or ""
            if tag == "-text":
                self._add(node.text_content or "")
            elif is_done:
                yield from self._leave(node, tag)
            elif node is not top and self._is_passed_over(node, tag):
                continue
            elif tag == "table" and _is_table(node):
                yield from self._flush(0)
                yield from self._table(node)
            else:
                yield from self._enter(node, tag)
                waiting.append((node, True))
                waiting += reversed([(child, False) for child in node.iter(include_text=True)])
        yield from self._flush(0)

    def _is_passed_over(self, node: LexborNode, tag: str) -> bool:
        if not node.is_element_node or (tag in _UNREAD and not _is_question(node)) or _is_furniture(node):
            return True
        if _is_hidden(node) and node.id not in self._unfolded:
            return True
        if self._is_note:
            # The arrow back to where one was, and the signs of other notes.
            return tag == "a" and (_is_reference(node) or not any(map(str.isalnum, node.text())))
        return self._notes.is_read(node)

    def _add(self, text: str) -> None:
        shown = text if self._preformatted else _WHITESPACE.sub(" ", text)
        if self._label and shown.strip():
            shown = self._label + shown.lstrip()
            self._label = ""
        self._parts.append(shown)

    def _enter(self, node: LexborNode, tag: str) -> Iterator[Block]:
        if tag in _HEADINGS or tag in _BLOCKS or (not self._in_heading and _is_question(node)):
            yield from self._flush(0)
        self._preformatted += tag == "pre"
        self._in_heading += tag in _HEADINGS
        if tag in _LINES:
            self._parts.append("\n")
        if tag == "li" and not (self._is_note and node.mem_id == self._top):
            self._label = self._number(node)

    def _leave(self, node: LexborNode, tag: str) -> Iterator[Block]:
        if not self._in_heading and _is_question(node):
            yield from self._flush(QUESTION)
        elif tag in _HEADINGS or tag in _BLOCKS:
            yield from self._flush(_HEADINGS.get(tag, 0))
        if tag in _QUESTIONS_END:
            yield Block(-QUESTION, "")
        self._preformatted -= tag == "pre"
        if tag == "a":
            self._add(_address(node, self._parts))
            if note := self._notes.of(node):
                self._below.append(note)
        if tag in _BOLD and not self._in_heading and _ends_line(node) and self._asks(node):
            yield from self._flush(QUESTION)
        self._in_heading -= tag in _HEADINGS
        self._parts.append({"td": " | ", "th": " | "}.get(tag, "\n" if tag in _LINES else ""))

    def _asks(self, bold: LexborNode) -> bool:
        """Whether the paragraph so far is nothing but this question, and at most its number."""
        own = _WHITESPACE.sub(" ", bold.text()).strip()
        whole = "".join(self._parts).strip()
        return own.endswith(_QUESTION_MARKS) and bool(_NUMBER.fullmatch(whole.removesuffix(own)))

    def _number(self, node: LexborNode) -> str:
        if node.parent is None or node.parent.tag != "ol":
            return ""
        key = node.parent.mem_id
        start = node.attributes.get("value") or (
            "" if key in self._counts else node.parent.attributes.get("start") or ""
        )
        is_given = start.isdecimal() and start.isascii()
        self._counts[key] = int(start[:9]) if is_given else self._counts.get(key, 0) + 1
        return f"{self._counts[key]}. "

    def _flush(self, level: int) -> Iterator[Block]:
        lines = (line.strip(" |\t") for line in "".join(self._parts).split("\n"))
        self._parts.clear()
        text = "\n".join(filter(None, lines))
        below, self._below = "\n".join(self._below), []
        if below and not level:
            text, below = f"{text}\n{below}", ""
        yield Block(level, text)
        yield Block(0, below)

    def _table(self, node: LexborNode) -> Iterator[Block]:
        written = []
        for row in node.css("tr"):
            if _is_hidden(row) or (row.parent is not None and _is_hidden(row.parent)):
                continue
            is_head = row.parent is not None and row.parent.tag == "thead"
            cells = [each for each in row.iter() if each.tag in {"td", "th"} and not _is_hidden(each)]
            written.append([self._cell(each, is_head=is_head) for each in cells])
        if caption := node.css_first("caption"):
            yield Block(0, caption.text().strip())
        yield Block(0, "", rows=table_of(written))

    def _cell(self, node: LexborNode, *, is_head: bool) -> Cell:
        found = _Walk(self._notes, self._unfolded, is_note=self._is_note).blocks(node)
        text = "\n".join(filter(None, (block.text for block in found)))
        return Cell(
            text,
            _span(node, "colspan", MOST_COLUMNS),
            _span(node, "rowspan", _MOST_ROWS_SPANNED),
            is_head or node.tag == "th" or _is_bold(node, text),
        )


def _is_table(node: LexborNode) -> bool:
    """Whether it holds data, in rows and columns, and does not only place things on the page."""
    if node.attributes.get("role") in {"presentation", "none"}:
        return False
    if node.css_first("table table, h1, h2, h3, h4, h5, h6") is not None:
        return False
    widths = [sum(1 for cell in row.iter() if cell.tag in {"td", "th"}) for row in node.css("tr")]
    return len(widths) > 1 and max(widths) > 1


def _span(node: LexborNode, name: str, most: int) -> int:
    given = (node.attributes.get(name) or "").strip()
    if not (given.isdecimal() and given.isascii()):
        return 1
    return min(int(given[:6]) or most, most)  # 0 rows are all that follow


def _is_bold(node: LexborNode, text: str) -> bool:
    bold = "".join(each.text() for each in node.css("strong, b"))
    return bool(text) and _WHITESPACE.sub("", bold) == _WHITESPACE.sub("", text)


def _ends_line(node: LexborNode) -> bool:
    """Whether nothing follows on the line of this element, or of the bold one around it."""
    after = node.next
    while after is not None and after.tag == "-text" and not (after.text_content or "").strip():
        after = after.next
    return after is None or after.tag == "br"


def _is_reference(link: LexborNode) -> bool:
    """Whether a link is the raised sign that refers to a footnote."""
    if not (link.attributes.get("href") or "").startswith("#"):
        return False
    return (link.parent is not None and link.parent.tag == "sup") or link.css_first("sup") is not None


def _is_question(node: LexborNode) -> bool:
    """Whether it is a button that unfolds an answer, or all that a heading says."""
    given = node.attributes
    if node.tag != "button" and given.get("role") != "button":
        return False
    text = node.text().strip()
    above = node.parent
    if text and above is not None and above.tag in _HEADINGS:
        return above.text().strip() == text
    is_called_so = bool(_UNFOLDING.search(given.get("class") or ""))
    unfolds = "aria-expanded" in given or any(name in given for name in _TARGETS)
    # Two of three, because a button says "Need help?" and another unfolds a menu.
    signs = [is_called_so, unfolds, text.endswith(_QUESTION_MARKS)]
    return bool(text) and signs.count(True) > 1


def _names_behind_questions(parser: LexborHTMLParser) -> frozenset[str]:
    """The names of what stands hidden until somebody presses the question above it."""
    found: set[str] = set()
    for each in parser.css(", ".join(f"[{name}]" for name in _TARGETS)):
        if _is_question(each):
            for name in _TARGETS:
                found.update(word.lstrip("#") for word in (each.attributes.get(name) or "").split())
    return frozenset(found)


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
    """The target of a link in brackets, to follow its text; "" where the text says it."""
    target = (node.attributes.get("href") or "").strip()
    if not target.startswith(("http://", "https://")) or (parts and target in parts[-1]):
        return ""
    return f" ({target})"
