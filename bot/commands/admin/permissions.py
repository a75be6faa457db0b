"""Permissions: who may ask, change settings and decide."""

from __future__ import annotations

import logging

from bot.commands.admin.words import WORDS
from bot.commands.base.context import MessageContext
from bot.commands.base.ports import Admins
from bot.config import Bot
from bot.domain import Membership, Text

log = logging.getLogger(__name__)


class Permissions:
    """Admins are those that the configuration names and those who had a code."""

    def __init__(self, admins: Admins, bot: Bot) -> None:
        self._admins = admins
        self._bot = bot

    def may_only_ask(self, context: MessageContext) -> bool:
        """Whether this person is from outside, and not named as an admin by the configuration.

        A code makes no admin of somebody from outside: it may have been read in a shared channel.
        """
        message = context.message
        return message.is_from_outside and message.person.key not in self._bot.admins

    def outside_refusal(self, context: MessageContext) -> Text | None:
        """The refusal for a person who may ask and no more; None for whoever may."""
        message = context.message
        if not self.may_only_ask(context):
            return None
        if not message.person.id:
            return context.aside(context.words.nobody)
        log.warning(
            "outsider_refused", extra=who_and_where(context) | {"membership": message.membership.value}
        )
        is_unknown = message.membership is Membership.UNKNOWN
        words = WORDS[context.language]
        return context.aside(words.membership_unknown if is_unknown else words.only_members)

    def refusal(self, context: MessageContext, *, is_change: bool = True) -> Text | None:
        """The refusal for who may not change anything here, take along or decide; None when they may."""
        person = context.message.person
        if not person.id:
            return context.aside(context.words.nobody)
        if self._bot.settings_open_to == "everyone" or person.key in self._bot.admins:
            return None
        if self._admins.includes(person):
            return None
        log.warning("change_refused", extra=who_and_where(context))
        words = WORDS[context.language]
        names = ", ".join(self._names(context)) or words.no_admins
        sentence = words.not_allowed if is_change else words.not_allowed_here
        return context.aside(sentence.format(admins=names))

    def _names(self, context: MessageContext) -> list[str]:
        platform, tenant = context.message.channel.platform, context.message.channel.tenant
        here = f"{platform}:{tenant}:"
        named = [key.removeprefix(here) for key in self._bot.admins if key.startswith(here)]
        enrolled = self._admins.of(platform, tenant)
        return named + [name for person in enrolled if (name := person.name or person.id) not in named]


def who_and_where(context: MessageContext) -> dict[str, str]:
    return {"channel": context.message.channel.key, "person": context.message.person.key}
