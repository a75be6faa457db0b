"""Answers with a link into the console, where nobody else reads it."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.base.context import Room
from bot.commands.base.family import Ports
from bot.commands.console.grammar import OpenConsole
from bot.commands.console.words import WORDS
from bot.domain import Outcome, Person, Surface


def build(ports: Ports) -> Callable[[Room, OpenConsole], Outcome]:
    def answer(room: Room, _: OpenConsole) -> Outcome:
        return Outcome((room.aside(_body(room, ports.console_link), verb="console"),))

    return answer


def _body(room: Room, console_link: Callable[[Person], str | None]) -> str:
    message, words = room.message, WORDS[room.language]
    if not message.person.id:
        return room.words.nobody
    # What a platform's own command is answered with, only the asker sees.
    if not (message.is_direct or message.surface is Surface.COMMAND):
        return words.ask_directly
    link = console_link(message.person)
    return words.not_here if link is None else words.link.format(link=link)
