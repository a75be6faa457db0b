"""How many toys there are."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.base.context import MessageContext
from bot.commands.base.family import Ports
from bot.domain import Change, Outcome

from .grammar import SetToys, ToyCommand
from .words import TOYS


def build(_: Ports) -> Callable[[MessageContext, ToyCommand], Outcome]:
    return answer


def answer(context: MessageContext, command: ToyCommand) -> Outcome:
    if isinstance(command, SetToys):
        said = context.announcement(TOYS[context.language].format(count=command.count), verb="toy")
        change = Change("toys", context.settings.text_of("toys"), str(command.count))
        return Outcome((said,), (change,))
    count = context.settings.get("toys") or 0
    return Outcome((context.text(TOYS[context.language].format(count=count), verb="toy"),))
