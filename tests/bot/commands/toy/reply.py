"""How many toys there are."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.base.context import Room
from bot.commands.base.family import Ports
from bot.domain import Change, Outcome

from .grammar import SetToys, ToyCommand
from .words import TOYS


def build(_: Ports) -> Callable[[Room, ToyCommand], Outcome]:
    return answer


def answer(room: Room, command: ToyCommand) -> Outcome:
    if isinstance(command, SetToys):
        said = room.announcement(TOYS[room.language].format(count=command.count), verb="toy")
        change = Change("toys", room.settings.text_of("toys"), str(command.count))
        return Outcome((said,), (change,))
    count = room.settings.get("toys") or 0
    return Outcome((room.text(TOYS[room.language].format(count=count), verb="toy"),))
