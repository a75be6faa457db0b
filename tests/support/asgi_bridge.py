"""An ASGI application as a WSGI one, so that the clients of both programs' tests speak alike."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp

from engine.web.inside import ask_inside


class AsgiBridge:
    """Each request is answered without a socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = ask_inside(
            self._app,
            environ["REQUEST_METHOD"],
            f"{environ['REQUEST_URI'].partition('?')[0]}?{environ['QUERY_STRING']}",
            body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
            headers=_headers_in(environ),
        )
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [answer.body]


def _headers_in(environ: dict[str, Any]) -> list[tuple[str, str]]:
    given = [(key[5:], value) for key, value in environ.items() if key.startswith("HTTP_")]
    given += [(key, environ[key]) for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if key in environ]
    return [(key.replace("_", "-").lower(), value) for key, value in given]
