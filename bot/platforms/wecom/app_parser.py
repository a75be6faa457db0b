"""The parser of authentic XML messages of a self-built application.

Direct chats only: the platform sends an application no group messages. Its answers go
out through the API, so what is read here never waits for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.platforms.payload import BrokenField, Ignored, Quarantined
from bot.platforms.wecom import cards
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.fields import event_key, is_stale
from bot.platforms.wecom.parsed import (
    NAME,
    Declined,
    Malformed,
    Media,
    Reading,
    Welcome,
)
from bot.platforms.wecom.safe_parse import PlainXml, Unreadable, read_xml

_MEDIA: dict[str, Media] = {media: media for media in get_args(Media)}
# The platform suspends an application that nobody uses, and tells beforehand.
_INACTIVITY = frozenset({"inactive_alert", "close_inactive_agent", "low_active_alert", "low_active"})

_id_form = re.compile(r"[!-~]{1,128}")
_number_form = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class App:
    """The application that is being spoken to, as configured."""

    name: str
    corp_id: str
    agent_id: int
    freshness_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Alarm:
    """The platform is about to suspend the application; its operator should know."""

    event: str


def read_app(body: bytes, app: App, *, now: float) -> Reading | Malformed | Alarm:
    try:
        content = read_xml(body)
    except Unreadable as unreadable:
        return Malformed(str(unreadable))
    try:
        return _read(content, app, now)
    except BrokenField as broken:
        return Quarantined(str(broken), app.corp_id)


def _read(content: PlainXml, app: App, now: float) -> Reading | Alarm:
    if content.first("ToUserName") != app.corp_id or content.first("AgentID") != str(app.agent_id):
        raise BrokenField("meant for another application")
    kind = content.first("MsgType")
    created = _number(content, "CreateTime")
    if is_stale(int(created), now, app.freshness_seconds):
        return Quarantined("stale", app.corp_id)
    if kind == "event" and content.first("Event") in _INACTIVITY:
        return Alarm(content.first("Event"))
    user = content.first("FromUserName")
    if not _id_form.fullmatch(user):
        raise BrokenField("FromUserName is not an id")
    person = Person(NAME, app.corp_id, user)
    channel = Channel(NAME, app.corp_id, f"app:{app.agent_id}:{user}")
    if kind == "event":
        return _event(content, app, created, channel, person)
    if kind != "text":
        return Declined(_MEDIA.get(kind, "message"), channel, person)
    message_id = _number(content, "MsgId")
    return IncomingMessage(
        channel=channel,
        person=person,
        keys=(MessageKey("MsgId", message_id),),
        surface=Surface.MESSAGE,
        text=content.first("Content"),
        is_direct=True,
        address=WecomAddress(app=app.name, user=user, message=message_id).to_mapping(),
    )


def _event(content: PlainXml, app: App, created: str, channel: Channel, person: Person) -> Reading:
    kind, key = content.first("Event"), content.first("EventKey")
    if kind == "subscribe":  # once; enter_agent comes each time that somebody looks in
        return Welcome(channel, person)
    if kind != "template_card_event":
        return Ignored("unknown event type")
    task = content.first("TaskId")
    action = cards.action_of(key, task, _selection(content))
    if action is None:
        return Ignored("not a card of ours")
    return IncomingMessage(
        channel=channel,
        person=person,
        # One person can cause two different events in one second.
        keys=(event_key(kind, None, person.id, created, kind, key, app.agent_id, task),),
        surface=Surface.ACTION,
        is_direct=True,
        action=action,
        address=WecomAddress(
            app=app.name, user=person.id, task=task, response_code=content.first("ResponseCode")
        ).to_mapping(),
    )


def _selection(content: PlainXml) -> dict[str, tuple[str, ...]]:
    return {
        item.first("QuestionKey"): tuple(
            chosen for options in item.all("OptionIds") for chosen in options.texts("OptionId")
        )
        for items in content.all("SelectedItems")
        for item in items.all("SelectedItem")
    }


def _number(content: PlainXml, name: str) -> str:
    value = content.first(name)
    if not _number_form.fullmatch(value):
        raise BrokenField(f"{name} is not a number")
    return value
