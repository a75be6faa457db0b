"""The values of our buttons and menus, and reading them back: a kind, what it is about, and a value.

A value names the stored answer and the target, never a text or a score: what is shown again is read
from the history. Targets are absolute, so that two people who press the same button do not turn the
dial twice. Whether a value was written by us is proved in `action_signature`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.domain import Action, Choose, RunCommand, ShowMore, TurnDial, Vote, WriteEntry

DIAL, VOTE, MORE, CHOOSE, RUN = "dial", "vote", "more", "choose", "run"
# Menus: what was chosen comes beside the value, and nothing proves it but that it was on offer.
DIAL_TO, RATE = "dialto", "rate"
KINDS = frozenset({DIAL, VOTE, MORE, CHOOSE, RUN, DIAL_TO, RATE})
STEPS = tuple(Decimal(hundredths).scaleb(-2) for hundredths in range(10, 91, 5))

_THRESHOLD = re.compile(r"0(?:\.[0-9]{1,30})?|1(?:\.0{1,30})?")
_OFFSET = re.compile(r"[0-9]{1,9}")
_VERDICT = re.compile(r"(?P<entry>.+):(?P<word>up|down)", re.DOTALL)


class BrokenClick(Exception):
    """A click on something of ours whose value we never wrote."""


@dataclass(frozen=True, slots=True)
class ActionValue:
    """The value of a button: `about` is the id of an answer, or "" where there is none."""

    kind: str
    about: str
    value: str


def write(action: Action) -> ActionValue:
    """The value of the button that stands for this action."""
    match action:
        case TurnDial():
            shown = "" if action.shown is None else f":{action.shown:f}"
            return ActionValue(DIAL, action.answer_id, f"{action.threshold:f}{shown}")
        case Vote():
            word = "up" if action.verdict == "helpful" else "down"
            return ActionValue(VOTE, action.answer_id, f"{action.entry_id}:{word}")
        case ShowMore():
            return ActionValue(MORE, action.answer_id, str(action.offset))
        case Choose():
            return ActionValue(CHOOSE, action.answer_id, action.entry_id)
        case RunCommand():
            return ActionValue(RUN, "", action.command)
        case WriteEntry():
            raise AssertionError("no button stands for a written entry; this is a bug")


def read(pressed: ActionValue, chosen: str | None) -> Action:
    """The action behind a click; `chosen` is what was picked from a menu.

    Raises:
        BrokenClick: no value of ours, or nothing that was on offer.
    """
    meant = _read_menu(pressed, chosen) if pressed.kind in {DIAL_TO, RATE} else _read_button(pressed)
    if meant is None:
        raise BrokenClick(f"{pressed.kind} with a value that was never written")
    return meant


def _read_button(pressed: ActionValue) -> Action | None:
    answer_id, value = pressed.about, pressed.value
    if pressed.kind == RUN:
        return RunCommand(value) if value.startswith("/") else None
    if not answer_id:
        return None
    match pressed.kind:
        case "dial":
            target, _, shown = value.partition(":")
            if _THRESHOLD.fullmatch(target) and (not shown or _THRESHOLD.fullmatch(shown)):
                return TurnDial(answer_id, Decimal(target), Decimal(shown) if shown else None)
        case "vote":
            verdict = _VERDICT.fullmatch(value)
            return _vote(answer_id, verdict["entry"], verdict["word"]) if verdict else None
        case "more":
            return ShowMore(answer_id, int(value)) if _OFFSET.fullmatch(value) else None
        case "choose":
            return Choose(answer_id, value) if value else None
    return None


def _read_menu(pressed: ActionValue, chosen: str | None) -> Action | None:
    answer_id, value = pressed.about, pressed.value
    if not answer_id or not chosen:
        return None
    if pressed.kind == RATE:
        return _vote(answer_id, chosen, value) if value in {"up", "down"} else None
    is_offered = chosen in {f"{step:.2f}" for step in STEPS} and _THRESHOLD.fullmatch(value)
    return TurnDial(answer_id, Decimal(chosen), Decimal(value)) if is_offered else None


def _vote(answer_id: str, entry_id: str, word: str) -> Vote:
    return Vote(answer_id, entry_id, "helpful" if word == "up" else "not helpful")
