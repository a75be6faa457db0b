"""The gate that requests and answers pass: the token or the guard against web pages, headers, figures."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Collection

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.metrics import Metrics
from engine.web import browsers
from engine.web.refusals import refusal
from engine.web.route import ROUTE

SAFE_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""The headers that every answer has."""

_OPEN = frozenset({"/healthz", "/readyz", "/openapi.json"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = re.compile(rb"Bearer +(\S+)", re.IGNORECASE)
_log = logging.getLogger(__name__)


class Gate:
    """All routes but `/healthz`, `/readyz` and `/openapi.json` ask for the token.

    Without a token they refuse what a web page may have sent; `hosts` are names of this engine.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, token: str, hosts: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._token = token.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def count(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                self._metrics.requests.labels(scope.get(ROUTE, "none"), message["status"]).inc()
                message = {**message, "headers": [*message["headers"], *SAFE_HEADERS]}
            await send(message)

        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server, which has its own, sends the head alone
        try:
            refused = self._refuse(scope)
            await (refused or self._app)(scope, receive, count)
        except ClientDisconnect:
            return  # there is nobody to answer
        except Exception:
            _log.exception("request broke", extra={"route": scope.get(ROUTE, "none")})
            if has_begun:
                raise
            broken = refusal("failed", "something broke inside the engine; its log says what")
            await broken(scope, receive, count)

    def _refuse(self, scope: Scope) -> Response | None:
        if scope["path"] in _OPEN and scope["method"] in _READING:
            return None
        headers = _headers_of(scope)
        if not self._token:
            why = browsers.refusal(scope["method"], headers, self._hosts)
            return refusal("forbidden", why) if why else None
        if self._is_token(headers.get("Authorization", "")):
            return None
        _log.warning("token refused")
        refused = refusal("unauthorized", "this engine wants its token: Authorization: Bearer TOKEN")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused

    def _is_token(self, header: str) -> bool:
        # Clients send letters outside ASCII as UTF-8, or as Latin-1.
        sent = header.encode("latin-1")
        given = [found[1] for each in (sent, header.encode()) if (found := _BEARER.fullmatch(each))]
        return any(hmac.compare_digest(each, self._token) for each in given)


def _headers_of(scope: Scope) -> dict[str, str]:
    """The headers by name, as `Some-Name`; one that is given several times has all its values."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").title(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
