"""Who may change settings, how one becomes an admin, and what a channel is called."""

from __future__ import annotations

import logging
from typing import assert_never

from bot.commands import ClaimAdmin, EnrolmentCommand, SetName, ShowName
from bot.commands.base.context import Room
from bot.commands.base.ports import Admins
from bot.commands.base.rate_limit import Tries
from bot.config import Bot
from bot.domain import Change, Clock, Outcome, Text

log = logging.getLogger(__name__)


class Enrolment:
    """Admins are those that the configuration names and those who had a code.

    Whoever has a code may claim it, wherever they can write to us; wrong ones are counted
    for each person, and for all together, so that nobody can try their luck.
    """

    def __init__(self, admins: Admins | None, bot: Bot, clock: Clock) -> None:
        self._admins = admins
        self._bot = bot
        self._tries = Tries(clock)

    def refusal(self, room: Room) -> Text | None:
        """Why this person may not change anything here; None when they may."""
        person = room.message.person
        if not person.id:
            return room.aside(room.words.nobody)
        if self._bot.settings_open_to == "everyone" or person.key in self._bot.admins:
            return None
        if self._admins is not None and self._admins.includes(person):
            return None
        log.warning("change_refused", extra=_who_and_where(room))
        names = ", ".join(self._names(room)) or room.words.no_admins
        return room.aside(room.words.not_allowed.format(admins=names))

    def answer(self, room: Room, command: EnrolmentCommand) -> Outcome:
        match command:
            case ShowName():
                return self.show_name(room)
            case SetName(label):
                return self.set_name(room, label)
            case ClaimAdmin(code):
                return self.claim(room, code)
            case _:
                assert_never(command)

    def claim(self, room: Room, code: str) -> Outcome:
        words, person = room.words, room.message.person
        if not person.id:
            return Outcome((room.aside(words.nobody, verb="admin"),))
        if not self._tries.are_left(person):
            return Outcome((room.aside(words.admin_too_often, verb="admin"),))
        if self._admins is None or not self._admins.claim(code, person):
            self._tries.count(person)
            log.warning("admin_code_refused", extra=_who_and_where(room))
            return Outcome((room.aside(words.admin_wrong_code, verb="admin"),))
        log.info("admin_enrolled", extra=_who_and_where(room))
        return Outcome((room.aside(words.admin_now.format(who=room.who), verb="admin"),))

    def show_name(self, room: Room) -> Outcome:
        words, label = room.words, room.settings.label
        body = words.name_none if label is None else words.name_shown.format(name=label)
        return Outcome((room.text(body, verb="name"),))

    def set_name(self, room: Room, label: str | None) -> Outcome:
        if label == room.settings.label:
            return self.show_name(room)
        words = room.words
        body = (
            words.name_removed.format(who=room.who)
            if label is None
            else words.name_set.format(who=room.who, name=label)
        )
        return Outcome(
            (room.announcement(body, verb="name"),), (Change("label", room.settings.label, label),)
        )

    def _names(self, room: Room) -> list[str]:
        platform, tenant = room.message.channel.platform, room.message.channel.tenant
        here = f"{platform}:{tenant}:"
        named = [key.removeprefix(here) for key in self._bot.admins if key.startswith(here)]
        enrolled = self._admins.of(platform, tenant) if self._admins is not None else ()
        return named + [name for person in enrolled if (name := person.name or person.id) not in named]


def _who_and_where(room: Room) -> dict[str, str]:
    return {"channel": room.message.channel.key, "person": room.message.person.key}
