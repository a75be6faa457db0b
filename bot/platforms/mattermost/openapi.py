"""Mattermost's routes in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.openapi import Schema, body, describe_statuses

_STATUSES = ("200", "400", "401", "413", "415", "503")


def _route(name: str, summary: str, content_type: str) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": body(content_type, {"type": "object"}),
        "responses": describe_statuses(_STATUSES),
    }


PATHS: Mapping[str, Schema] = {
    "/mattermost/commands": {
        "post": _route("mattermostCommands", "A slash command.", "application/x-www-form-urlencoded")
    },
    "/mattermost/actions": {
        "post": _route("mattermostActions", "A click on a button or a menu.", "application/json")
    },
}
