"""Foreign text into WeCom's markdown: readable, and inert in every dialect of it.

WeCom documents no escapes, and which clients honour a backslash is not known. So what
would mean something is broken by a zero-width space, or written with its full-width
twin where a break does not help; both read the same, and commands read both back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlsplit

BREAK = "\u200b"
CUT = "…"

_unwanted = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# ASCII alone: Chinese words and marks stand right beside addresses. The last character is no punctuation.
_web_address = re.compile(r"(?i)(?<![a-z0-9])https?://[a-z0-9](?:[!#-;=?-Z^-z~]{0,2000}[a-z0-9/=#&%_~+$-])?")
_formats = re.compile(r"[*`~\[\]]|(?<![^\W_])_|_(?![^\W_])|__")
_KEPT = ":/?#@!$&'+,;=%~"
_line_ends = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_blanks = re.compile(r"\s+")
# Emphasis, strike-through and code: a size such as 10*20*30 would lose its stars, 3~5 its tilde.
_twins = str.maketrans({"*": "＊", "`": "｀", "~": "～"})
_loose_underscore = re.compile(r"(?<![^\W_])_+|_+(?![^\W_])|__+")
_seams = re.compile(
    r"(?<=<)(?=\S)"  # tags, mentions, addresses in angle brackets
    r"|(?<=\])(?=[\[(:])"  # links
    r"|(?<=!)(?=\[)"  # images
    r"|(?<=&)(?=[#A-Za-z])"  # entities
    r"|(?<=\\)(?=[\s!-/:-@\[-`{-~]|$)"  # a backslash that would vanish
    r"|(?<=<@)|(?<=@)(?=all|here|everyone|channel|所有人)",
    re.IGNORECASE | re.MULTILINE,
)
# Headings, quotes, lists, rules, tables, and what underlines the line above into a heading.
line_start = re.compile(r"^(?=[#>\-=+|:]|[0-9]{1,9}[.)])", re.MULTILINE)
# Only the end of a scheme or of a host's last label is looked for: a pattern that looked for
# their beginnings would take half a minute over a word of 50,000 letters.
_looks_like_address = re.compile(r"(?i)[a-z0-9+.-]://|\bwww\.|[a-z0-9-]\.[a-z]{2,}\b")


def escape(text: str, write: Callable[[str], str] | None = None) -> str:
    """Foreign text of several lines; each of them starts nothing."""
    lines = "\n".join(line.strip() for line in clean(text).split("\n"))
    return line_start.sub(BREAK, (write or inline)(lines))


def link_addresses(text: str) -> str:
    """The text as by `inline`, with its web addresses as links to themselves."""
    whole = clean(text)
    written, end = [], 0
    for found in _web_address.finditer(whole):
        written.append(inline(whole[end : found.start()]))
        written.append(_link_to_itself(found[0]))
        end = found.end()
    return "".join([*written, inline(whole[end:])])


def _link_to_itself(address: str) -> str:
    # What stands before an @ only looks like the host.
    if "@" in address.split("/", 3)[2]:
        return inline(address)
    # A mark in the label would format it, and its twin would lead elsewhere: its code means the same.
    label = _formats.sub(lambda mark: "".join(f"%{ord(one):02X}" for one in mark[0]), address)
    return f"[{label}]({quote(address, safe=_KEPT, errors='replace')})"


def inline(text: str) -> str:
    """Foreign text inside a line of ours. Line breaks are left as they are."""
    twinned = _loose_underscore.sub(lambda found: "＿" * len(found[0]), clean(text).translate(_twins))
    return _seams.sub(BREAK, twinned)


def one_line(text: str) -> str:
    return _blanks.sub(" ", clean(text))


def clean(text: str) -> str:
    """Without what turns the direction of writing, hides, or is half a character."""
    return _unwanted.sub("", _line_ends.sub("\n", text))


def emphasise(text: str, bold: tuple[int, int] | None) -> str:
    """One line of foreign text with a span of it in bold."""
    start, end = _bold_span(text, bold)
    before, middle, after = (
        link_addresses(one_line(part)) for part in (text[:start], text[start:end], text[end:])
    )
    if not middle:
        return (before + after).strip()
    return f"{before.lstrip()}**{middle}**{after.rstrip()}"


def with_bold(text: str, bold: tuple[int, int] | None) -> str:
    """Foreign text of several lines, each of which starts nothing, with a span within one in bold."""
    start, end = _bold_span(text, bold)
    middle = clean(text[start:end])
    if not middle or "\n" in middle:
        return escape(text, link_addresses)
    before, after = escape(text[:start], link_addresses), escape(text[end:], link_addresses)
    # `escape` takes blanks away at both ends, and what follows a span begins no line.
    lead = " " if text[:start][-1:].isspace() and not before.endswith("\n") and before else ""
    trail = " " if text[end:][:1].isspace() and after else ""
    return f"{before}{lead}**{link_addresses(middle)}**{trail}{after}"


def link(label: str, url: str) -> str:
    """A link that goes where it says, or only its label when it is no web address.

    A label that looks like another address is replaced by the real host.
    """
    shown = _blanks.sub(" ", clean(label)).strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return inline(shown)
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return inline(shown)
    if not shown or (_looks_like_address.search(shown) and shown != url):
        shown = host
    target = quote(url, safe=_KEPT, errors="replace")
    return f"[{_link_label(shown)}]({target})"


def cut(text: str, limit: int) -> str:
    """The text cut to at most `limit` characters, with "…" when that is not all."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + CUT


def _bold_span(text: str, bold: tuple[int, int] | None) -> tuple[int, int]:
    """The span without punctuation at its ends, beside which stars are shown as stars."""
    start, end = bold or (0, 0)
    start, end = max(start, 0), min(end, len(text))
    while start < end and not _is_word(text[start]):
        start += 1
    while start < end and not _is_word(text[end - 1]):
        end -= 1
    return (start, end) if start < end else (0, 0)


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def _link_label(text: str) -> str:
    return inline(text).replace("[", "［").replace("]", "］")
