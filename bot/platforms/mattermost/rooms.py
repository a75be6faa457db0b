"""The server's channels as far as they are known: each one's kind, and whether another server has it, too."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from bot.domain import Clock, PlatformError
from bot.platforms.mattermost.parser import Room
from bot.platforms.mattermost.web_api import WebApi

FRESH_SECONDS = 10 * 60.0
MOST_KNOWN = 10_000


class Rooms:
    """Remembers rooms for a while. Safe to share between threads."""

    def __init__(self, web_api: WebApi, clock: Clock) -> None:
        self._web_api = web_api
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Room, float]] = {}  # and when it was told

    def find(self, channel_id: str) -> Room:
        """The room, from the server where it is not known, or not since long.

        Raises:
            PlatformError: nothing was ever known of it, or the server says that we may not see it.
        """
        with self._lock:
            known, told_at = self._known.get(channel_id, (None, 0.0))
        if known is not None and self._clock.steady() - told_at < FRESH_SECONDS:
            return known
        try:
            return self.learn(self._web_api.read_channel(channel_id))
        except PlatformError as failed:
            if known is None or failed.permanent:
                raise
            return known

    def learn(self, channel: Mapping[str, Any]) -> Room:
        """Remember what the server says of a channel."""
        room = Room(
            id=str(channel.get("id", "")),
            type=str(channel.get("type", "")),
            is_shared=channel.get("shared") is True,
        )
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[room.id] = room, self._clock.steady()
        return room

    def forget(self, channel_id: str) -> None:
        """Drop what is known of a room, because something of it has changed."""
        with self._lock:
            self._known.pop(channel_id, None)
