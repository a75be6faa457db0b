"""From an authentic body of an AI bot to what it asks of us. Pure, and never raising.

One format serves the URL callback and the long connection. Whatever is in a body, the
outcome is one of the values below: unknown types are ignored, a known type in a broken
shape is put aside for people to look at.

What the platform leaves in the text (the mention of the bot) stays in it: telling a
name from a question is the business of the commands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from bot import commands
from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.platforms.wecom import cards
from bot.platforms.wecom.plain import Unreadable, read_json

NAME = "wecom"

Media = Literal["image", "file", "video", "voice"]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, and asks nothing of us. The reason is one of a few fixed phrases."""

    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something we know in a shape that we do not. A retry cannot help; a person should look."""

    reason: str
    tenant: str = ""


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
    """Somebody opened the direct chat for the first time today."""

    channel: Channel
    person: Person


@dataclass(frozen=True, slots=True)
class Declined:
    """A picture, file or film: answered with a sentence that says what we can read.

    `stream` is the id of that answer; a repeat of the message gets the same.
    """

    media: Media
    channel: Channel
    person: Person
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Somebody rated an answer. `name` is the feedback id that we gave it."""

    name: str
    verdict: Literal["accurate", "inaccurate", "withdrawn"]
    channel: Channel
    person: Person
    remark: str = ""
    reasons: tuple[int, ...] = ()


Reading = IncomingMessage | Poll | Welcome | Declined | Feedback | Ignored | Quarantined | Malformed


@dataclass(frozen=True, slots=True)
class Robot:
    """Which robot is being spoken to, as configured.

    `bot_id` "": whatever id comes is ours, for the envelope already proved it. `names`
    are those that people mention; they matter only where nothing else is written.
    """

    name: str
    bot_id: str = ""
    names: tuple[str, ...] = ()
    freshness_seconds: int = 300


class Broken(Exception):
    """A field of a known type is missing or of the wrong type. It never leaves this package."""


_id_form = re.compile(r"[!-~]{1,128}")
_half_characters = re.compile("[\ud800-\udfff]")


def read_robot(body: bytes, robot: Robot, *, now: float, request: str = "") -> Reading:
    """Read the decrypted body of a callback, or the body of a frame whose id is `request`."""
    try:
        content = read_json(body)
    except Unreadable as unreadable:
        return Malformed(str(unreadable))
    if not isinstance(content, dict):
        return Quarantined("not an object")
    tenant = content.get("aibotid")
    try:
        return _read(content, robot, now, request)
    except Broken as broken:
        return Quarantined(str(broken), robot.bot_id or (clean(tenant) if isinstance(tenant, str) else ""))


def stream_of(bot_id: str, message_id: str) -> str:
    """The stream that answers a message: the same for every repeat of it, in every process."""
    return "s-" + sha256(f"{bot_id}\n{message_id}".encode()).hexdigest()[:40]


def clean(text: str) -> str:
    """The text as every database takes it: no half characters, no NUL."""
    return _half_characters.sub("\ufffd", text).replace("\x00", "")


@dataclass(frozen=True, slots=True)
class _Said:
    """One body, and what is known about it before its type is."""

    content: Mapping[str, Any]
    robot: Robot
    now: float
    request: str
    channel: Channel
    person: Person

    def address(self, **more: str) -> dict[str, str]:
        response_url = self.content.get("response_url")
        address = {
            "robot": self.robot.name,
            "response_url": clean(response_url) if isinstance(response_url, str) else "",
            "request": self.request,
            **more,
        }
        return {key: value for key, value in address.items() if value}


def _read(content: Mapping[str, Any], robot: Robot, now: float, request: str) -> Reading:
    kind = _string(content, "msgtype")
    bot_id = _id(content, "aibotid")
    if robot.bot_id and bot_id != robot.bot_id:
        raise Broken("meant for another bot")
    person = Person(NAME, bot_id, _id(_object(content, "from"), "userid"))
    said = _Said(content, robot, now, request, _channel(content, bot_id, person), person)
    match kind:
        case "event":
            return _event(said)
        case "stream":
            return Poll(_id(_object(content, "stream"), "id"), said.channel, person)
        case "image" | "file" | "video":
            stream = stream_of(bot_id, _id(content, "msgid"))
            return Declined(kind, said.channel, person, stream)
        case "text" | "mixed" | "voice":
            return _message(said, kind)
        case _:
            return Ignored("unknown message type")


def _message(said: _Said, kind: str) -> Reading:
    message_id = _id(said.content, "msgid")
    stream = stream_of(said.channel.tenant, message_id)
    written = _written(said.content, kind)
    if not written.strip() and kind == "mixed":
        return Declined("image", said.channel, said.person, stream)
    return IncomingMessage(
        channel=said.channel,
        person=said.person,
        # The second names the message in the polls that ask for its answer.
        keys=(MessageKey("msgid", message_id), MessageKey("stream", stream)),
        surface=Surface.MESSAGE,
        text=_with_quote(written, said.content.get("quote"), said.robot.names, said.channel),
        mentioned=_is_group(said.channel),
        is_direct=not _is_group(said.channel),
        address=said.address(stream=stream),
    )


