"""The parser of the server's posts: the message or click in them, if any. Pure, and never raising.

The same post comes over the WebSocket, is found again when a gap is filled, and has one key in both.
Whatever is in it, the outcome is one of the values below; unknown fields are passed over, and a post
with a broken shape is put aside for people to look at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.platforms.mattermost import mentions
from bot.platforms.mattermost.address import MattermostAddress
from bot.platforms.mattermost.config import NAME
from bot.platforms.mattermost.fields import ID, clean
from bot.platforms.payload import BrokenField, Ignored, Quarantined, matching_in, string_in

DIRECT = "D"

Reading = IncomingMessage | Ignored | Quarantined

# Types that people's own posts have; all others are the server's, a plug-in's or a command's.
_SAID_BY_PEOPLE = ("", "slack_attachment")
_NOT_BY_PEOPLE = ("from_webhook", "from_bot", "from_plugin", "from_oauth_app")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """Our own account, and the server that it is on."""

    tenant: str
    user_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Room:
    """A channel as far as it is known. `type`: O, P, D or G. `is_shared`: with another server."""

    id: str
    type: str
    is_shared: bool = False


def read_event_post(data: Mapping[str, Any]) -> Mapping[str, Any] | Quarantined:
    """The post in the data of an event `posted`, where it is a text with JSON in it."""
    try:
        post = json.loads(string_in(data, "post"))
    except (BrokenField, ValueError, RecursionError):
        return Quarantined("post is no JSON")
    return post if isinstance(post, dict) else Quarantined("post is not an object")


def read_post(post: Mapping[str, Any], room: Room, account: OwnAccount, *, name: str = "") -> Reading:
    """Read a post. `name`: what its writer is called, where that is known."""
    unwanted = find_unwanted(post, account)
    if unwanted:
        return Ignored(unwanted)
    try:
        return _read(post, room, account, name)
    except BrokenField as broken:
        return Quarantined(str(broken), account.tenant)


def find_unwanted(post: Mapping[str, Any], account: OwnAccount) -> str | None:
    """Find the reason why a post is not somebody talking in a room; None when it may be."""
    props = post.get("props")
    if post.get("user_id") == account.user_id:
        return "our own"
    if (post.get("type") or "") not in _SAID_BY_PEOPLE:
        return "a post of the server"
    if isinstance(props, dict) and any(props.get(name) in ("true", True) for name in _NOT_BY_PEOPLE):
        return "a bot"
    if post.get("delete_at"):
        return "taken back"
    return None


def _read(post: Mapping[str, Any], room: Room, account: OwnAccount, name: str) -> Reading:
    post_id, user_id = matching_in(post, "id", ID), matching_in(post, "user_id", ID)
    written = string_in(post, "message", clean)
    is_direct = room.type == DIRECT
    is_named = mentions.names(written, account.username)
    if not (is_direct or is_named):
        return Ignored("not addressed")
    written_in = matching_in(post, "root_id", ID) if post.get("root_id") else ""
    # In a room, an answer opens the thread of its question; between two, only a thread has one.
    root_id = written_in or ("" if is_direct else post_id)
    return IncomingMessage(
        channel=Channel(NAME, account.tenant, matching_in(post, "channel_id", ID)),
        person=Person(NAME, account.tenant, user_id, clean(name)),
        keys=(post_key(post_id),),
        surface=Surface.MESSAGE,
        text=mentions.without_name(written, account.username),
        mentioned=is_named,
        is_direct=is_direct,
        address=MattermostAddress(
            user=user_id,
            root_id=root_id,
            question=post_id,
            direct="1" if is_direct else "",
        ).to_mapping(),
        thread=root_id,
    )


def post_key(post_id: str) -> MessageKey:
    """One key for a post, whichever way it comes."""
    return MessageKey("post", post_id)
