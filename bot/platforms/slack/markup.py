"""Slack's text format: foreign text into it, people's text out of it.

Escaped text is readable and inert: it rings nobody, forges no link and formats
nothing. Three characters are escaped, as Slack asks; what cannot be escaped is broken
by a zero-width space, which `plain` takes out again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlsplit, urlunsplit

BREAK = "\u200b"
CUT = "…"
# Nothing gets longer by being written than "&", which becomes "&amp;".
MOST_GROWTH = 5

# The first of `*bold*` stands at the head of a word; inside 3*4 or a_b it formats nothing.
_formatting = re.compile(r"(?<![^\W_])[*_~`]+")
_quote = re.compile(r"^(?=>)", re.MULTILINE)
_loud_name = re.compile(r"@(?=channel|here|everyone|group)", re.IGNORECASE)
_MARKS = "*_~`"

_mention = re.compile(r"<@([A-Z0-9]+)(?:\|([^<>]*))?>")
_channel = re.compile(r"<#([A-Z0-9]+)(?:\|([^<>]*))?>")
_special = re.compile(r"<!([^<>|]+)(?:\|([^<>]*))?>")
_link = re.compile(r"<((?:https?://|mailto:|tel:)[^<>|\s]+)(?:\|([^<>]*))?>", re.IGNORECASE)
_unwanted = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# These turn the direction of everything that follows, our own words and numbers too.
_turning = re.compile("[\u202a-\u202e\u2066-\u2069]")
_blanks = re.compile(r"[^\S\n]+")
# Only the end of a scheme or of a host's last label is looked for: a pattern that looked for
# their beginnings would take half a minute over a word of 50,000 letters.
_looks_like_address = re.compile(r"(?i)[a-z0-9+.-]://|\bwww\.|[a-z0-9-]\.[a-z]{2,}\b")


# ASCII alone: Chinese words and marks stand right beside addresses. The last character is no punctuation.
_web_address = re.compile(
    r"(?i)(?<![a-z0-9])https?://[A-Za-z0-9](?:[!#-;=?-{}~]{0,2000}[A-Za-z0-9/=#&%_~+$-])?"
)


def link_addresses(text: str) -> str:
    """Foreign text as `escape` has it, but its web addresses are links to themselves."""
    return _write_addresses(text, _link_to_itself)


def keep_addresses(text: str) -> str:
    """Foreign text as `escape` has it, for where markup is off: its web addresses stand as they are."""
    return _write_addresses(text, _keep_address)


def _write_addresses(text: str, write: Callable[[str], str]) -> str:
    if "://" not in text:
        return escape(text)
    written, end = [], 0
    for found in _web_address.finditer(text):
        written.append(escape(text[end : found.start()]))
        # What stands before an @ only looks like the host.
        has_user = "@" in found[0].split("/", 3)[2]
        written.append(escape(found[0]) if has_user else write(found[0]))
        end = found.end()
    return "".join([*written, escape(text[end:])])


def _keep_address(address: str) -> str:
    # Without markup a loud name in an address could still ring somebody.
    return escape(address) if _loud_name.search(address) else _escape_three(address)


def _link_to_itself(address: str) -> str:
    return f"<{_escape_three(address)}>"


def escape(text: str) -> str:
    """Foreign text as Slack shows it unchanged."""
    broken = _inert(_turning.sub("", text))
    broken = _quote.sub(BREAK, broken)
    broken = _loud_name.sub("@" + BREAK, broken)
    return _escape_three(broken)


def _escape_three(text: str) -> str:
    # A twentieth of the time of str.translate, several times for each line of an answer.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _inert(text: str) -> str:
    """The text with a break behind each mark that another one of its line could end; one alone is inert."""
    if not _pairs_of_marks(text):
        return text
    return "\n".join(map(_inert_line, text.split("\n")))


def _pairs_of_marks(text: str) -> list[str]:
    return [mark for mark in _MARKS if text.count(mark) > 1]


def _inert_line(line: str) -> str:
    paired = _pairs_of_marks(line)
    if not paired:
        return line
    return _formatting.sub(
        lambda found: found[0] + (BREAK if any(mark in found[0] for mark in paired) else ""), line
    )


def unescape(text: str) -> str:
    """The three escapes undone; `&amp;` last, so that nothing is decoded twice."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str, *, own_users: frozenset[str] = frozenset(), drop_first: bool = False) -> str:
    """The words that somebody wrote: markup resolved, our own mention removed.

    Line breaks stay, because `/kb add` takes an entry a line. `drop_first` removes the
    first mention whoever it names: for a message that Slack says mentions us while our
    own id is unknown.
    """
    resolved = _mention.sub(_without(own_users, drop_first=drop_first), text)
    resolved = _channel.sub(lambda found: "#" + (found[2] or found[1]), resolved)
    resolved = _special.sub(_word, resolved)
    resolved = _link.sub(lambda found: found[2] or _address(found[1]), resolved)
    return _tidy(unescape(resolved))


def mentions(text: str) -> frozenset[str]:
    """The user ids that a text mentions."""
    return frozenset(found[1] for found in _mention.finditer(text))


def clean(text: str) -> str:
    """Without what no database or terminal should see: lone surrogates and control characters."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _unwanted.sub("", whole)


def link(url: str, label: str) -> str:
    """A link that goes where it says, or only its label when it is no web address.

    A label that looks like another address is replaced by the real host.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return escape(label)
    # A name before the host serves only to look like another host.
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return escape(label)
    target = quote(urlunsplit(parts), safe=":/?#[]!$&'()*+,;=%~", errors="replace").replace("&", "&amp;")
    pretends = _looks_like_address.search(label) is not None and label.strip() != url
    shown = host if pretends else " ".join(label.split()) or host
    return f"<{target}|{escape(shown).replace('|', '¦')}>"


def cut(text: str, limit: int, written: Callable[[str], str] = escape) -> str:
    """The longest beginning of the text that fits `limit` once written, with "…" when that is not all."""
    if not is_longer(text, limit, written):
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        # Hardly anything gets shorter by being written: of a long text only the beginning is looked at.
        middle = min((fits + too_long) // 2, fits + max(1, limit))
        if size(written(text[:middle] + CUT)) <= limit:
            fits = middle
        else:
            too_long = middle
    return text[:fits] + CUT


def is_longer(text: str, limit: int, written: Callable[[str], str] = escape) -> bool:
    """Whether it has more than `limit` once written. What begins with far more is not written to its end."""
    if size(text) * MOST_GROWTH <= limit:
        return False
    if len(text) > 2 * limit and size(written(text[: 2 * limit])) > 1.5 * limit:
        return True
    return size(written(text)) > limit


def size(text: str) -> int:
    """Length as the stricter count has it: characters beyond the basic plane are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _without(own_users: frozenset[str], *, drop_first: bool) -> Callable[[re.Match[str]], str]:
    seen = 0

    def resolve(found: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        if found[1] in own_users or (drop_first and seen == 1):
            return " "
        return "@" + (found[2] or found[1])

    return resolve


def _word(found: re.Match[str]) -> str:
    name, label = found[1], found[2]
    if name.startswith(("subteam^", "date^")):
        return label or ""
    return label or "@" + name


def _address(target: str) -> str:
    return re.sub(r"(?i)^(?:mailto|tel):", "", target)


def _tidy(text: str) -> str:
    lines = (_blanks.sub(" ", line).strip() for line in clean(unicodedata.normalize("NFC", text)).split("\n"))
    return "\n".join(lines).strip()
