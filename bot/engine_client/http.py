"""One HTTP exchange with the engine: a request out, and its whole answer or an `EngineError` back.

It ends in time however slowly the engine answers, reads no more than `ANSWER_BYTES`, and says
in our own words what a refusal means.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import requests
from pydantic import ValidationError
from requests.adapters import BaseAdapter

from bot.domain import EngineError
from bot.engine_client.shapes import ErrorShape, ReadyShape, read_json
from bot.engine_client.transport import WholeAnswerTimeout
from bot.network_errors import name_cause

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 4.0  # from the sent request to the last byte: five in all
ANSWER_BYTES = 8 * 1024 * 1024
PIECE_BYTES = 64 * 1024
CONNECTIONS = 16
# Requests without their bodies: nearly all are questions, and each entry has an address of its own.
MOST_PREPARED = 32

# What the engine's codes mean to us. Whatever is not here and not 429 or 5xx is our own mistake.
MEANINGS = {
    "unknown_knowledge_base": "unknown_knowledge_base",
    "unknown_entry": "unknown_entry",
    "foreign_entry": "foreign_entry",
    "unknown_wording": "unknown_wording",
    "wording_taken": "wording_taken",
    "entry_changed": "entry_changed",
    "snapshot_gone": "snapshot_gone",
    "snapshot_behind": "snapshot_behind",
    "no_snapshot": "no_snapshot",
    # The engine is there and cannot do this one thing. Whoever asked is told; nobody else waits.
    "failed": "failed",
}
SUCCESSES = range(200, 300)
UNAUTHORIZED, TOO_MANY_REQUESTS, SERVER_ERROR = 401, 429, 500


class Http:
    """The engine's address and our way to it. Safe to use from several threads."""

    def __init__(self, url: str, *, token: str, transport: BaseAdapter | None, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._url = url.rstrip("/")
        self._token = token.encode()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between the two programs
        self._session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        adapter = transport or WholeAnswerTimeout(pool_connections=1, pool_maxsize=CONNECTIONS)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        self._bare = lru_cache(maxsize=MOST_PREPARED)(self._prepare)

    def close(self) -> None:
        self._session.close()

    def seconds_for(self, seconds: float | None) -> float:
        """The timeout of an answer in seconds: the configured one, or `seconds` where that is longer."""
        return max(self._answer_seconds, seconds or 0.0)

    def send(
        self,
        method: str,
        path: str,
        *,
        seconds: float | None = None,
        within: float | None = None,
        also: Collection[int] = (),
        **options: Any,
    ) -> bytes:
        """The body of a successful answer, or of one with another status that is wanted.

        `seconds` allows more than usual, `within` less, when that is all that is left.
        """
        started = time.monotonic()
        seconds = min(self.seconds_for(seconds), within or float("inf"))
        try:
            try:
                return self._exchange(method, path, seconds, also, options)
            except requests.ConnectionError as error:
                left = started + seconds - time.monotonic()
                if left <= 0 or not _was_reset(error):
                    raise
                # The engine closed an idle connection just as we took it. All calls may be repeated.
                return self._exchange(method, path, left, also, options)
        except requests.RequestException as error:
            raise EngineError("away", f"the engine did not answer: {name_cause(error)}") from error

    def _exchange(
        self, method: str, path: str, seconds: float, also: Collection[int], options: Mapping[str, Any]
    ) -> bytes:
        with self._session.send(
            self._request(method, path, **options),
            timeout=(min(CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = _read(response)
            if response.status_code in SUCCESSES or response.status_code in also:
                return body
            # A refusal is quoted to the operator and kept with what it refused.
            raise _error(response.status_code, body.replace(self._token, b"...") if self._token else body)

    def _request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        json: Any = None,
    ) -> requests.PreparedRequest:
        request = self._bare(method, path).copy()
        if params:
            request.prepare_url(request.url, params)
        request.headers.update(headers or {})
        request.prepare_body(data, None, json)
        return request

    def _prepare(self, method: str, path: str) -> requests.PreparedRequest:
        """The part of a request that is the same each time, and takes far longer than its body."""
        return self._session.prepare_request(requests.Request(method, self._url + path))


def _read(response: requests.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise EngineError("away", "the engine's answer was not one: it is compressed")
    body = bytearray()
    for piece in response.iter_content(PIECE_BYTES):
        body += piece
        if len(body) > ANSWER_BYTES:
            raise EngineError("away", f"the engine's answer was not one: over {ANSWER_BYTES} bytes")
    return bytes(body)


def _error(status: int, body: bytes) -> EngineError:
    if status == UNAUTHORIZED:
        return EngineError(
            "refused", "the engine refuses our token; is [bot] engine_token its [engine] token?"
        )
    try:
        said = read_json(ErrorShape, body).error
    except ValidationError:
        return EngineError("away", _without_error(status, body))
    if said.code in MEANINGS:
        return EngineError(MEANINGS[said.code], said.message, details=said.details)
    if status == TOO_MANY_REQUESTS or status >= SERVER_ERROR:
        return EngineError("away", f"the engine answered {status}: {said.message}")
    return EngineError("refused", f"the engine answered {status}: {said.message}")


def _without_error(status: int, body: bytes) -> str:
    """The reason in a refusal that is none of the engine's errors: it may be its readiness."""
    try:
        ready = read_json(ReadyShape, body)
    except ValidationError:
        return f"the engine's answer was not one: {status} without a reason"
    so_far = f" ({ready.progress.done} of {ready.progress.total} embedded)" if ready.progress else ""
    return f"the engine is not ready ({ready.state}): {ready.reason or 'it does not say why'}{so_far}"


def _was_reset(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "args", (None,))[-1], ConnectionError) and not isinstance(
        error, requests.Timeout
    )