def _channel(content: Mapping[str, Any], bot_id: str, person: Person) -> Channel:
    # A direct chat has no chatid, and an event of one may have no chattype either.
    if content.get("chatid") or content.get("chattype") == "group":
        return Channel(NAME, bot_id, f"group:{_id(content, 'chatid')}")
    return Channel(NAME, bot_id, f"single:{person.id}")


def _is_group(channel: Channel) -> bool:
    return channel.id.startswith("group:")


def _written(content: Mapping[str, Any], kind: str) -> str:
    if kind != "mixed":
        return _text(_object(content, kind), "content")
    items = _object(content, "mixed").get("msg_item")
    if not isinstance(items, list):
        raise Broken("mixed without msg_item")
    parts = [
        _text(_object(item, "text"), "content")
        for item in items
        if isinstance(item, dict) and item.get("msgtype") == "text"
    ]
    return " ".join(part.strip() for part in parts)


def _with_quote(written: str, quote: Any, names: Sequence[str], channel: Channel) -> str:
    """Who quotes a message and writes nothing but our name asks what the quoted one asks."""
    quoted = _quoted(quote)
    if not quoted:
        return written
    meant = commands.parse(written, names=names, mentioned=False, in_group=_is_group(channel))
    if isinstance(meant, commands.Question) and not meant.text:
        return f"/ask {quoted}"  # whatever was quoted, it is a question and never a command
    return written


def _quoted(quote: Any) -> str:
    kind = quote.get("msgtype") if isinstance(quote, dict) else None
    if not isinstance(kind, str) or kind not in {"text", "mixed", "voice"}:
        return ""
    try:
        return _written(quote, kind).strip()
    except Broken:
        return ""  # a quote that cannot be read takes nothing from the message itself


def _event(said: _Said) -> Reading:
    event = _object(said.content, "event")
    kind = _string(event, "eventtype")
    if is_stale(said.content.get("create_time"), said.now, said.robot.freshness_seconds):
        return Quarantined("stale", said.channel.tenant)
    match kind:
        case "enter_chat":
            return Welcome(said.channel, said.person)
        case "feedback_event":
            return _feedback(_object(event, kind), said.channel, said.person)
        case "template_card_event":
            return _press(said, _object(event, kind))
        case _:
            return Ignored("unknown event type")


def _feedback(given: Mapping[str, Any], channel: Channel, person: Person) -> Reading:
    verdict = given.get("type")
    reasons = given.get("inaccurate_reason_list")
    return Feedback(
        name=_id(given, "id"),
        verdict="accurate" if verdict == 1 else "withdrawn" if verdict == 3 else "inaccurate",  # noqa: PLR2004 - the platform's numbers
        channel=channel,
        person=person,
        remark=_text(given, "content") if given.get("content") is not None else "",
        reasons=tuple(one for one in reasons if type(one) is int) if isinstance(reasons, list) else (),
    )


def _press(said: _Said, event: Mapping[str, Any]) -> Reading:
    key = _text(event, "event_key" if "event_key" in event else "eventkey")
    task = _text(event, "task_id")
    action = cards.action_of(key, task, _selected(event.get("selected_items")))
    if action is None:
        return Ignored("not a card of ours")
    message_id, created = said.content.get("msgid"), said.content.get("create_time")
    return IncomingMessage(
        channel=said.channel,
        person=said.person,
        keys=(event_key(message_id, said.person.id, created, task, key),),
        surface=Surface.ACTION,
        mentioned=_is_group(said.channel),
        is_direct=not _is_group(said.channel),
        action=action,
        address=said.address(task=task),
    )


def _selected(given: Any) -> dict[str, tuple[str, ...]]:
    items = given.get("selected_item") if isinstance(given, dict) else None
    chosen = {}
    for item in items if isinstance(items, list) else []:
        question = item.get("question_key") if isinstance(item, dict) else None
        options = item.get("option_ids") if isinstance(item, dict) else None
        ids = options.get("option_id") if isinstance(options, dict) else None
        if isinstance(question, str) and isinstance(ids, list):
            chosen[clean(question)] = tuple(clean(one) for one in ids if isinstance(one, str))
    return chosen


def event_key(message_id: Any, *parts: object) -> MessageKey:
    """What names an event: its own id, or, where it has none, everything that tells two apart."""
    if isinstance(message_id, str) and _id_form.fullmatch(message_id):
        return MessageKey("msgid", message_id)
    named = "\n".join(f"{len(str(part))}:{part}" for part in parts)
    return MessageKey("event", sha256(named.encode(errors="replace")).hexdigest())


def is_stale(created: Any, now: float, freshness_seconds: int) -> bool:
    return type(created) is int and abs(now - created) > freshness_seconds


def _object(content: Any, name: str) -> Mapping[str, Any]:
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, dict):
        raise Broken(f"no {name}")
    return value


def _string(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        raise Broken(f"no {name}")
    return value


def _text(content: Mapping[str, Any], name: str) -> str:
    return clean(_string(content, name))


def _id(content: Mapping[str, Any], name: str) -> str:
    value = _string(content, name)
    if not _id_form.fullmatch(value):
        raise Broken(f"{name} is no id")
    return value
