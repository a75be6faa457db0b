"""The platforms there are. The only module outside their folders that names them.

To add one: its folder with an `adapter.py`, and its line in ADAPTERS (CONTRIBUTING.md, "A platform").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.config import Bot, bot_with
from bot.domain import Channel, Person, Traits
from bot.platforms.host import Adapter
from bot.platforms.mattermost import adapter as mattermost
from bot.platforms.slack import adapter as slack
from bot.platforms.terminal import adapter as terminal
from bot.platforms.terminal.platform import TENANT
from bot.platforms.wecom import adapter as wecom

ADAPTERS: tuple[Adapter[Any], ...] = (terminal.ADAPTER, slack.ADAPTER, wecom.ADAPTER, mattermost.ADAPTER)

# The table [bot] of the configuration, with a table [bot.NAME] for each platform.
BOT: type[Bot] = bot_with({adapter.name: adapter.section for adapter in ADAPTERS if adapter.has_table})

TRAITS: Mapping[str, Traits] = {adapter.name: adapter.traits for adapter in ADAPTERS}
PATHS: Mapping[str, Any] = {path: about for adapter in ADAPTERS for path, about in adapter.paths.items()}
QUIET_LOGGERS = tuple(name for adapter in ADAPTERS for name in adapter.traits.quiet_loggers)


def channel_named(name: str) -> Channel:
    """A channel by its key ("slack:T1:C1"), or a room of the terminal by its name."""
    platform, _, rest = name.partition(":")
    tenant, _, id_ = rest.partition(":")
    return Channel(platform, tenant, id_) if id_ else Channel(terminal.ADAPTER.name, TENANT, name)


def person_named(name: str) -> Person:
    """A person by their key ("slack:T1:U1"), or somebody at the terminal by their name."""
    platform, _, rest = name.partition(":")
    tenant, _, id_ = rest.partition(":")
    return Person(platform, tenant, id_) if id_ else Person(terminal.ADAPTER.name, TENANT, name, name)
