"""Corrections: the reply to a command that cannot be carried out as it was written."""

from __future__ import annotations

from dataclasses import replace

from bot import texts
from bot.commands.base.context import MessageContext
from bot.commands.registry import VERBS
from bot.domain import Button, Text
from bot.grammar.arguments import likely_number
from bot.grammar.command import BadCommand

PERCENTAGES = range(2, 101)


def correction(context: MessageContext, bad: BadCommand) -> Text:
    """A wrong value changes nothing and is answered with what was wanted, an example, and what was given."""
    if bad.code == "unknown_command":
        return context.aside(texts.unknown_command(context.language, bad.given, VERBS), verb=bad.verb)
    verb = VERBS[bad.verb]
    likely = _likely(bad)
    body = texts.bad_command(
        context.language,
        verb=verb.name,
        takes=verb.page(context.language).takes,
        example=verb.example,
        given=bad.given,
        may_be_percent=bad.verb == "threshold" and bad.code == "out_of_range" and _is_percentage(bad.given),
    )
    if not likely:
        return context.aside(body, verb=bad.verb)
    asked = context.words.mean_value.format(command=likely)
    return replace(
        context.aside(f"{body}\n{asked}", verb=bad.verb), buttons=(Button(likely, likely, is_explained=True),)
    )


def _likely(bad: BadCommand) -> str:
    """The command that was probably meant by a number in another writing; "" where none is."""
    if bad.verb not in {"threshold", "keywords"} or bad.code != "not_a_number":
        return ""
    *words, number = bad.given.split() or [""]
    value = likely_number(number)
    return " ".join([f"/{bad.verb}", *words, value]) if value else ""


def _is_percentage(given: str) -> bool:
    """Also after a word: "try 65", "margin 5"."""
    given = given.rsplit(maxsplit=1)[-1] if given else ""
    return given.isascii() and given.isdigit() and len(given) <= len("100") and int(given) in PERCENTAGES
