"""The parser of what people do on the Home tab, or with its form. Pure.

An opening and a wish for a form are shown and not stored; all else is a message like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain import Channel, IncomingMessage, MessageKey, Person, RunCommand, Surface
from bot.platforms.payload import BrokenField, Ignored, Quarantined, object_in, string_in
from bot.platforms.slack import action_values, markup, workspace
from bot.platforms.slack.fields import (
    NAME,
    address_of,
    id_in,
    id_inside,
    membership_of,
    payload_tenant,
    tenant_of,
    tenant_or_empty,
    text_or_empty,
    ts_in,
    user_name,
)
from bot.platforms.slack.home_form import GAP_FIELD, GAP_FORM
from bot.platforms.slack.workspace import Workspace

WELCOME = "welcome"
_form_place = re.compile(r"([A-Za-z0-9_-]{1,64})\|([0-9a-f]{8})\|([A-Za-z0-9_-]{0,64})")


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """The opening of a Home tab; `direct` is the id of the direct chat with its person."""

    workspace: Workspace
    user: str
    direct: str = ""


@dataclass(frozen=True, slots=True)
class FormWanted:
    """The wish to answer a gap of this channel; `trigger` opens a form within three seconds."""

    workspace: Workspace
    person: Person
    channel: Channel
    gap: str
    question: str
    trigger: str = field(repr=False)
    direct: str = ""


Reading = IncomingMessage | Ignored | Quarantined | HomeOpened | FormWanted


def read_home_opening(envelope: Mapping[str, Any], event: Mapping[str, Any]) -> Reading:
    source = workspace.of_event(envelope)
    tenant, user = tenant_of(source.enterprise, source.team), id_in(event, "user")
    if event.get("tab") == "home":
        return HomeOpened(source, user, text_or_empty(event.get("channel")))
    if event.get("tab") != "messages":
        return Ignored("another tab")
    return IncomingMessage(
        channel=Channel(NAME, tenant, id_in(event, "channel")),
        person=Person(NAME, tenant, user),
        # One for each person: whoever looks again is known by it.
        keys=(MessageKey("welcome", user),),
        surface=Surface.CLOCK,
        text=WELCOME,
        is_direct=True,
        address=address_of(source, user=user),
    )


def read_home_click(payload: Mapping[str, Any], action: object) -> Reading:
    """A click on the Home tab: its value names the channel that it is about."""
    try:
        if not isinstance(action, dict):
            raise BrokenField("an action is not an object")  # noqa: TRY301 - the same way out as the others
        action_id, view = string_in(action, "action_id", markup.clean), object_in(payload, "view")
        if view.get("type") != "home":
            return Ignored("not our view")
        value = string_in(action, "value", markup.clean)
        tenant, user = payload_tenant(payload), object_in(payload, "user")
        person = Person(NAME, tenant, id_in(user, "id"), user_name(user))
        wanted = action_values.read_gap(action_id, value)
        if wanted is not None:
            return _form_wanted(payload, person, wanted)
        meant = action_values.read_home(action_id, value)
        if meant is None:
            return Ignored("not our button")
        channel_id, command = meant
        pressed_at = ts_in(action, "action_ts")
    except (BrokenField, action_values.BrokenClick) as broken:
        return Quarantined(str(broken), tenant_or_empty(payload))
    is_direct = channel_id.startswith("D")
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=person,
        keys=(MessageKey("action", f"home:{person.id}:{action_id}:{pressed_at}"),),
        surface=Surface.ACTION,
        is_direct=is_direct,
        action=command,
        address=address_of(
            workspace.of_interaction(payload),
            user=person.id,
            # What is said in the direct chat is said there; all else on the tab itself.
            home=None if is_direct else "1",
            direct=text_or_empty(view.get("private_metadata")),
        ),
        membership=membership_of(
            homes=(user.get("team_id"),),
            teams=(id_inside(payload.get("team")),),
            enterprises=(id_inside(payload.get("enterprise")),),
        ),
    )


def _form_wanted(payload: Mapping[str, Any], person: Person, wanted: tuple[str, str, str]) -> FormWanted:
    channel_id, gap, question = wanted
    return FormWanted(
        workspace.of_interaction(payload),
        person,
        Channel(NAME, person.tenant, channel_id),
        gap,
        question,
        string_in(payload, "trigger_id", markup.clean)[:255],
        text_or_empty(object_in(payload, "view").get("private_metadata")),
    )


def read_submission(payload: Mapping[str, Any]) -> Reading:
    """The form for a gap, filled in: what `/gaps add` does in the channel that it names."""
    try:
        view, user = object_in(payload, "view"), object_in(payload, "user")
        if view.get("callback_id") != GAP_FORM:
            return Ignored("not our form")
        place = _form_place.fullmatch(string_in(view, "private_metadata", markup.clean))
        if place is None:
            raise BrokenField("a form that was never written")  # noqa: TRY301 - the same way out as the others
        values = object_in(object_in(view, "state"), "values")
        answer = string_in(object_in(object_in(values, GAP_FIELD), GAP_FIELD), "value", markup.clean)
        tenant = payload_tenant(payload)
        person = Person(NAME, tenant, id_in(user, "id"), user_name(user))
        view_id = id_in(view, "id")
    except BrokenField as broken:
        return Quarantined(str(broken), tenant_or_empty(payload))
    channel_id, gap, direct = place.groups()
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=person,
        keys=(MessageKey("view", view_id),),
        surface=Surface.ACTION,
        action=RunCommand(f"/gaps add {gap} => {answer}"),
        address=address_of(workspace.of_interaction(payload), user=person.id, home="1", direct=direct),
        membership=membership_of(
            homes=(user.get("team_id"),),
            teams=(id_inside(payload.get("team")),),
            enterprises=(id_inside(payload.get("enterprise")),),
        ),
    )
