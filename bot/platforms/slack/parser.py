"""The parser of authenticated payloads: events, slash commands, interactions. Pure, and never raising.

Three payloads, one for each way in: an event, a slash command, a click. Whatever is in
them, the outcome is one of the values below; unknown fields are passed over, unknown
types ignored, and a known type with a broken shape is put aside for people to look at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.domain import (
    Channel,
    IncomingMessage,
    MessageKey,
    Person,
    Surface,
)
from bot.platforms.payload import (
    BrokenField,
    Ignored,
    Quarantined,
    object_in,
    string_in,
)
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
from bot.platforms.slack.home_parser import (
    FormWanted,
    HomeOpened,
    read_home_click,
    read_home_opening,
    read_submission,
)
from bot.platforms.slack.workspace import Removal, TeamAccess

RATE_LIMITED = "app_rate_limited"
# The callback id of the message shortcut, as the manifest has it.
ASK_SHORTCUT = "ask"
# Slack sends one. Each is stored by itself, within the three seconds that Slack waits.
MOST_ACTIONS = 20


@dataclass(frozen=True, slots=True)
class Challenge:
    """Slack asks whether this address is ours; the answer is the same text."""

    text: str


Reading = IncomingMessage | Ignored | Quarantined | Challenge | Removal | TeamAccess | HomeOpened | FormWanted


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Our own names, by which our part of a payload is told.

    `users`: our user ids, as far as known; events usually bring them along.
    `command_prefix` is what the operator put before the command names.
    `shared_channels`: the channels shared with other companies where we answer.
    """

    users: frozenset[str] = frozenset()
    command_prefix: str = ""
    shared_channels: frozenset[str] = frozenset()


NOBODY_KNOWN = BotIdentity()

_command_form = re.compile(r"/\S{1,64}")


def read_event(envelope: Mapping[str, Any], identity: BotIdentity) -> Reading:
    """Read the body of an event request."""
    match envelope.get("type"):
        case "url_verification":
            challenge = envelope.get("challenge")
            return (
                Challenge(markup.clean(challenge))
                if isinstance(challenge, str)
                else Quarantined("no challenge")
            )
        case "event_callback":
            pass
        case "app_rate_limited":
            return Ignored(RATE_LIMITED)
        case _:
            return Ignored("unknown envelope type")
    try:
        return _event(envelope, identity)
    except BrokenField as broken:
        return Quarantined(str(broken), text_or_empty(envelope.get("team_id")))


def read_command(form: Mapping[str, str], body: bytes, timestamp: str, identity: BotIdentity) -> Reading:
    """Read a slash command. `body` and `timestamp` name it when Slack gives it no trigger id."""
    try:
        tenant = tenant_of(form.get("enterprise_id"), form.get("team_id"))
        command = form.get("command", "")
        if not _command_form.fullmatch(command):
            raise BrokenField("no command")  # noqa: TRY301 - the same way out as the others
        channel_id = id_in(form, "channel_id")
        person = Person(NAME, tenant, id_in(form, "user_id"), markup.clean(form.get("user_name", "")))
    except BrokenField as broken:
        return Quarantined(str(broken), text_or_empty(form.get("team_id")))
    trigger = form.get("trigger_id") or sha256(timestamp.encode() + b":" + body).hexdigest()
    verb = "/" + command.removeprefix("/").removeprefix(identity.command_prefix)
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=person,
        keys=(MessageKey("command", markup.clean(trigger)[:255]),),
        surface=Surface.COMMAND,
        text=markup.plain(f"{verb} {form.get('text', '')}", own_users=identity.users),
        is_direct=channel_id.startswith("D"),
        address=address_of(workspace.of_command(form), user=person.id, response_url=form.get("response_url")),
    )


def read_interaction(payload: Mapping[str, Any], identity: BotIdentity = NOBODY_KNOWN) -> tuple[Reading, ...]:
    """Read a click, which may hold several actions, or the shortcut of a message."""
    if payload.get("type") == "message_action":
        return (_shortcut(payload, identity),)
    if payload.get("type") == "view_submission":
        return (read_submission(payload),)
    if payload.get("type") != "block_actions":
        return (Ignored("unknown interaction type"),)
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions:
        return (Quarantined("no actions", tenant_or_empty(payload)),)
    if len(actions) > MOST_ACTIONS:
        return (Quarantined("too many actions", tenant_or_empty(payload)),)
    container = payload.get("container")
    is_on_a_view = isinstance(container, dict) and container.get("type") == "view"
    read = read_home_click if is_on_a_view else _click
    return tuple(read(payload, action) for action in actions)


