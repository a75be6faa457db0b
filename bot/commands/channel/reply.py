"""How a channel is answered, and what it is called: how many matches, in which language, its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot import texts
from bot.commands.base.context import Room
from bot.commands.base.family import Ports
from bot.commands.channel.grammar import (
    ChannelCommand,
    SetLanguage,
    SetLimit,
    SetName,
    ShowLanguage,
    ShowLimit,
    ShowName,
)
from bot.domain import Change, Outcome, Text


def build(_: Ports) -> Callable[[Room, ChannelCommand], Outcome]:
    return answer


def answer(room: Room, command: ChannelCommand) -> Outcome:
    match command:
        case ShowLimit():
            return Outcome((room.text(room.words.limit_shown.format(value=room.limit), verb="limit"),))
        case SetLimit(count):
            return _set_limit(room, count)
        case ShowLanguage():
            return Outcome((room.text(room.words.language_shown, verb="language"),))
        case SetLanguage():
            return _set_language(room, command)
        case ShowName():
            return _show_name(room)
        case SetName(label):
            return _set_name(room, label)
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


def _show_name(room: Room) -> Outcome:
    words, label = room.words, room.settings.label
    body = words.name_none if label is None else words.name_shown.format(name=label)
    return Outcome((room.text(body, verb="name"),))


def _set_name(room: Room, label: str | None) -> Outcome:
    if label == room.settings.label:
        return _show_name(room)
    words = room.words
    body = (
        words.name_removed.format(who=room.who)
        if label is None
        else words.name_set.format(who=room.who, name=label)
    )
    return Outcome((room.announcement(body, verb="name"),), (Change("label", room.settings.label, label),))
