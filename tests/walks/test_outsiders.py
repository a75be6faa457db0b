"""A channel of a support team that a partner company and guests write in, from the signed request on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Channel, Person
from bot.store import Settings
from tests.support.console import a_visitor
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program

ROOM = Channel("slack", "T1", "C1")
GUEST, MEMBER = "U7", "U1"
REFUSAL = "Guests and people of other organisations may ask here, and no more"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    base = a_knowledge_base(tmp_path / "kb", "abcd", "apple", threshold=0.4)
    with a_program(tmp_path, base) as program:
        program.slack.profiles[GUEST] = {"is_restricted": True}
        program.slack.profiles["U8"] = {"team_id": "T2"}
        yield program


def threshold(program: Program) -> object:
    return Settings(program.app._database).of(ROOM).threshold


Way = Callable[[Program, str], Any]
WAYS: dict[str, Way] = {
    "mention": lambda program, user: program.people.says("/threshold 0.65", user=user),
    "command": lambda program, user: program.people.command("/threshold", "0.65", user_id=user),
    "click": lambda program, user: program.people.clicks(
        {"action_id": "run:0", "value": "/threshold 0.65"}, user={"id": user, "team_id": "T1"}
    ),
    "console": lambda program, user: a_visitor(program, Person("slack", "T1", user)).post(
        "/console/do", once="1", verb="/threshold", argument="0.65", channel=ROOM.key
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_member_turns_the_dial(program: Program, way: str) -> None:
    _asks(program, MEMBER)
    WAYS[way](program, MEMBER)
    program.slack.until(lambda: str(threshold(program)) == "0.65")


@pytest.mark.parametrize("user", [GUEST, "U8"])
@pytest.mark.parametrize("way", WAYS)
def test_a_guest_and_a_partner_ask_and_turn_no_dial(program: Program, way: str, user: str) -> None:
    _asks(program, user)
    said = len(program.slack.posted)
    answered = WAYS[way](program, user)
    if way == "console":
        assert answered.status_code == 404
    elif way == "command":
        assert REFUSAL in answered.text
    else:
        program.slack.until(lambda: any(REFUSAL in text for text in program.slack.texts()[said:]))
    assert threshold(program) is None


def _asks(program: Program, user: str) -> None:
    before = len(program.slack.posted)
    program.people.says("apple", user=user)
    program.slack.until(lambda: len(program.slack.posted) > before)
    assert "apple" in program.slack.posted[before]["text"]