def without_credentials(payload: Mapping[str, Any]) -> str:
    """The payload as JSON for people to look at, less what would let them act as somebody else."""
    hidden = {"response_url", "response_urls", "token", "trigger_id"}
    shown = {key: value for key, value in payload.items() if key not in hidden}
    return markup.clean(json.dumps(shown, ensure_ascii=False))


def _event(envelope: Mapping[str, Any], identity: BotIdentity) -> Reading:
    event = object_in(envelope, "event")
    kind = string_in(event, "type", markup.clean)
    if kind in {"app_uninstalled", "tokens_revoked"}:
        return workspace.removal_in(envelope, event) or Ignored("tokens of people")
    if kind in {"team_access_granted", "team_access_revoked"}:
        return workspace.team_access_in(envelope, event) or Ignored("access of no workspace")
    if kind == "app_home_opened":
        return read_home_opening(envelope, event)
    if kind not in {"app_mention", "message"}:
        return Ignored("unknown event type")
    authorization = _authorization(envelope)
    own_users = identity.users | _own_user(authorization)
    unwanted = _reason_to_ignore(event, own_users)
    if unwanted:
        return Ignored(unwanted)
    channel_id, user, ts = id_in(event, "channel"), id_in(event, "user"), ts_in(event, "ts")
    is_shared = envelope.get("is_ext_shared_channel") is True
    if is_shared and channel_id not in identity.shared_channels:
        return Ignored("shared with another company")
    written = _text_of(event)
    is_direct = event.get("channel_type") == "im" or channel_id.startswith("D")
    mentions_us = kind == "app_mention" or bool(own_users & markup.mentions(written))
    if not (mentions_us or is_direct):
        return Ignored("not addressed")
    if (
        kind == "app_mention"
        and not is_direct
        and not markup.mentions(written) & (own_users or frozenset(markup.mentions(written)))
    ):
        return Ignored("mentions somebody else")
    tenant = tenant_of(
        authorization.get("enterprise_id") or envelope.get("context_enterprise_id"),
        (authorization.get("team_id") or envelope.get("context_team_id"))
        if is_shared
        else envelope.get("team_id"),
    )
    written_in = ts_in(event, "thread_ts") if event.get("thread_ts") is not None else None
    thread = written_in or (None if is_direct else ts)
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=Person(NAME, tenant, user),
        keys=_event_keys(envelope, channel_id, ts),
        surface=Surface.MESSAGE,
        text=_words_of(event, written, own_users, drop_first=kind == "app_mention" and not own_users),
        mentioned=mentions_us,
        is_direct=is_direct,
        address=address_of(workspace.of_event(envelope), user=user, thread_ts=thread),
        thread=thread or "",
        membership=membership_of(
            homes=(event.get("user_team"), event.get("source_team"), event.get("team")),
            teams=(authorization.get("team_id"), envelope.get("context_team_id")),
            enterprises=(authorization.get("enterprise_id"), envelope.get("context_enterprise_id")),
        ),
    )


def _words_of(event: Mapping[str, Any], written: str, own_users: frozenset[str], *, drop_first: bool) -> str:
    """The words of the message; those of a forwarded one where it has none of its own."""
    said = markup.plain(written, own_users=own_users, drop_first=drop_first)
    if any(map(str.isalnum, said)):
        return said
    forwarded = "\n".join(filter(None, map(_forwarded_words, _list(event.get("attachments")))))
    # Whatever was forwarded, it is a question and never a command.
    return f"/ask {forwarded}" if forwarded else said


