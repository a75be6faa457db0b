"""The answer to a command that does not work: what was wanted, an example, what was given."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bot.domain import Language
from bot.texts.languages import wording

LONGEST_GIVEN = 40
ALIKE = 0.7


def bad_command(
    language: Language, *, verb: str, takes: str, example: str, given: str, may_be_percent: bool = False
) -> str:
    """`may_be_percent`: a bare 65 for a threshold is asked back, never guessed."""
    words = wording(language)
    wanted = words.bad_command.format(verb=verb, takes=takes, example=example)
    got = words.got.format(given=shorten(given)) if given else words.got_nothing
    percent = words.mean_percent.format(given=given) if may_be_percent else ""
    stop = "。" if language == "zh" else "."
    return f"{wanted}{got}{stop}{percent}"


def unknown_command(language: Language, verb: str, known: Iterable[str]) -> str:
    words = wording(language)
    likely = get_close_matches(verb, list(known), n=1, cutoff=ALIKE)
    if likely:
        return words.did_you_mean.format(verb=shorten(verb), likely=likely[0])
    return words.unknown_command.format(verb=shorten(verb))


def shorten(text: str, longest: int = LONGEST_GIVEN) -> str:
    """Foreign text on one line, short enough to be quoted."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
