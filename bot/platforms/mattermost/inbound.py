"""Takes what the server tells of and finds: posts that ask us are stored, all others are passed over.

Whatever cannot be stored now, or not be judged because the server does not answer, is raised: the
caller reads it again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.domain import IncomingMessage
from bot.platforms.host import Intake
from bot.platforms.kit import RejectedMessages
from bot.platforms.mattermost.fields import clean
from bot.platforms.mattermost.parser import (
    OwnAccount,
    Reading,
    Room,
    read_event_post,
    read_post,
)
from bot.platforms.mattermost.people import People
from bot.platforms.mattermost.rooms import Rooms
from bot.platforms.mattermost.socket_protocol import Event
from bot.platforms.mattermost.web_api import NO_SESSION, MattermostRefusal
from bot.platforms.payload import Ignored, Quarantined
from bot.store import StoreError

_ROOM_CHANGES = frozenset({
    "channel_converted", "channel_deleted", "channel_restored", "channel_updated", "user_added",
    "user_removed",
})  # fmt: skip

NOT_IN_CHANNEL = "a channel that we are not in"

log = logging.getLogger(__name__)


class Inbound:
    """Safe to share between threads. `shared_channels`: those shared with other servers where we answer.

    `with_forwarded` puts the words of a forwarded post in the place of its address.
    """

    def __init__(
        self,
        intake: Intake,
        rejected: RejectedMessages,
        people: People,
        rooms: Rooms,
        *,
        shared_channels: Collection[str] = (),
        with_forwarded: Callable[[IncomingMessage], IncomingMessage] = lambda message: message,
    ) -> None:
        self._with_forwarded = with_forwarded
        self._intake = intake
        self._rejected = rejected
        self._people = people
        self._rooms = rooms
        self._shared_channels = frozenset(shared_channels)

    def take_event(self, event: Event, account: OwnAccount) -> int:
        """Take an event, and say when the post in it was written (ms since 1970; 0 where there is none).

        Raises:
            StoreError, PlatformError: it has to come again.
        """
        if event.kind in _ROOM_CHANGES:
            for about in (event.data, event.broadcast):
                self._rooms.forget(str(about.get("channel_id") or about.get("id") or ""))
        if event.kind != "posted":
            return 0
        post = read_event_post(event.data)
        if isinstance(post, Quarantined):
            self._put_aside(post, event.data)
            return 0
        if post.get("edit_at"):
            self._rejected.ignore("an edit")
        else:
            room = Room(str(post.get("channel_id", "")), str(event.data.get("channel_type", "")))
            name = str(event.data.get("sender_name") or "").removeprefix("@")
            self._accept(read_post(post, room, account, name=name), post)
        return written_at(post)

    def take_post(self, post: Mapping[str, Any], reading: Reading) -> None:
        """Take a post that was found in a room, and what it was read as; raises like `take_event`."""
        self._accept(reading, post)

    def judge(self, message: IncomingMessage) -> IncomingMessage | Ignored:
        """The message as it is to be stored, or why it is not answered, as far as only the server can say.

        Raises:
            PlatformError: the server does not say.
        """
        unwanted = self._find_unwanted(message)
        return self._with_forwarded(message) if unwanted is None else Ignored(unwanted)

    def _accept(self, reading: Reading, post: Mapping[str, Any]) -> None:
        judged = self.judge(reading) if isinstance(reading, IncomingMessage) else reading
        if isinstance(judged, IncomingMessage):
            self._store(judged)
        else:
            self._put_aside(judged, post)

    def _find_unwanted(self, message: IncomingMessage) -> str | None:
        if self._people.is_bot(message.person.id):
            return "a bot"
        if message.channel.id in self._shared_channels:
            return None
        try:
            room = self._rooms.find(message.channel.id)
        except MattermostRefusal as refused:
            if refused.permanent and refused.status != NO_SESSION:
                return NOT_IN_CHANNEL
            raise
        return "shared with another server" if room.is_shared else None

    def _store(self, message: IncomingMessage) -> None:
        try:
            self._intake.accept(message)
        except StoreError as failed:
            self._rejected.not_stored(failed)
            raise

    def _put_aside(self, reading: Ignored | Quarantined, what: Mapping[str, Any]) -> None:
        self._rejected.put_aside(reading, clean(json.dumps(what, ensure_ascii=False)))


def written_at(post: Mapping[str, Any]) -> int:
    """The time at which a post was written (ms since 1970); 0 where it does not say."""
    at = post.get("create_at")
    return at if type(at) is int and at > 0 else 0
