"""Becoming an admin by a code."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.commands.admin.grammar import ClaimAdmin
from bot.commands.admin.permissions import who_and_where
from bot.commands.admin.words import WORDS
from bot.commands.base.context import MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Admins
from bot.commands.base.rate_limit import FailedAttempts
from bot.domain import Clock, Outcome

log = logging.getLogger(__name__)


class AdminCommands:
    """Claims of codes, from wherever a person can write to us.

    Wrong ones are counted for each person, so that nobody can try their luck.
    """

    def __init__(self, admins: Admins, clock: Clock) -> None:
        self._admins = admins
        self._failed_attempts = FailedAttempts(clock)

    def answer(self, context: MessageContext, command: ClaimAdmin) -> Outcome:
        words, person = WORDS[context.language], context.message.person
        if not person.id:
            return Outcome((context.aside(context.words.nobody, verb="admin"),))
        if not self._failed_attempts.are_left(person):
            return Outcome((context.aside(words.too_often, verb="admin"),))
        if not self._admins.claim(command.code, person):
            self._failed_attempts.count(person)
            log.warning("admin_code_refused", extra=who_and_where(context))
            return Outcome((context.aside(words.wrong_code, verb="admin"),))
        log.info("admin_enrolled", extra=who_and_where(context))
        return Outcome((context.aside(words.now.format(who=context.who), verb="admin"),))


def build(ports: Ports) -> Callable[[MessageContext, ClaimAdmin], Outcome]:
    return AdminCommands(ports.admins, ports.clock).answer
