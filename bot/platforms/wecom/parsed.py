"""The kinds of request that a body of WeCom's can be, besides an `IncomingMessage`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain import Channel, IncomingMessage, Membership, MessageKey, Person
from bot.platforms.payload import Ignored, Quarantined

NAME = "wecom"

# "message": of a type that we do not know, such as a forwarded chat record.
Media = Literal["image", "file", "video", "voice", "location", "link", "message"]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Not JSON, or not XML, at all."""

    reason: str


@dataclass(frozen=True, slots=True)
class Poll:
    """The platform asks how far the answer of this stream is."""

    stream: str
    channel: Channel
    person: Person


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first opening of the direct chat today, which is greeted."""

    channel: Channel
    person: Person


@dataclass(frozen=True, slots=True)
class Declined:
    """A picture, file, film, place or the like: answered with a sentence that says what we can read.

    `stream` is the id of that answer; a repeat of the message gets the same.
    """

    media: Media
    channel: Channel
    person: Person
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A rating of an answer. `name` is the feedback id that we gave it, `key` names the rating."""

    key: MessageKey
    name: str
    verdict: Literal["accurate", "inaccurate", "withdrawn"]
    channel: Channel
    person: Person
    remark: str = ""
    reasons: tuple[int, ...] = ()
    membership: Membership = Membership.UNKNOWN


Reading = IncomingMessage | Poll | Welcome | Declined | Feedback | Ignored | Quarantined


@dataclass(frozen=True, slots=True)
class Robot:
    """The robot that is being spoken to, as configured.

    `bot_id` "": whatever id comes is ours, for the envelope already proved it. `names`
    are those that people mention; they matter only where nothing else is written. `corp_ids`
    are the companies of the configured applications: our own.
    """

    name: str
    bot_id: str = ""
    names: tuple[str, ...] = ()
    freshness_seconds: int = 300
    corp_ids: frozenset[str] = frozenset()
