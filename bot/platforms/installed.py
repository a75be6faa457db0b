"""All platforms of this process as one: which of them a channel or a person belongs to is found here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint

from bot.config import Bot
from bot.domain import Channel, IncomingMessage, Membership, Person
from bot.platforms import Platform
from bot.platforms.host import Adapter, Condition, Host, Installed, Operation, Part

log = logging.getLogger(__name__)


class Platforms:
    """Empty until `install`: what the platforms are given asks for them itself."""

    def __init__(self, adapters: Sequence[Adapter[Any]]) -> None:
        self._adapters = adapters
        self._installed: dict[str, Installed] = {}

    def install(self, bot: Bot, host: Host) -> None:
        """Install each platform that the configuration uses."""
        for adapter in self._adapters:
            section = adapter.section_of(bot)
            if adapter.is_used(section):
                self._installed[adapter.name] = adapter.install(section, host)

    @property
    def senders(self) -> Mapping[str, Platform]:
        return {name: one.platform for name, one in self._installed.items()}

    @property
    def parts(self) -> Iterator[Part]:
        return (part for one in self._installed.values() for part in one.parts)

    @property
    def alerts(self) -> Iterator[Condition]:
        return (condition for one in self._installed.values() for condition in one.alerts)

    def take_news(self) -> Iterator[str]:
        """Sentences for operators, each once."""
        return (sentence for one in self._installed.values() for sentence in one.news())

    @property
    def blueprints(self) -> Iterator[Blueprint]:
        return (blueprint for one in self._installed.values() for blueprint in one.blueprints)

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {name: do for one in self._installed.values() for name, do in one.operations.items()}

    @property
    def paths(self) -> Mapping[str, Any]:
        """The routes of all platforms in the OpenAPI document, also of those that are not used."""
        return {path: about for adapter in self._adapters for path, about in adapter.paths.items()}

    def speaks_first(self, channel: Channel) -> bool:
        """Whether something that nobody asked for can be said there."""
        installed = self._installed.get(channel.platform)
        return installed is not None and installed.platform.speaks_first(channel)

    def membership_of(self, person: Person) -> Membership:
        installed = self._installed.get(person.platform)
        return installed.membership_of(person) if installed else Membership.UNKNOWN

    def with_person_known(self, message: IncomingMessage) -> IncomingMessage:
        """The message with what its platform knows of the writer, where it did not say it itself."""
        installed = self._installed.get(message.person.platform)
        if installed and installed.name_person:
            message = replace(message, person=installed.name_person(message.person))
        if message.membership is Membership.UNKNOWN:
            message = replace(message, membership=self.membership_of(message.person))
        return message

    def tell_progress(self) -> None:
        for installed in self._installed.values():
            if installed.on_progress:
                installed.on_progress()

    def tell_operators(self, sentence: str) -> None:
        log.warning("alert", extra={"told": sentence})
        for installed in self._installed.values():
            if installed.tell_operators:
                installed.tell_operators(sentence)
