"""The parser of authentic slash commands, outgoing webhooks and clicks. Pure.

That it is authentic is decided before, in `routes`, but for what was picked from a menu.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.platforms.mattermost import action_values
from bot.platforms.mattermost.action_signature import ActionSigner, Pressed
from bot.platforms.mattermost.action_values import ActionValue, BrokenClick
from bot.platforms.mattermost.address import MattermostAddress
from bot.platforms.mattermost.config import NAME
from bot.platforms.mattermost.fields import ID, clean
from bot.platforms.mattermost.parser import post_key
from bot.platforms.payload import BrokenField, Quarantined, matching_in, object_in, string_in

_TRIGGER = re.compile(r"[A-Za-z0-9+/=_-]{1,1024}")
_COMMAND = re.compile(r"/\S{1,128}")
# The name of a channel between two people is made of both their ids.
_DIRECT_NAME = re.compile(r"[a-z0-9]{26}__[a-z0-9]{26}")
# What people put between the word that wakes a hook and their question.
_AFTER_WORD = " \t\n:,：，"
_CREDENTIALS = frozenset({"token", "trigger_id", "response_url"})
KEY_LENGTH = 255

Reading = IncomingMessage | Quarantined


def read_command(form: Mapping[str, str], *, tenant: str) -> Reading:
    """Read a slash command, whose text is as it was typed."""
    try:
        command = matching_in(form, "command", _COMMAND, "a command")
        channel_id, user_id = matching_in(form, "channel_id", ID), matching_in(form, "user_id", ID)
        trigger_id = matching_in(form, "trigger_id", _TRIGGER)
        root_id = matching_in(form, "root_id", ID) if form.get("root_id") else ""
    except BrokenField as broken:
        return Quarantined(str(broken), tenant)
    is_direct = _is_direct(form.get("channel_name"))
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=Person(NAME, tenant, user_id, clean(form.get("user_name", ""))),
        keys=(MessageKey("command", trigger_id[:KEY_LENGTH]),),
        surface=Surface.COMMAND,
        text=clean(f"{command} {form.get('text', '')}").strip(),
        is_direct=is_direct,
        address=MattermostAddress(
            user=user_id,
            root_id=root_id,
            direct="1" if is_direct else "",
            response_url=clean(form.get("response_url", "")),
        ).to_mapping(),
        thread=root_id,
    )


def read_hook(payload: Mapping[str, Any], *, tenant: str) -> Reading:
    """Read an outgoing webhook: a post in a public channel, without the word that woke the hook.

    It has the key of its post, so that the same post over the WebSocket is no second question. In which
    thread it stands is not said: whoever answers has to look.
    """
    try:
        channel_id, user_id = matching_in(payload, "channel_id", ID), matching_in(payload, "user_id", ID)
        post_id = matching_in(payload, "post_id", ID)
        written = string_in(payload, "text", clean).strip()
        name, word = (
            string_in(payload, key, clean) if payload.get(key) is not None else ""
            for key in ("user_name", "trigger_word")
        )
    except BrokenField as broken:
        return Quarantined(str(broken), tenant)
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=Person(NAME, tenant, user_id, name),
        keys=(post_key(post_id),),
        surface=Surface.MESSAGE,
        text=written.removeprefix(word).lstrip(_AFTER_WORD),
        mentioned=True,
        address=MattermostAddress(user=user_id, question=post_id).to_mapping(),
    )


def read_click(payload: Mapping[str, Any], pressed: Pressed, signer: ActionSigner, *, tenant: str) -> Reading:
    """Read a click on a button or a menu of ours.

    Raises:
        Forged: what was picked from the menu was not on offer.
    """
    try:
        context = object_in(payload, "context")
        channel_id, user_id = matching_in(payload, "channel_id", ID), matching_in(payload, "user_id", ID)
        post_id = matching_in(payload, "post_id", ID)
        trigger_id = matching_in(payload, "trigger_id", _TRIGGER)
        name = string_in(payload, "user_name", clean) if payload.get("user_name") is not None else ""
        meant = action_values.read(pressed.value, _chosen(context, pressed.value, signer, channel_id))
    except (BrokenField, BrokenClick) as broken:
        return Quarantined(str(broken), tenant)
    is_direct = _is_direct(payload.get("channel_name"))
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=Person(NAME, tenant, user_id, name),
        keys=(MessageKey("click", trigger_id[:KEY_LENGTH]),),
        surface=Surface.ACTION,
        is_direct=is_direct,
        action=meant,
        address=MattermostAddress(
            user=user_id,
            post_id=post_id,
            direct="1" if is_direct else "",
            ephemeral="1" if pressed.is_private else "",
        ).to_mapping(),
    )


def _is_direct(channel_name: object) -> bool:
    return isinstance(channel_name, str) and _DIRECT_NAME.fullmatch(channel_name) is not None


def _chosen(
    context: Mapping[str, Any], value: ActionValue, signer: ActionSigner, channel_id: str
) -> str | None:
    """The option picked from a menu, its signature checked where it rates a match; None for a button."""
    if context.get("selected_option") is None:
        return None
    selected = string_in(context, "selected_option", clean)
    is_signed = value.kind == action_values.RATE
    return signer.read_offer(value, selected, channel_id) if is_signed else selected


def without_credentials(payload: Mapping[str, Any]) -> str:
    """The payload as JSON for people to look at, less what would let them act as somebody else."""
    shown = {key: value for key, value in payload.items() if key not in _CREDENTIALS}
    context = shown.get("context")
    if isinstance(context, dict):
        shown["context"] = {key: value for key, value in context.items() if key != "m"}
    return clean(json.dumps(shown, ensure_ascii=False))
