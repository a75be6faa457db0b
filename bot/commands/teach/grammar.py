"""/teach: seeing what votes would teach, taking or refusing it, teaching by hand, taking back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.teach.words import PAGES
from bot.grammar.arguments import Argument, count_of
from bot.grammar.arrows import with_plain_arrows
from bot.grammar.command import AsksEngine, BadCommand, ChangesChannel, Command, MakesFile
from bot.grammar.verb import Verb

LARGEST_NUMBER = 2_000_000_000
ARROW = "=>"


@dataclass(frozen=True, slots=True)
class ShowProposals(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class AcceptProposal(ChangesChannel, AsksEngine):
    number: int


@dataclass(frozen=True, slots=True)
class RefuseProposal(ChangesChannel):
    number: int


@dataclass(frozen=True, slots=True)
class TeachWording(ChangesChannel, AsksEngine):
    """Teach by hand; `entry_id` as it was typed, `wording` on one line."""

    entry_id: str
    wording: str


@dataclass(frozen=True, slots=True)
class ForgetWording(ChangesChannel, AsksEngine):
    """Take a taught wording away by hand; `entry_id` as it was typed."""

    entry_id: str
    wording: str


@dataclass(frozen=True, slots=True)
class UndoTeaching(ChangesChannel, AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class ShowTaught(Command):
    """Show what was decided lately, and by whom."""


@dataclass(frozen=True, slots=True)
class ExportTaught(MakesFile):
    pass


TeachCommand = (
    ShowProposals
    | AcceptProposal
    | RefuseProposal
    | TeachWording
    | ForgetWording
    | UndoTeaching
    | ShowTaught
    | ExportTaught
)

_ALONE: dict[str, type[UndoTeaching | ShowTaught | ExportTaught]] = {
    "undo": UndoTeaching,
    "history": ShowTaught,
    "export": ExportTaught,
}


def read(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    if not given.text:
        return ShowProposals()
    named, arrow, wording = _parts(given.written)
    if arrow:
        if not named or not wording:
            return BadCommand("missing", "teach", given.text)
        _, _, forgotten = named.partition(" ")
        is_forgotten = given.first == "forget" and forgotten
        return ForgetWording(forgotten, wording) if is_forgotten else TeachWording(named, wording)
    if given.first in _ALONE:
        return BadCommand("too_many", "teach", given.text) if rest.text else _ALONE[given.first]()
    if given.first == "no":
        number = _number(rest)
        return number if isinstance(number, BadCommand) else RefuseProposal(number)
    number = _number(given)
    return number if isinstance(number, BadCommand) else AcceptProposal(number)


def _parts(text: str) -> tuple[str, str, str]:
    """The text before the first arrow, the arrow or "", and the text after it, on one line."""
    before, arrow, after = with_plain_arrows(" ".join(text.split())).partition(ARROW)
    return before.strip(), arrow, after.strip()


def _number(given: Argument) -> int | BadCommand:
    if len(given.words) != 1:
        return BadCommand("too_many" if given.words else "missing", "teach", given.text)
    return count_of(given.text.removeprefix("#"), "teach", lowest=1, highest=LARGEST_NUMBER)


VERBS = (
    Verb(
        "teach",
        read,
        "[NUMBER | no NUMBER | ID => WORDING | forget ID => WORDING | undo | history | export]",
        "/teach 12",
        PAGES["teach"],
        words=("no", "forget", "undo", "history", "export"),
        place=115,
    ),
)
