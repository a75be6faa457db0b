"""WeCom's routes in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.openapi import STORED, Schema, body, describe_statuses, path, query


def _wecom(name: str, who: str, content_type: str) -> Schema:
    sealed = {"type": "object", "required": ["encrypt"], "properties": {"encrypt": {"type": "string"}}}
    schema = sealed if content_type == "application/json" else {"type": "string"}
    return {
        "parameters": [path("name"), query("msg_signature"), query("timestamp"), query("nonce")],
        "get": {
            "operationId": f"{name}Verify",
            "summary": f"{who} checks the address.",
            "parameters": [query("echostr")],
            "responses": describe_statuses(("200", "401", "404")),
        },
        "post": {
            "operationId": name,
            "summary": f"{who} calls back.",
            "requestBody": body(content_type, schema),
            "responses": describe_statuses((*STORED, "404")),
        },
    }


PATHS: Mapping[str, Schema] = {
    "/wecom/robot/{name}": _wecom("wecomRobot", "An AI bot", "application/json"),
    "/wecom/app/{name}": _wecom("wecomApp", "A self-built application", "application/xml"),
}
