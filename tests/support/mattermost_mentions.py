"""Whom a post rings, by the server's rule: what the double of Mattermost tells people's phones."""

from __future__ import annotations

import html
import re

LOUD = frozenset({"here", "channel", "all"})
PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def rings(text: str, *, names: frozenset[str] = frozenset()) -> set[str]:
    """The names after an @ that ring: the three loud ones, and those of `names`."""
    known = LOUD | {name.lower() for name in names}
    found: set[str] = set()
    for word in "".join(_letter_of(one) for one in _resolve(_strip_code(text))).split():
        found |= _of_word(word, known)
    return found


def _letter_of(one: str) -> str:
    return one if one.isalnum() or one in ":.-_@" else " "


def _of_word(word: str, known: frozenset[str] | set[str]) -> set[str]:
    word = word.lstrip(":.-_")
    if word.startswith("@"):
        while word[1:].lower() not in known and word[-1:] in {":", ".", "-", "_"}:
            word = word[:-1]
        return {word[1:].lower()} & set(known)
    parts = re.split(r"[.:-]", word)
    return {part[1:].lower() for part in parts if part.startswith("@")} & set(known)


def _resolve(text: str) -> str:
    """Without link targets, with escapes and character references resolved, one letter after the other."""
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in PUNCTUATION:
            out.append(text[at + 1])
            at += 2
            continue
        reference = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z0-9]{1,32});").match(text, at)
        target = re.compile(r"\]\([^()\s]*\)").match(text, at)
        if reference:
            out.append(html.unescape(reference[0]))
            at = reference.end()
        elif target:
            out.append(" ")
            at = target.end()
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _strip_code(text: str) -> str:
    text = re.sub(r"(?ms)^ {0,3}(`{3,}|~{3,})[^`\n]*\n.*?(?:^ {0,3}\1[`~]*\s*$|\Z)", "\n", text)
    return re.sub(r"(?s)(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)", " ", text)
