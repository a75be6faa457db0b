"""Mattermost's markdown: foreign text into it, so that it reads the same and does nothing.

Three readers see a post: the server, which rings people, the web client and the phone apps. They
disagree about backslashes, so each mark is written in the one way that all three give back; where
there is none, a zero-width space stands behind it. Our own markup goes around what is inert.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

BREAK = "\u200b"
CUT = "…"

# Control characters, half characters, and what turns the direction of writing.
_UNWANTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_LINE_HEAD = re.compile(r"^[^\S\n]+", re.MULTILINE)
_BACKSLASH = re.compile(r"\\")
_ESCAPED = re.compile(r"[`*_{}\[\]()#+\-.!>~|]")
_BROKEN = re.compile(r"[@&<:]")
_LABEL_MARKS = re.compile(r"[@&<:~#]")
_UNDERLINE = re.compile(r"^(?==)", re.MULTILINE)
# A channel is linked wherever no letter, digit or _ stands before its ~; a hashtag likewise, if a letter
# follows. At the beginning of a word both are broken whatever follows.
_WORD_HEAD = re.compile(r"(?<!\S)\\[~#]|(?<!\w)\\~|(?<!\w)\\#(?=[^\W\d_])")
_BLANKS = re.compile(r"\s+")
# Only the end of a scheme or of a host's last label is looked for: a pattern that looked for
# their beginnings would take half a minute over a word of 50,000 letters.
_LOOKS_LIKE_ADDRESS = re.compile(r"(?i)[a-z0-9+.-]://|\bwww\.|[a-z0-9-]\.[a-z]{2,}\b")
# ASCII alone: Chinese words and marks stand right beside addresses. The last character is no punctuation.
_WEB_ADDRESS = re.compile(r"(?i)(?<![a-z0-9])https?://[a-z0-9](?:[!#-;=?-Z^-z~]{0,2000}[a-z0-9/=#&%_~+$-])?")
_SCHEMES = frozenset({"http", "https", "mailto"})
# What ends an address early, rings, formats or begins a formula in one of the readers is left out.
_KEPT = ":/?#!&'+,;=%~"
_REFERENCE = re.compile(r"(&#?[A-Za-z0-9]+);")


def inert(text: str) -> str:
    """Foreign text of any number of lines; each of them starts nothing."""
    return _make_inert(_LINE_HEAD.sub("", clean(text)))


def inert_inside(text: str) -> str:
    """Foreign text that goes on where ours has begun: its first line may begin with blanks."""
    whole = clean(text)
    first, feed, rest = whole.partition("\n")
    return _make_inert(first + feed + _LINE_HEAD.sub("", rest))


def _make_inert(text: str) -> str:
    for pattern, written in (
        (_BACKSLASH, rf"\\{BREAK}"),
        (_ESCAPED, r"\\\g<0>"),
        (_BROKEN, rf"\g<0>{BREAK}"),
        (_UNDERLINE, BREAK),
        (_WORD_HEAD, rf"\g<0>{BREAK}"),
    ):
        text = pattern.sub(written, text)
    return text.replace("$", "&#36;")


def clean(text: str) -> str:
    """Without what hides, is half a character, or turns the direction of writing."""
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", text).replace("\t", " "))


def one_line(text: str) -> str:
    return _BLANKS.sub(" ", clean(text)).strip()


def link_addresses(text: str, write: Callable[[str], str] = inert) -> str:
    """Foreign text, its web addresses as links to themselves; `write` makes the beginning inert."""
    whole = clean(text)
    written: list[str] = []
    end = 0
    for found in _WEB_ADDRESS.finditer(whole):
        written.append((inert_inside if written else write)(whole[end : found.start()]))
        written.append(_link_to_itself(found[0]))
        end = found.end()
    return "".join([*written, (inert_inside if written else write)(whole[end:])])


def _link_to_itself(address: str) -> str:
    # What stands before an @ only looks like the host.
    if "@" in address.split("/", 3)[2]:
        return inert_inside(address)
    return f"[{_label(address)}](<{_target(address)}>)"


def with_bold(text: str, bold: tuple[int, int] | None, write: Callable[[str], str] = inert) -> str:
    """Foreign text with a span of it in bold, where the span lies within one line."""
    start, end = _bold_span(text, bold)
    middle = clean(text[start:end])
    if not middle or "\n" in middle:
        return link_addresses(text, write)
    before, after = link_addresses(text[:start], write), link_addresses(text[end:], inert_inside)
    # Beside punctuation stars are shown as stars; a break is none, and no blank either.
    return f"{before}**{BREAK}{link_addresses(middle, inert_inside)}{BREAK}**{after}"


def link(label: str, url: str) -> str:
    """A link that goes where it says, or only its label when it is no address for people.

    A label that looks like another address is replaced by the real host.
    """
    shown = one_line(label)
    try:
        parts = urlsplit(url)
        host = parts.hostname or (parts.path if parts.scheme == "mailto" else "")
    except ValueError:
        return inert_inside(shown)
    # A name before the host serves only to look like another host.
    if parts.scheme not in _SCHEMES or not host or parts.username is not None:
        return inert_inside(shown)
    if not shown or (_LOOKS_LIKE_ADDRESS.search(shown) and shown != url):
        shown = host
    return f"[{_label(shown)}](<{_target(url)}>)"


def as_label(text: str) -> str:
    """One line for a button or a menu, where nothing is markdown but mentions, emoji and links."""
    return _LABEL_MARKS.sub(rf"\g<0>{BREAK}", one_line(text))


def cut(text: str, limit: int) -> str:
    """The text cut to at most `limit` characters, with "…" when that is not all."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + CUT


def split(text: str, limit: int, write: Callable[[str], str] = link_addresses) -> list[str]:
    """The text, written, in pieces of at most `limit` characters; nothing is lost but blanks at the seams.

    Parted before it is written, so that no seam lies inside of markup.
    """
    pieces = []
    rest = clean(text).strip()
    while len(rest) > limit or len(write(rest)) > limit:
        # What is written is seldom shorter: no more than this is looked at for one piece.
        seam = _seam(rest[: limit + 1], limit, write)
        pieces.append(write(rest[:seam].rstrip()))
        rest = rest[seam:].lstrip()
    return [piece for piece in [*pieces, write(rest)] if piece]


def _seam(text: str, limit: int, write: Callable[[str], str]) -> int:
    """The index to split at so that the written head fits: a late line break, else a blank, else any."""
    fits = len(text)
    while fits > 1 and (size := len(write(text[:fits]))) > limit:
        fits = max(1, min(fits - 1, fits * limit // size))
    for boundary in ("\n\n", "\n", " "):
        found = text.rfind(boundary, fits // 2, fits)
        if found > 0:
            return found
    return fits


def _bold_span(text: str, bold: tuple[int, int] | None) -> tuple[int, int]:
    """The span without the blanks at its ends."""
    start, end = bold or (0, 0)
    start, end = max(start, 0), min(end, len(text))
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else (0, 0)


def _label(text: str) -> str:
    # The web client finds the end of a label by its brackets, escaped or not.
    return inert_inside(text.replace("[", "［").replace("]", "］"))


def _target(address: str) -> str:
    return _REFERENCE.sub(r"\1%3B", quote(address, safe=_KEPT, errors="replace"))
