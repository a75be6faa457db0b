"""How the arguments of /name and /admin are read."""

from __future__ import annotations

from bot.grammar.arguments import Argument
from bot.grammar.command import (
    BadCommand,
    ClaimAdmin,
    Command,
    SetName,
    ShowName,
)

LONGEST_NAME = 60
LONGEST_CODE = 40


def name(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowName()
    if given.text.lower() == "off":
        return SetName(None)
    label = " ".join(given.written.split())
    if len(label) > LONGEST_NAME:
        return BadCommand("out_of_range", "name", label)
    return SetName(label)


def admin(given: Argument) -> Command | BadCommand:
    code = given.rest()
    if given.first != "claim":
        return BadCommand("unknown_word" if given.text else "missing", "admin", given.first)
    if not code.text:
        return BadCommand("missing", "admin", given.text)
    # What was written is not repeated: it may be a code with a slip in it.
    return ClaimAdmin("".join(code.words)[:LONGEST_CODE])
