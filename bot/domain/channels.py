"""Channels and persons: where something was said, and by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """A room: settings belong to it, threads and all.

    `tenant` is what makes `id` unique on its platform: the Slack workspace (or
    enterprise), the WeCom bot, the Mattermost server; "local" for the terminal.
    """

    platform: str
    tenant: str
    id: str

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.id}"


@dataclass(frozen=True, slots=True)
class Person:
    """The person who wrote or clicked. `key` identifies; `name` is for reading only and may be empty."""

    platform: str
    tenant: str
    id: str
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.id}"
