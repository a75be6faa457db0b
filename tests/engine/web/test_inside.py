"""An application is asked from within, whatever the thread that asks is doing."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from engine.web.inside import InsideAnswer, ask_inside


async def _echo(request: Request) -> Response:
    body = (await request.body()).decode()
    return PlainTextResponse(f"{request.method} {request.url.path} {request.query_params} {body}")


def _asked() -> InsideAnswer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await _echo(request))(scope, receive, send)

    return ask_inside(app, "POST", "/a%20b?c=d", body=b"e", headers=[("X-Of", "ours")])


def test_what_was_asked_arrives_whole() -> None:
    answer = _asked()
    assert (answer.status, answer.body) == (200, b"POST /a b c=d e")


def test_a_thread_whose_event_loop_runs_may_ask() -> None:
    """As after a browser, which leaves its loop in the thread that drove it."""

    async def within() -> bytes:
        return _asked().body

    assert asyncio.run(within()) == b"POST /a b c=d e"
