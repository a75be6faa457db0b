"""The dial as a template card, and what a press on it says.

A card carries no state: its task id names the answer, its keys are absolute targets. So
two people who press the same button turn the dial once, and a card that we never sent
is no card of ours. It stands under the answer and does not repeat it. Titles are cut to
what the platform shows; nothing in a card is markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.domain import Action, Answer, Language, RunCommand, ShowMore, TurnDial, Vote
from bot.platforms.wecom.wording import wecom_wording
from bot.texts import dial_steps, threshold, turned_by, wording

Card = dict[str, Any]

TITLE, DESCRIPTION, SUBTITLE, BUTTON, OPTION = 26, 30, 112, 10, 26  # characters, as the platform advises
_MOST_OPTIONS = 10
_OPTION_ID_BYTES = 128
_MATCH = "match"

_task_form = re.compile(r"dial@([0-9A-Za-z_-]{0,64})@[0-9A-Za-z_-]{1,40}")
_key_form = re.compile(
    r"threshold:(?P<threshold>0(?:\.[0-9]{1,6})?|1(?:\.0{1,6})?)|vote:(?P<vote>up|down)|more:(?P<more>[0-9]{1,6})"
)
_invisible = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def task_id(answer_id: str, unique: str) -> str:
    """The id of one card, never used for another: `unique` tells apart the cards of one answer.

    An answer id of other characters than the platform allows is a mistake of ours.
    """
    made = f"dial@{answer_id}@{unique}"
    if not _task_form.fullmatch(made):
        raise AssertionError(f"{made!r} cannot name a card; this is a bug")
    return made


def answer_named(task: str) -> str:
    """The id of the answer that a card belongs to; "" for a card of none, or of somebody else's."""
    named = _task_form.fullmatch(task)
    return named[1] if named else ""


def dial(answer: Answer, task: str, *, says: str = "") -> Card:
    """The dial under an answer: a step down, a step up, whether a match helped, and more."""
    words = wecom_wording(answer.language)
    card = threshold_card(answer.threshold, answer.language, task, says=says or turned_by(answer) or "")
    options = [
        {"id": match.entry_id, "text": clip(f"{match.rank}. {match.text}", OPTION)}
        for match in answer.matches[:_MOST_OPTIONS]
        if 0 < len(match.entry_id.encode()) <= _OPTION_ID_BYTES
    ]
    if options:
        card["button_selection"] = {
            "question_key": _MATCH,
            "title": clip(wording(answer.language).feedback, OPTION),
            "option_list": options,
            "selected_id": options[0]["id"],
        }
        card["button_list"] += [
            {"text": words.helpful, "key": "vote:up"},
            {"text": words.not_helpful, "key": "vote:down"},
        ]
    shown = answer.offset + len(answer.matches)
    if answer.matches and shown < answer.rows:
        card["button_list"].append({"text": words.more, "key": f"more:{shown}"})
    return card


def threshold_card(value: Decimal, language: Language, task: str, *, says: str = "") -> Card:
    """The bare dial, which says what turning does unless there is news to tell.

    A step that leads nowhere, at 0 and 1, has no button.
    """
    down, _, up = dial_steps(value)
    says = says or wecom_wording(language).dial_hint
    return {
        "card_type": "button_interaction",
        "main_title": {
            "title": clip(f"{wording(language).dial} {threshold(value)}", TITLE),
            "desc": clip(says, DESCRIPTION),
        },
        "sub_title_text": clip(says, SUBTITLE) if len(says) > DESCRIPTION else "",
        "button_list": [
            {"text": f"{sign} {threshold(step)}", "key": f"threshold:{threshold(step)}"}
            for sign, step in (("↓", down), ("↑", up))
            if step != value
        ],
        "task_id": task,
    }


def update_card(card: Card, *, only_for: str = "") -> dict[str, Any]:
    """The answer to a press: the card changes for everyone who sees it, or for one of them."""
    users = {"userids": [only_for]} if only_for else {}
    return {"response_type": "update_template_card", **users, "template_card": card}


def action_of(key: str, task: str, selected: Mapping[str, tuple[str, ...]]) -> Action | None:
    """The action that a press means; None when the card or the button is none of ours."""
    named, pressed = _task_form.fullmatch(task), _key_form.fullmatch(key)
    if not (named and pressed):
        return None
    answer_id = named[1]
    if pressed["threshold"] is not None and not answer_id:
        return RunCommand(f"/threshold {pressed['threshold']}")
    if pressed["threshold"] is not None:
        return TurnDial(answer_id, Decimal(pressed["threshold"]))
    if pressed["more"] is not None:
        return ShowMore(answer_id, int(pressed["more"]))
    chosen = selected.get(_MATCH, ())
    if len(chosen) != 1:
        return None
    return Vote(answer_id, chosen[0], "helpful" if pressed["vote"] == "up" else "not helpful")


def clip(text: str, limit: int) -> str:
    """One line of at most `limit` characters."""
    line = _invisible.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