def _forwarded_words(attachment: object) -> str:
    if not isinstance(attachment, dict) or not (
        attachment.get("is_share") or attachment.get("is_msg_unfurl")
    ):
        return ""
    text = attachment.get("text") or attachment.get("fallback")
    return markup.plain(markup.clean(text)).strip() if isinstance(text, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _reason_to_ignore(event: Mapping[str, Any], own_users: frozenset[str]) -> str | None:
    """The reason to ignore an event, as a word for the log; None when it may be a message to us."""
    subtype, user = event.get("subtype"), event.get("user")
    if event.get("bot_id") or event.get("bot_profile") or subtype == "bot_message":
        return "a bot"
    if event.get("hidden"):
        return "hidden"
    if subtype is not None and not _is_said_by_people(event, subtype):
        return "subtype"
    if user is None:
        return "nobody wrote it"
    if isinstance(user, str) and user in own_users:
        return "our own"
    return None


def _is_said_by_people(event: Mapping[str, Any], subtype: object) -> bool:
    # In a channel, a broadcast reply that mentions us also comes as an app_mention, which is answered.
    if subtype == "thread_broadcast":
        return event.get("type") == "app_mention" or event.get("channel_type") == "im"
    return isinstance(subtype, str) and subtype in {"file_share", "me_message"}


def _text_of(event: Mapping[str, Any]) -> str:
    text = event.get("text")
    if text is None and event.get("files"):
        return ""
    return string_in(event, "text", markup.clean)


def _event_keys(envelope: Mapping[str, Any], channel_id: str, ts: str) -> tuple[MessageKey, ...]:
    """The delivery, and the message: a mention may come as two events about one message."""
    message = MessageKey("message", f"{channel_id}:{ts}")
    if envelope.get("event_id") is None:
        return (message,)
    return MessageKey("event", id_in(envelope, "event_id")), message


def _click(payload: Mapping[str, Any], action: object) -> Reading:
    try:
        if not isinstance(action, dict):
            raise BrokenField("an action is not an object")  # noqa: TRY301 - the same way out as the others
        action_id = string_in(action, "action_id", markup.clean)
        value = _choice(action)
        if value is None:
            return Ignored("nothing chosen")
        meant = action_values.read(action_id, value)
        if meant is None:
            return Ignored("not our button")
        container = object_in(payload, "container")
        message_ts = ts_in(container, "message_ts")
        channel_id = (
            id_in(container, "channel_id")
            if container.get("channel_id") is not None
            else id_in(object_in(payload, "channel"), "id")
        )
        tenant = payload_tenant(payload)
        user = object_in(payload, "user")
        person = Person(NAME, tenant, id_in(user, "id"), user_name(user))
        pressed_at = ts_in(action, "action_ts")
    except (BrokenField, action_values.BrokenClick) as broken:
        return Quarantined(str(broken), tenant_or_empty(payload))
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=person,
        keys=(MessageKey("action", f"{message_ts}:{person.id}:{action_id}:{pressed_at}"),),
        surface=Surface.ACTION,
        is_direct=channel_id.startswith("D"),
        action=meant,
        address=address_of(
            workspace.of_interaction(payload),
            user=person.id,
            message_ts=message_ts,
            thread_ts=container.get("thread_ts"),
            response_url=payload.get("response_url"),
            ephemeral="1" if container.get("is_ephemeral") is True else None,
        ),
        membership=membership_of(
            homes=(user.get("team_id"),),
            teams=(id_inside(payload.get("team")),),
            enterprises=(id_inside(payload.get("enterprise")),),
        ),
    )


def _shortcut(payload: Mapping[str, Any], identity: BotIdentity) -> Reading:
    """The words of a message, asked by who chose the shortcut: in any room, for their eyes only."""
    if payload.get("callback_id") != ASK_SHORTCUT:
        return Ignored("not our shortcut")
    try:
        message = object_in(payload, "message")
        said = _words_of(message, _text_of(message), identity.users, drop_first=False)
        channel_id = id_in(object_in(payload, "channel"), "id")
        tenant = payload_tenant(payload)
        user = object_in(payload, "user")
        person = Person(NAME, tenant, id_in(user, "id"), user_name(user))
        trigger = string_in(payload, "trigger_id", markup.clean)
    except BrokenField as broken:
        return Quarantined(str(broken), tenant_or_empty(payload))
    return IncomingMessage(
        channel=Channel(NAME, tenant, channel_id),
        person=person,
        keys=(MessageKey("shortcut", trigger[:255]),),
        surface=Surface.COMMAND,
        # Whatever was written there, it is a question and never a command.
        text=f"/ask {said.removeprefix('/ask ')}".strip(),
        is_direct=channel_id.startswith("D"),
        private=True,
        address=address_of(
            workspace.of_interaction(payload), user=person.id, response_url=payload.get("response_url")
        ),
        membership=membership_of(
            homes=(user.get("team_id"),),
            teams=(id_inside(payload.get("team")),),
            enterprises=(id_inside(payload.get("enterprise")),),
        ),
    )


def _choice(action: Mapping[str, Any]) -> str | None:
    """The value of a button, or of the option that was picked; None when it was unpicked."""
    if "selected_option" not in action:
        return string_in(action, "value", markup.clean) if action.get("value") is not None else None
    option = action["selected_option"]
    if option is None:
        return None
    if not isinstance(option, dict):
        raise BrokenField("selected_option is not an object")
    return string_in(option, "value", markup.clean)


def _authorization(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one installation that may see the event; empty when Slack does not say."""
    listed = envelope.get("authorizations")
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}


def _own_user(authorization: Mapping[str, Any]) -> frozenset[str]:
    user = authorization.get("user_id")
    return frozenset({user}) if authorization.get("is_bot") is True and isinstance(user, str) else frozenset()
