"""How one becomes an admin."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.commands.admin.grammar import ClaimAdmin
from bot.commands.admin.permissions import who_and_where
from bot.commands.base.context import Room
from bot.commands.base.family import Ports
from bot.commands.base.ports import Admins
from bot.commands.base.rate_limit import Tries
from bot.domain import Clock, Outcome

log = logging.getLogger(__name__)


class Enrolment:
    """Whoever has a code may claim it, wherever they can write to us.

    Wrong ones are counted for each person, and for all together, so that nobody can try
    their luck.
    """

    def __init__(self, admins: Admins, clock: Clock) -> None:
        self._admins = admins
        self._tries = Tries(clock)

    def answer(self, room: Room, command: ClaimAdmin) -> Outcome:
        words, person = room.words, room.message.person
        if not person.id:
            return Outcome((room.aside(words.nobody, verb="admin"),))
        if not self._tries.are_left(person):
            return Outcome((room.aside(words.admin_too_often, verb="admin"),))
        if not self._admins.claim(command.code, person):
            self._tries.count(person)
            log.warning("admin_code_refused", extra=who_and_where(room))
            return Outcome((room.aside(words.admin_wrong_code, verb="admin"),))
        log.info("admin_enrolled", extra=who_and_where(room))
        return Outcome((room.aside(words.admin_now.format(who=room.who), verb="admin"),))


def build(ports: Ports) -> Callable[[Room, ClaimAdmin], Outcome]:
    return Enrolment(ports.admins, ports.clock).answer
