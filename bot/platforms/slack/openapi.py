"""Slack's routes in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.openapi import STORED, Schema, body, describe_statuses

_SLACK_HEADERS = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": form},
    }
    for name, form in (
        ("X-Slack-Request-Timestamp", "^[0-9]{10}$"),
        ("X-Slack-Signature", "^v0=[0-9a-f]{64}$"),
    )
]
_FORM = "application/x-www-form-urlencoded"


def _slack(name: str, summary: str, content_type: str) -> Schema:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": _SLACK_HEADERS,
        "requestBody": body(content_type, {"type": "object"}),
        "responses": describe_statuses(STORED),
    }


PATHS: Mapping[str, Schema] = {
    "/slack/events": {"post": _slack("slackEvents", "An event.", "application/json")},
    "/slack/commands": {"post": _slack("slackCommands", "A slash command.", _FORM)},
    "/slack/interactions": {"post": _slack("slackInteractions", "A click.", _FORM)},
}
