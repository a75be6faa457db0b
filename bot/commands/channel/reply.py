"""How replies here are given: how many matches, and in which language."""

from __future__ import annotations

from typing import assert_never

from bot import texts
from bot.commands import ReplyCommand, SetLanguage, SetLimit, ShowLanguage, ShowLimit
from bot.commands.base.context import Room
from bot.domain import Change, Outcome, Text


def answer(room: Room, command: ReplyCommand) -> Outcome:
    match command:
        case ShowLimit():
            return Outcome((room.text(room.words.limit_shown.format(value=room.limit), verb="limit"),))
        case SetLimit(count):
            return _set_limit(room, count)
        case ShowLanguage():
            return Outcome((room.text(room.words.language_shown, verb="language"),))
        case SetLanguage():
            return _set_language(room, command)
        case _:
            assert_never(command)


def _set_limit(room: Room, count: int) -> Outcome:
    words = room.words
    if count == room.settings.limit:
        return Outcome((room.text(words.limit_shown.format(value=count), verb="limit"),))
    old = room.settings.limit
    body = words.limit_set.format(who=room.who, old=room.limit, new=count)
    change = Change("limit", None if old is None else str(old), str(count))
    return Outcome((room.announcement(body, verb="limit"),), (change,))


def _set_language(room: Room, wanted: SetLanguage) -> Outcome:
    """Answered in the new language: who wanted it can read that."""
    words = texts.wording(wanted.language)
    if wanted.language == room.settings.language:
        return Outcome((room.text(words.language_shown, verb="language"),))
    said = Text(words.language_set.format(who=room.who), wanted.language, verb="language")
    return Outcome((said,), (Change("language", room.settings.language, wanted.language),))
