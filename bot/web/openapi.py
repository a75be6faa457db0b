"""The bot's routes as an OpenAPI document: what there is to reach, and what each may answer.

Bodies are the vendors' own formats and described by them; here it says what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from bot.web.files import ROUTE

Schema = dict[str, Any]

_ANSWERS = {
    "200": "Stored, known already, or deliberately ignored.",
    "400": "Cannot be read; sending it again does not help.",
    "401": "Not authentic. The body is empty.",
    "404": "Nothing of this name.",
    "413": "The body is too large.",
    "415": "The body is packed, or of a kind that is not read here.",
    "503": "Could not be stored: send it again after Retry-After seconds.",
}
STORED = ("200", "400", "401", "413", "415", "503")


def document(platforms: Mapping[str, Schema]) -> Schema:
    """The whole document, for OpenAPI 3.1, with the paths of the platforms in it.

    A platform that is not connected answers 404.
    """
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
            f"{ROUTE}{{token}}": {"parameters": [path("token")], "get": _file()},
            **platforms,
        },
    }


def _json(name: str, summary: str, **properties: Schema) -> Schema:
    return _operation(name, summary, {"200": _show("application/json", _object(**properties))})


def _text(name: str, summary: str, content_type: str) -> Schema:
    return _operation(name, summary, {"200": _show(content_type, {"type": "string"})})


def _readyz() -> Schema:
    shape = _object(
        ready={"type": "boolean"},
        reasons={"type": "array", "items": {"type": "string"}},
        engine={"enum": ["ok", "away"]},
    )
    answer = _show("application/json", shape)
    return _operation("readyz", "Can it take messages?", {"200": answer, "503": answer})


def _file() -> Schema:
    gone = {**_show("text/plain", {"type": "string"}), "description": "Expired, or never signed by us."}
    return _operation(
        "file", "A file by its signed link.", {"200": {"description": "The file."}, "404": gone}
    )


def _operation(name: str, summary: str, responses: Schema) -> Schema:
    return {"operationId": name, "summary": summary, "responses": responses}


def describe_statuses(statuses: tuple[str, ...]) -> Schema:
    return {status: {"description": _ANSWERS[status]} for status in statuses}


def _show(content_type: str, schema: Schema) -> Schema:
    return {"description": "As asked.", "content": {content_type: {"schema": schema}}}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": [*properties], "properties": properties}


def body(content_type: str, schema: Schema) -> Schema:
    return {"required": True, "content": {content_type: {"schema": schema}}}


def path(name: str) -> Schema:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def query(name: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
