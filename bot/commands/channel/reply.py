"""The commands for a channel's own form: how many matches, in which language, its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from bot.commands.base.context import MessageContext
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
from bot.commands.channel.words import WORDS
from bot.domain import Change, Outcome, Text


def build(_: Ports) -> Callable[[MessageContext, ChannelCommand], Outcome]:
    return answer


def answer(context: MessageContext, command: ChannelCommand) -> Outcome:
    match command:
        case ShowLimit():
            return Outcome(
                (context.text(WORDS[context.language].limit_shown.format(value=context.limit), verb="limit"),)
            )
        case SetLimit(count):
            return _set_limit(context, count)
        case ShowLanguage():
            return Outcome((context.text(WORDS[context.language].language_shown, verb="language"),))
        case SetLanguage():
            return _set_language(context, command)
        case ShowName():
            return _show_name(context)
        case SetName(label):
            return _set_name(context, label)
        case _:
            assert_never(command)


def _set_limit(context: MessageContext, count: int) -> Outcome:
    words = WORDS[context.language]
    if count == context.settings.limit:
        return Outcome((context.text(words.limit_shown.format(value=count), verb="limit"),))
    old = context.settings.limit
    body = words.limit_set.format(who=context.who, old=context.limit, new=count)
    change = Change("limit", None if old is None else str(old), str(count))
    return Outcome((context.announcement(body, verb="limit"),), (change,))


def _set_language(context: MessageContext, wanted: SetLanguage) -> Outcome:
    """Answered in the new language: who wanted it can read that."""
    words = WORDS[wanted.language]
    if wanted.language == context.settings.language:
        return Outcome((context.text(words.language_shown, verb="language"),))
    said = Text(words.language_set.format(who=context.who), wanted.language, verb="language")
    return Outcome((said,), (Change("language", context.settings.language, wanted.language),))


def _show_name(context: MessageContext) -> Outcome:
    words, label = WORDS[context.language], context.settings.label
    body = words.name_none if label is None else words.name_shown.format(name=label)
    return Outcome((context.text(body, verb="name"),))


def _set_name(context: MessageContext, label: str | None) -> Outcome:
    if label == context.settings.label:
        return _show_name(context)
    words = WORDS[context.language]
    body = (
        words.name_removed.format(who=context.who)
        if label is None
        else words.name_set.format(who=context.who, name=label)
    )
    return Outcome(
        (context.announcement(body, verb="name"),), (Change("label", context.settings.label, label),)
    )
