"""/admin: claiming a one-time code."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.admin.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import BadCommand, Command
from bot.grammar.verb import Verb

LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class ClaimAdmin(Command):
    """`code` as it was typed, without blanks."""

    code: str


def read(given: Argument) -> Command | BadCommand:
    code = given.rest()
    if given.first != "claim":
        return BadCommand("unknown_word" if given.text else "missing", "admin", given.first)
    if not code.text:
        return BadCommand("missing", "admin", given.text)
    # What was written is not repeated: it may be a code with a slip in it.
    return ClaimAdmin("".join(code.words)[:LONGEST_CODE])


VERBS = (
    Verb(
        "admin",
        read,
        "claim CODE",
        "/admin claim 7KMP-2XQA-RT94",
        PAGES["admin"],
        words=("claim",),
        place=180,
    ),
)
