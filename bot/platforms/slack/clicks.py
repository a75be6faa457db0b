"""What a button or menu of ours carries, and how it comes back.

A value names the stored answer and the target, never a text or a score: what is shown
again is read from the history. Targets are absolute, so that two people who press the
same button do not turn the dial twice.
"""

from __future__ import annotations

import re
from decimal import Decimal

from bot.domain import Action, ShowMore, TurnDial, Vote

DOWN, STAY, UP, TO = "dial:down", "dial:stay", "dial:up", "dial:to"
VOTE = "vote"
MORE = "more"

_threshold = re.compile(r"0(?:\.[0-9]{1,30})?|1(?:\.0{1,30})?")
_offset = re.compile(r"[0-9]{1,9}")


class BrokenClick(Exception):
    """A click on something of ours whose value we never wrote."""


def write(action: Action) -> str:
    """The value of the button or option that stands for this action."""
    match action:
        case TurnDial():
            return f"{action.answer_id}:{action.threshold:f}"
        case Vote():
            word = "up" if action.verdict == "helpful" else "down"
            return f"{word}:{action.answer_id}:{action.entry_id}"
        case ShowMore():
            return f"{action.answer_id}:{action.offset}"


def read(action_id: str, value: str) -> Action | None:
    """The action behind a click, or None when the element is not one of ours.

    Raises:
        BrokenClick: it is ours, but its value is not.
    """
    match action_id:
        case "dial:down" | "dial:stay" | "dial:up" | "dial:to":
            answer_id, _, target = value.rpartition(":")
            if answer_id and _threshold.fullmatch(target):
                return TurnDial(answer_id, Decimal(target))
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
