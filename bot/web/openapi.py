"""The bot's routes as an OpenAPI document: what there is to reach, and what each may answer.

Bodies are the vendors' own formats and described by them; here it says what comes back.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from bot.links import ROUTE

_Schema = dict[str, Any]

_ANSWERS = {
    "200": "Stored, known already, or deliberately ignored.",
    "400": "Cannot be read; sending it again does not help.",
    "401": "Not authentic. The body is empty.",
    "404": "Nothing of this name.",
    "413": "The body is too large.",
    "415": "The body is packed, or of a kind that is not read here.",
    "503": "Could not be stored: send it again after Retry-After seconds.",
}
_STORED = ("200", "400", "401", "413", "415", "503")
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


def document() -> _Schema:
    """The whole document, for OpenAPI 3.1. A platform that is not connected answers 404."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "kbdial bot", "version": version("kbdial")},
        "paths": {
            "/healthz": {
                "get": _json("healthz", "Is it alive?", alive={"const": True}, clock={"type": "string"})
            },
            "/readyz": {"get": _readyz()},
            "/metrics": {"get": _text("metrics", "What was counted, for Prometheus.", "text/plain")},
            "/openapi.json": {"get": _json("openapi", "This document.", openapi={"type": "string"})},
            f"{ROUTE}{{token}}": {"parameters": [_path("token")], "get": _file()},
            "/slack/events": {"post": _slack("slackEvents", "An event.", "application/json")},
            "/slack/commands": {"post": _slack("slackCommands", "A slash command.", _FORM)},
            "/slack/interactions": {"post": _slack("slackInteractions", "A click.", _FORM)},
            "/wecom/robot/{name}": _wecom("wecomRobot", "An AI bot", "application/json"),
            "/wecom/app/{name}": _wecom("wecomApp", "A self-built application", "application/xml"),
        },
    }


def _slack(name: str, summary: str, content_type: str) -> _Schema:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": _SLACK_HEADERS,
        "requestBody": _body(content_type, {"type": "object"}),
        "responses": _described(_STORED),
    }


def _wecom(name: str, who: str, content_type: str) -> _Schema:
    sealed = {"type": "object", "required": ["encrypt"], "properties": {"encrypt": {"type": "string"}}}
    body = sealed if content_type == "application/json" else {"type": "string"}
    return {
        "parameters": [_path("name"), _query("msg_signature"), _query("timestamp"), _query("nonce")],
        "get": {
            "operationId": f"{name}Verify",
            "summary": f"{who} checks the address.",
            "parameters": [_query("echostr")],
            "responses": _described(("200", "401", "404")),
        },
        "post": {
            "operationId": name,
            "summary": f"{who} calls back.",
            "requestBody": _body(content_type, body),
            "responses": _described((*_STORED, "404")),
        },
    }


def _json(name: str, summary: str, **properties: _Schema) -> _Schema:
    return _operation(name, summary, {"200": _shown("application/json", _object(**properties))})


def _text(name: str, summary: str, content_type: str) -> _Schema:
    return _operation(name, summary, {"200": _shown(content_type, {"type": "string"})})


def _readyz() -> _Schema:
    shape = _object(
        ready={"type": "boolean"},
        reasons={"type": "array", "items": {"type": "string"}},
        engine={"enum": ["ok", "away"]},
    )
    answer = _shown("application/json", shape)
    return _operation("readyz", "Can it take messages?", {"200": answer, "503": answer})


def _file() -> _Schema:
    gone = {**_shown("text/plain", {"type": "string"}), "description": "Expired, or never signed by us."}
    return _operation(
        "file", "A file by its signed link.", {"200": {"description": "The file."}, "404": gone}
    )


def _operation(name: str, summary: str, responses: _Schema) -> _Schema:
    return {"operationId": name, "summary": summary, "responses": responses}


def _described(statuses: tuple[str, ...]) -> _Schema:
    return {status: {"description": _ANSWERS[status]} for status in statuses}


def _shown(content_type: str, schema: _Schema) -> _Schema:
    return {"description": "As asked.", "content": {content_type: {"schema": schema}}}


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "required": [*properties], "properties": properties}


def _body(content_type: str, schema: _Schema) -> _Schema:
    return {"required": True, "content": {content_type: {"schema": schema}}}


def _path(name: str) -> _Schema:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str) -> _Schema:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
