"""The channels from which a knowledge base can be changed: every change is a command in one."""

from __future__ import annotations

from bot.console.site import Site
from bot.domain import Channel

MOST_LOOKED_AT = 200  # channels whose settings are read for it


def channels_for(site: Site, knowledge_base: str) -> tuple[Channel, ...]:
    """The visitor's channels, those that ask this knowledge base first."""
    channels = site.parts.rights.channels_of(site.visitor.person)[:MOST_LOOKED_AT]
    default = site.parts.bot.defaults.knowledge_base
    asking = {
        channel.key
        for channel in channels
        if (site.parts.read.settings.of(channel).knowledge_base or default) == knowledge_base
    }
    return tuple(sorted(channels, key=lambda channel: channel.key not in asking))
