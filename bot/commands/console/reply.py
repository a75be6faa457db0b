"""Answers with a link into the console, where nobody else reads it."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.base.context import MessageContext
from bot.commands.base.family import Ports
from bot.commands.console.grammar import OpenConsole
from bot.commands.console.words import WORDS
from bot.domain import Outcome, Person, Surface


def build(ports: Ports) -> Callable[[MessageContext, OpenConsole], Outcome]:
    def answer(context: MessageContext, _: OpenConsole) -> Outcome:
        return Outcome((context.aside(_body(context, ports.console_link), verb="console"),))

    return answer


def _body(context: MessageContext, console_link: Callable[[Person], str | None]) -> str:
    message, words = context.message, WORDS[context.language]
    if not message.person.id:
        return context.words.nobody
    # What a platform's own command is answered with, only the asker sees.
    if not (message.is_direct or message.surface is Surface.COMMAND):
        return words.ask_directly
    link = console_link(message.person)
    return words.not_here if link is None else words.link.format(link=link)
