"""Mattermost's routes in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.openapi import Schema, body, describe_statuses

# Without these nothing is believed.
_COMMAND = {
    "type": "object",
    "required": ["token", "trigger_id", "user_id"],
    "properties": {
        name: {"type": "string"} for name in ("token", "trigger_id", "user_id", "command", "text")
    },
}
_CLICK = {
    "type": "object",
    "required": ["context", "channel_id", "trigger_id", "user_id"],
    "properties": {"context": {"type": "object"}, "channel_id": {"type": "string"}},
}
_HOOK = {
    "type": "object",
    "required": ["token", "timestamp", "post_id", "channel_id", "user_id", "text"],
    "properties": {
        "timestamp": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        **{name: {"type": "string"} for name in ("token", "post_id", "channel_id", "user_id", "text")},
    },
}
_FORM = "application/x-www-form-urlencoded"
_STATUSES = ("200", "400", "401", "413", "415", "503")


def _route(name: str, summary: str, content_type: str, schema: Schema) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": body(content_type, schema),
        "responses": describe_statuses(_STATUSES),
    }


PATHS: Mapping[str, Schema] = {
    "/mattermost/commands": {"post": _route("mattermostCommands", "A slash command.", _FORM, _COMMAND)},
    "/mattermost/actions": {
        "post": _route("mattermostActions", "A click on a button or a menu.", "application/json", _CLICK)
    },
    "/mattermost/webhook": {
        "post": _route(
            "mattermostWebhook",
            "An outgoing webhook, as JSON or as a form: a post in a public channel.",
            "application/json",
            _HOOK,
        )
    },
}
