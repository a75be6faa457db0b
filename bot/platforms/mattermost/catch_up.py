"""The messages of a time when nobody listened: found by REST, and the place up to which all is read.

The place is a time, and the server keeps it for us among our account's preferences: it survives this
machine, moves to whichever process holds the connection, and is not put back with an older database.
It may lag behind: what is read twice has one key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.domain import Clock, PlatformError
from bot.platforms.mattermost.inbound import Inbound, written_at
from bot.platforms.mattermost.parser import OwnAccount, Reading, Room, read_post
from bot.platforms.mattermost.rooms import Rooms
from bot.platforms.mattermost.web_api import WebApi
from bot.platforms.payload import Ignored

CATEGORY, PLACE = "kbdial", "read_until"
# Clocks of a cluster's nodes differ, and a post may appear behind a later one.
MARGIN_MS = 5 * 60 * 1000
# Older than that, a key may be forgotten, and an answer would come too late to help.
LONGEST_MS = 48 * 3600 * 1000
KEEP_EVERY_SECONDS = 10.0
# A page of posts of the largest kind is still an answer that may be read.
PER_PAGE = 20

log = logging.getLogger(__name__)


class CatchUp:
    """Finds what was missed, and remembers how far we are. For one thread."""

    def __init__(
        self, web_api: WebApi, inbound: Inbound, rooms: Rooms, clock: Clock, is_stopping: Callable[[], bool]
    ) -> None:
        self._web_api = web_api
        self._inbound = inbound
        self._rooms = rooms
        self._clock = clock
        self._is_stopping = is_stopping
        self._place = 0
        self._kept = -1
        self._keep_at = 0.0

    def run(self, account: OwnAccount) -> None:
        """Take everything that was written since, in each room the oldest first.

        Raises:
            PlatformError, StoreError: some may be missing; what was stored counts as read twice at most.
        """
        channels = self._web_api.find_channels()
        rooms = [self._rooms.learn(channel) for channel in channels]
        latest = max((_last_post_at(channel) for channel in channels), default=0)
        kept = self._read_place()
        if kept is None:
            # What was asked before we were ever there is not ours, also where the margin would reach it.
            latest += MARGIN_MS
        else:
            since = max(kept - MARGIN_MS, self._now() - LONGEST_MS)
            for channel, room in zip(channels, rooms, strict=True):
                if _last_post_at(channel) > since:
                    self._fill(room, account, since)
        self.note(latest)
        self.keep(account)

    def note(self, at: int) -> None:
        """Record that all posts up to this time (ms since 1970) are stored."""
        # A clock that runs ahead would skip what comes until it is right.
        self._place = max(self._place, min(at, self._now() + MARGIN_MS))

    def keep_if_due(self, account: OwnAccount) -> None:
        if self._clock.steady() >= self._keep_at:
            self.keep(account)

    def keep(self, account: OwnAccount) -> None:
        """Have the server keep the place. Where it does not, it is tried again later, and only logged."""
        self._keep_at = self._clock.steady() + KEEP_EVERY_SECONDS
        if self._place == self._kept:
            return
        try:
            self._web_api.keep_preferences(account.user_id, CATEGORY, {PLACE: str(self._place)})
        except PlatformError as failed:
            log.warning("mattermost_keeps_no_place", extra={"reason": failed.reason})
        else:
            self._kept = self._place

    def _read_place(self) -> int | None:
        """The place that we know, or that the server has kept; None where we were never there before."""
        if self._place:
            return self._place
        kept = self._web_api.find_preferences(CATEGORY).get(PLACE, "")
        return int(kept) if kept.isascii() and kept.isdigit() else None

    def _fill(self, room: Room, account: OwnAccount, since: int) -> None:
        found: list[tuple[Mapping[str, Any], Reading]] = []
        for post in self._posts(room, since):
            reading = read_post(post, room, account)
            if not isinstance(reading, Ignored):
                found.append((post, reading))
        for post, reading in reversed(found):
            self._inbound.take_post(post, reading)
        if found:
            log.info("mattermost_caught_up", extra={"channel": room.id, "posts": len(found)})

    def _posts(self, room: Room, since: int) -> Iterator[Mapping[str, Any]]:
        """The room's posts from the newest back to this time. New ones only push the pages apart."""
        page = 0
        while True:
            if self._is_stopping():
                raise PlatformError("we are stopping")
            posts = self._web_api.find_posts(room.id, page=page, per_page=PER_PAGE)
            for post in posts:
                if written_at(post) <= since:
                    return
                yield post
            if len(posts) < PER_PAGE:
                return
            page += 1

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _last_post_at(channel: Mapping[str, Any]) -> int:
    at = channel.get("last_post_at")
    return at if type(at) is int else 0
