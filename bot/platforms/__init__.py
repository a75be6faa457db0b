"""The chats people sit in. One package for each, all promising the same.

A platform reads (in its own modules, from requests already authenticated) and sends.
Escaping sits in the sender, because only there is it known where the text goes.
Nothing here knows Flask or the database.
"""

from __future__ import annotations

from typing import Protocol

from bot.domain import Channel, Delivery


class Platform(Protocol):
    """A platform that replies leave through. Its deliveries carry `channel.platform == name`."""

    @property
    def name(self) -> str: ...

    def speaks_first(self, channel: Channel) -> bool:
        """Whether something that nobody asked for can be said there."""
        ...

    def send(self, delivery: Delivery) -> str:
        """Send the reply and return the platform's name for it ("" where it has none).

        A delivery marked `uncertain` is looked for first, where the platform allows looking.

        Raises:
            PlatformError: saying whether trying again can help and whether it may have arrived.
        """
        ...
