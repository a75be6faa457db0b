"""Calls to the ASGI application from within this process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

Headers = Iterable[tuple[str, str]]


@dataclass(slots=True)
class InsideAnswer:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def ask_inside(
    app: ASGIApp, method: str, target: str, *, body: bytes = b"", headers: Headers = ()
) -> InsideAnswer:
    """The answer to one request; `target` is path and query as they stand in an address.

    It runs in a thread of its own: whoever asks may have an event loop going, and a thread runs one.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_ask(app, method, target, body, headers))).result()


async def _ask(app: ASGIApp, method: str, target: str, body: bytes, headers: Headers) -> InsideAnswer:
    answer = InsideAnswer()
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), _as_sent(value)) for name, value in headers],
        "client": None,
        "server": None,
        "state": {},
    }

    has_sent = False

    async def receive() -> Message:
        nonlocal has_sent
        if has_sent:
            await asyncio.Event().wait()  # in here, nobody hangs up
        has_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            ]
        elif method != "HEAD":
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def _as_sent(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
