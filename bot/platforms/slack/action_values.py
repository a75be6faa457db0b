"""The values of our buttons and menus, and reading them back.

A value names the stored answer and the target, never a text or a score: what is shown
again is read from the history. Targets are absolute, so that two people who press the
same button do not turn the dial twice.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain import Action, Choose, RunCommand, ShowMore, TurnDial, Vote, WriteEntry
from bot.platforms.slack.markup import size

DOWN, STAY, UP, TO = "dial:down", "dial:stay", "dial:up", "dial:to"
VOTE = "vote"
MORE = "more"
CHOOSE = "choose"  # and a number, because ids are unique within a block
RUN = "run"
HOME_RUN = "home"  # and a number: a command for a channel, from the Home tab
HOME_AGAIN = "again"  # and a number: a question of one's own, to be asked in the direct chat
HOME_GAP = "gap"  # and a number: a gap that somebody wants to answer
VALUE = 2000

_threshold = re.compile(r"0(?:\.[0-9]{1,30})?|1(?:\.0{1,30})?")
_home_form = re.compile(
    r"([A-Za-z0-9_-]{1,64})\|"
    r"(/threshold (?:0(?:\.[0-9]{1,30})?|1(?:\.0{1,30})?)|/teach [0-9]{1,9}|/console|/help)"
)
_again_form = re.compile(r"([A-Za-z0-9_-]{1,64})\|([^|]{1,100})\|(.{1,2000})", re.DOTALL)
_gap_form = re.compile(r"([A-Za-z0-9_-]{1,64})\|([0-9a-f]{8})\|(.{1,200})", re.DOTALL)
_offset = re.compile(r"[0-9]{1,9}")


class BrokenClick(Exception):
    """A click on something of ours whose value we never wrote."""


def write(action: Action) -> str:
    """The value of the button or option that stands for this action."""
    match action:
        case TurnDial():
            shown = "" if action.shown is None else f":{action.shown:f}"
            return f"{action.answer_id}{shown}:{action.threshold:f}"
        case Vote():
            word = "up" if action.verdict == "helpful" else "down"
            return f"{word}:{action.answer_id}:{action.entry_id}"
        case ShowMore():
            return f"{action.answer_id}:{action.offset}"
        case Choose():
            return f"{action.answer_id}:{action.entry_id}"
        case RunCommand():
            return action.command
        case WriteEntry():
            raise AssertionError("no button stands for a written entry; this is a bug")


def read(action_id: str, value: str) -> Action | None:
    """The action behind a click, or None when the element is not one of ours.

    Raises:
        BrokenClick: it is ours, but its value is not.
    """
    kind, _, number = action_id.partition(":")
    if kind in {CHOOSE, RUN} and _offset.fullmatch(number):
        return _read_numbered(kind, value)
    match action_id:
        case "dial:down" | "dial:stay" | "dial:up" | "dial:to":
            rest, _, target = value.rpartition(":")
            # What was posted before dials said what they show has two parts.
            answer_id, _, shown = rest.partition(":")
            if answer_id and _threshold.fullmatch(target) and (not shown or _threshold.fullmatch(shown)):
                return TurnDial(answer_id, Decimal(target), Decimal(shown) if shown else None)
        case "vote":
            word, answer_id, entry_id = (*value.split(":", 2), "", "")[:3]
            if word in {"up", "down"} and answer_id and entry_id:
                return Vote(answer_id, entry_id, "helpful" if word == "up" else "not helpful")
        case "more":
            answer_id, _, offset = value.rpartition(":")
            if answer_id and _offset.fullmatch(offset):
                return ShowMore(answer_id, int(offset))
        case _:
            return None
    raise BrokenClick(f"{action_id} with a value that was never written")


def write_home(channel_id: str, command: str) -> str:
    """The value of a button of the Home tab, which belongs to no channel by itself."""
    return f"{channel_id}|{command}"


def write_again(direct: str, knowledge_base: str, question: str) -> str | None:
    """The value of a button that asks this in the direct chat; None where it is too long for one.

    The text itself: whatever comes back, it is a question that its sender may ask there anyway.
    """
    value = f"{direct}|{knowledge_base}|{question}"
    return value if size(value) <= VALUE and _again_form.fullmatch(value) else None


def write_gap(channel_id: str, name: str, question: str) -> str | None:
    """The value of a button that opens the form for a gap; None where there is nothing to name it by."""
    value = f"{channel_id}|{name}|{question}"
    return value if _gap_form.fullmatch(value) else None


def read_gap(action_id: str, value: str) -> tuple[str, str, str] | None:
    """Channel, gap and its question behind a click on the Home tab; None when it is another click.

    Raises:
        BrokenClick: it is one, but its value is not.
    """
    kind, _, number = action_id.partition(":")
    if kind != HOME_GAP or not _offset.fullmatch(number):
        return None
    found = _gap_form.fullmatch(value)
    if found is None:
        raise BrokenClick(f"{HOME_GAP} with a value that was never written")
    return found[1], found[2], found[3]


def read_home(action_id: str, value: str) -> tuple[str, RunCommand] | None:
    """The channel and the command behind a click on the Home tab; None when it is not one of ours.

    Raises:
        BrokenClick: it is ours, but its value is not.
    """
    kind, _, number = action_id.partition(":")
    if kind not in {HOME_RUN, HOME_AGAIN} or not _offset.fullmatch(number):
        return None
    if kind == HOME_AGAIN:
        again = _again_form.fullmatch(value)
        if again is None:
            raise BrokenClick(f"{HOME_AGAIN} with a value that was never written")
        return again[1], RunCommand(f"/ask {again[3]}", knowledge_base=again[2])
    found = _home_form.fullmatch(value)
    if found is None:
        raise BrokenClick(f"{HOME_RUN} with a value that was never written")
    return found[1], RunCommand(found[2])


def _read_numbered(kind: str, value: str) -> Action:
    if kind == RUN and value.startswith("/"):
        return RunCommand(value)
    answer_id, _, entry_id = value.partition(":")
    if kind == CHOOSE and answer_id and entry_id:
        return Choose(answer_id, entry_id)
    raise BrokenClick(f"{kind} with a value that was never written")
