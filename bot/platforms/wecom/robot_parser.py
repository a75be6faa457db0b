"""The parser of authentic bodies of an AI bot. Pure, and never raising.

One format serves the URL callback and the long connection. Whatever is in a body, the
outcome is one of the values below: a type that we cannot read is declined to who sent it, a known
type in a broken shape is put aside for people to look at.

What the platform leaves in the text (the mention of the bot) stays in it: telling a
name from a question is the business of the commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.grammar.mentions import without_mentions
from bot.platforms.payload import BrokenField, Quarantined, object_in, string_in
from bot.platforms.wecom.fields import RobotMessage, clean, id_of, is_group, stream_of, text_of
from bot.platforms.wecom.parsed import (
    NAME,
    Declined,
    Malformed,
    Media,
    Poll,
    Reading,
    Robot,
)
from bot.platforms.wecom.robot_events import read_event
from bot.platforms.wecom.safe_parse import Unreadable, read_json

_MEDIA: Mapping[str, Media] = {"image": "image", "file": "file", "video": "video"}


def read_robot(body: bytes, robot: Robot, *, now: float) -> Reading | Malformed:
    """Read the decrypted body of a callback."""
    try:
        content = read_json(body)
    except Unreadable as unreadable:
        return Malformed(str(unreadable))
    if not isinstance(content, dict):
        return Quarantined("not an object")
    return read_content(content, robot, now=now)


def read_content(content: Mapping[str, Any], robot: Robot, *, now: float, request: str = "") -> Reading:
    """Read a body that is JSON already; `request` is the id of the frame that it came in."""
    tenant = content.get("aibotid")
    try:
        return _read(content, robot, now, request)
    except BrokenField as broken:
        return Quarantined(str(broken), robot.bot_id or (clean(tenant) if isinstance(tenant, str) else ""))


def _read(content: Mapping[str, Any], robot: Robot, now: float, request: str) -> Reading:
    kind = string_in(content, "msgtype")
    bot_id = id_of(content, "aibotid")
    if robot.bot_id and bot_id != robot.bot_id:
        raise BrokenField("meant for another bot")
    person = Person(NAME, bot_id, id_of(object_in(content, "from"), "userid"))
    said = RobotMessage(content, robot, now, request, _channel(content, bot_id, person), person)
    match kind:
        case "event":
            return read_event(said)
        case "stream":
            return Poll(id_of(object_in(content, "stream"), "id"), said.channel, person)
        case "text" | "mixed" | "voice":
            return _message(said, kind)
        case _:
            # A forwarded chat record has no documented type: whoever sent one is not left waiting.
            return _decline(said, _MEDIA.get(kind, "message"))


def _message(said: RobotMessage, kind: str) -> Reading:
    message_id = id_of(said.content, "msgid")
    stream = stream_of(said.channel.tenant, message_id)
    written = _text_of(said.content, kind)
    if not _says_something(written, said):
        quote = said.content.get("quote")
        quoted = _quoted_words(quote)
        media = _quoted_media(quote) or ("image" if kind == "mixed" else None)
        if not quoted and media:
            return _decline(said, media)
        # Who quotes a message and writes nothing but our name asks what the quoted one asks:
        # whatever was quoted, it is a question and never a command.
        written = f"/ask {quoted}" if quoted else written
    return IncomingMessage(
        channel=said.channel,
        person=said.person,
        # The second names the message in the polls that ask for its answer.
        keys=(MessageKey("msgid", message_id), MessageKey("stream", stream)),
        surface=Surface.MESSAGE,
        text=written,
        mentioned=is_group(said.channel),
        is_direct=not is_group(said.channel),
        address=said.address(stream=stream),
        membership=said.membership,
    )


def _says_something(written: str, said: RobotMessage) -> bool:
    """Whether there is anything but a mention of ours."""
    return bool(without_mentions(written, names=said.robot.names, in_group=is_group(said.channel)))


def _channel(content: Mapping[str, Any], bot_id: str, person: Person) -> Channel:
    # A direct chat has no chatid, and an event of one may have no chattype either.
    if content.get("chatid") or content.get("chattype") == "group":
        return Channel(NAME, bot_id, f"group:{id_of(content, 'chatid')}")
    return Channel(NAME, bot_id, f"single:{person.id}")


def _text_of(content: Mapping[str, Any], kind: str) -> str:
    if kind != "mixed":
        return text_of(object_in(content, kind), "content")
    items = object_in(content, "mixed").get("msg_item")
    if not isinstance(items, list):
        raise BrokenField("mixed without msg_item")
    parts = [
        text_of(object_in(item, "text"), "content")
        for item in items
        if isinstance(item, dict) and item.get("msgtype") == "text"
    ]
    return " ".join(part.strip() for part in parts)


def _quoted_words(quote: Any) -> str:
    kind = _quoted_kind(quote)
    if kind not in {"text", "mixed", "voice"}:
        return ""
    try:
        return _text_of(quote, kind).strip()
    except BrokenField:
        return ""  # a quote that cannot be read takes nothing from the message itself


def _quoted_media(quote: Any) -> Media | None:
    """The kind of media in a quote without words; None where no quote can be read."""
    kind = _quoted_kind(quote)
    return "image" if kind == "mixed" else _MEDIA.get(kind)


def _quoted_kind(quote: Any) -> str:
    kind = quote.get("msgtype") if isinstance(quote, dict) else None
    return kind if isinstance(kind, str) else ""


def _decline(said: RobotMessage, media: Media) -> Declined:
    stream = stream_of(said.channel.tenant, id_of(said.content, "msgid"))
    return Declined(media, said.channel, said.person, stream)
