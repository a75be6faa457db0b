"""The kinds of a parsed text: a command of one of the families, a command gone wrong, or a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Problem = Literal[
    "not_a_number", "out_of_range", "too_precise", "missing", "too_many", "unknown_word", "unknown_command"
]


class Command:
    """Something that a person wants done. The families' own commands are subclasses of this."""

    __slots__ = ()

    @property
    def needs_slash(self) -> bool:
        """Whether a mention of the bot is not enough to tell this from a question."""
        return False


class AsksEngine(Command):
    """A command whose answer may take as long as the engine takes."""

    __slots__ = ()


class NeedsRights(Command):
    """A command that admins may keep to themselves: it decides for all, or takes all along."""

    __slots__ = ()


class ChangesChannel(NeedsRights):
    """A command that changes what everybody in the channel gets."""

    __slots__ = ()


class MakesFile(Command):
    """A command whose answer is a file: it is made and kept, so a person gets only a few of them a minute."""

    __slots__ = ()


class OpenToOutsiders(Command):
    """A command for everybody who can write to us, guests and people of other organisations included."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A known verb with a value that it does not take. `given` is the value as it was read."""

    code: Problem
    verb: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A text that is no command, in the writer's own characters, without the mention of the bot.

    `text` is empty where nothing else was written. `unknown_verb` is set when it starts
    like a command that does not exist: help may be offered along with the answer.
    """

    text: str
    unknown_verb: str = ""


Parsed = Command | BadCommand | Question
