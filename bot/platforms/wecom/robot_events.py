"""Events of an AI bot: who came in, what was pressed, how an answer was rated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain import IncomingMessage, Surface
from bot.platforms.payload import Ignored, Quarantined, object_in, string_in
from bot.platforms.wecom import cards
from bot.platforms.wecom.fields import (
    RobotMessage,
    clean,
    event_key,
    id_of,
    is_group,
    is_stale,
    text_of,
)
from bot.platforms.wecom.parsed import (
    Feedback,
    Reading,
    Welcome,
)


def read_event(said: RobotMessage) -> Reading:
    event = object_in(said.content, "event")
    kind = string_in(event, "eventtype")
    if is_stale(said.content.get("create_time"), said.now, said.robot.freshness_seconds):
        return Quarantined("stale", said.channel.tenant)
    match kind:
        case "enter_chat":
            return Welcome(said.channel, said.person)
        case "feedback_event":
            return _feedback(said, object_in(event, kind))
        case "template_card_event":
            return _press(said, object_in(event, kind))
        case _:
            return Ignored("unknown event type")


def _feedback(said: RobotMessage, given: Mapping[str, Any]) -> Reading:
    verdict = given.get("type")
    reasons = given.get("inaccurate_reason_list")
    name = id_of(given, "id")
    message_id, created = said.content.get("msgid"), said.content.get("create_time")
    return Feedback(
        key=event_key("feedback_event", message_id, said.person.id, created, name, verdict),
        name=name,
        verdict="accurate" if verdict == 1 else "withdrawn" if verdict == 3 else "inaccurate",  # noqa: PLR2004 - the platform's numbers
        channel=said.channel,
        person=said.person,
        remark=text_of(given, "content") if given.get("content") is not None else "",
        reasons=tuple(one for one in reasons if type(one) is int) if isinstance(reasons, list) else (),
        membership=said.membership,
    )


def _press(said: RobotMessage, event: Mapping[str, Any]) -> Reading:
    key = text_of(event, "event_key" if "event_key" in event else "eventkey")
    task = text_of(event, "task_id")
    action = cards.action_of(key, task, _selection(event.get("selected_items")))
    if action is None:
        return Ignored("not a card of ours")
    message_id, created = said.content.get("msgid"), said.content.get("create_time")
    return IncomingMessage(
        channel=said.channel,
        person=said.person,
        keys=(event_key("template_card_event", message_id, said.person.id, created, task, key),),
        surface=Surface.ACTION,
        mentioned=is_group(said.channel),
        is_direct=not is_group(said.channel),
        action=action,
        address=said.address(task=task),
        membership=said.membership,
    )


def _selection(given: Any) -> dict[str, tuple[str, ...]]:
    items = given.get("selected_item") if isinstance(given, dict) else None
    chosen = {}
    for item in items if isinstance(items, list) else []:
        question = item.get("question_key") if isinstance(item, dict) else None
        options = item.get("option_ids") if isinstance(item, dict) else None
        ids = options.get("option_id") if isinstance(options, dict) else None
        if isinstance(question, str) and isinstance(ids, list):
            chosen[clean(question)] = tuple(clean(one) for one in ids if isinstance(one, str))
    return chosen
