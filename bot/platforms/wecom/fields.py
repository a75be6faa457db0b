"""The fields of a body: what is there, in the form that we store, or `BrokenField`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.domain import Channel, Membership, MessageKey, Person
from bot.platforms.payload import matching_in, string_in
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.membership import membership_in
from bot.platforms.wecom.parsed import Robot

_id_form = re.compile(r"[!-~]{1,128}")
_half_characters = re.compile("[\ud800-\udfff]")


def stream_of(bot_id: str, message_id: str) -> str:
    """The stream that answers a message: the same for every repeat of it, in every process."""
    return "s-" + sha256(f"{bot_id}\n{message_id}".encode()).hexdigest()[:40]


def clean(text: str) -> str:
    """The text as every database takes it: no half characters, no NUL."""
    return _half_characters.sub("\ufffd", text).replace("\x00", "")


@dataclass(frozen=True, slots=True)
class RobotMessage:
    """One body, and what is known about it before its type is."""

    content: Mapping[str, Any]
    robot: Robot
    now: float
    request: str
    channel: Channel
    person: Person

    @property
    def membership(self) -> Membership:
        """The membership of the writer, as far as the body tells."""
        writer = self.content.get("from")
        corp_id = writer.get("corpid") if isinstance(writer, Mapping) else None
        return membership_in(corp_id, self.person.id, ours=self.robot.corp_ids)

    def address(self, *, stream: str = "", task: str = "") -> dict[str, str]:
        response_url = self.content.get("response_url")
        return WecomAddress(
            robot=self.robot.name,
            response_url=clean(response_url) if isinstance(response_url, str) else "",
            request=self.request,
            stream=stream,
            task=task,
        ).to_mapping()


def event_key(kind: str, message_id: Any, *parts: object) -> MessageKey:
    """The key of an event: its kind and its own id, or, where it has none, everything that tells two apart.

    With the kind, because a message may have the number of an event.
    """
    if isinstance(message_id, str) and _id_form.fullmatch(message_id):
        return MessageKey(kind, message_id)
    named = "\n".join(f"{len(str(part))}:{part}" for part in parts)
    return MessageKey("event", sha256(named.encode(errors="replace")).hexdigest())


def is_stale(created: Any, now: float, freshness_seconds: int) -> bool:
    # Whole seconds: a number of JSON's may be too large to meet a fraction.
    return type(created) is int and abs(int(now) - created) > freshness_seconds


def text_of(content: Mapping[str, Any], name: str) -> str:
    return string_in(content, name, clean)


def id_of(content: Mapping[str, Any], name: str) -> str:
    return matching_in(content, name, _id_form)


def is_group(channel: Channel) -> bool:
    return channel.id.startswith("group:")
