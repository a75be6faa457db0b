"""The HTTP client of WeCom: every call, with its limits, and the meaning of its error codes.

A call has a connect and a total time, reads a bounded number of bytes and follows no
redirect. What went wrong is judged by `errcode`, never by the sentence beside it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests

from bot.domain import PlatformError
from bot.network_errors import name_cause

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_LIMIT_BYTES = 256 * 1024

TOKEN_ERRORS = frozenset({40014, 42001})
_RATES = {45009: 60.0, 45033: 5.0}  # seconds; the platform names no time, its windows are minutes
_OPERATOR = {
    40001: "the secret is wrong (40001)",
    40013: "the corp id is wrong (40013)",
    40008: "the message type is unknown to the platform (40008); this is a bug",
    40058: "the platform refuses the message as malformed (40058)",
    81013: "nobody may receive this (81013): check who can see the application",
    93000: "the webhook's address is wrong (93000)",
}
_address_form = re.compile(r"from ip: ([0-9A-Fa-f.:]{2,45})")


class ErrorCode(PlatformError):
    """An answer that says no. `code` is the platform's."""

    def __init__(self, code: int, reason: str, **more: Any) -> None:
        super().__init__(reason, **more)
        self.code = code


class Unreached(PlatformError):
    """The request was not sent: there was no connection to send it over."""


def call(
    session: requests.Session,
    method: str,
    url: str,
    *,
    steady: Callable[[], float] = time.monotonic,
    **options: Any,
) -> dict[str, Any]:
    """The JSON object of the answer.

    Raises:
        ErrorCode: the answer's errcode is not 0.
        Unreached: there was no connection.
        PlatformError: there is no such answer.
    """
    started = steady()
    try:
        with session.request(
            method,
            url,
            timeout=(CONNECT_SECONDS, TOTAL_SECONDS),
            allow_redirects=False,
            stream=True,
            **options,
        ) as response:
            body = _body(response, deadline=started + TOTAL_SECONDS, steady=steady)
    except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as unreached:
        raise Unreached(f"WeCom is not reached: {name_cause(unreached)}") from None
    except requests.RequestException as broken:
        cause = name_cause(broken)
        if _was_refused(broken):
            raise Unreached(f"WeCom is not reached: {cause}") from None
        raise PlatformError(f"WeCom did not answer: {cause}", maybe_sent=True) from None
    return _check_answer(response.status_code, body)


def _body(response: requests.Response, *, deadline: float, steady: Callable[[], float]) -> bytes:
    body = b""
    for piece in response.iter_content(16_384):
        body += piece
        if len(body) > ANSWER_LIMIT_BYTES or steady() > deadline:
            raise PlatformError("WeCom's answer is too long or too slow", maybe_sent=True)
    return body


def _was_refused(broken: requests.RequestException) -> bool:
    reason = getattr(broken.args[0], "reason", None) if broken.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def _check_answer(status: int, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not 200 <= status < 300:  # noqa: PLR2004 - success
        # A proxy's page, a redirect: what became of the message behind it is not known.
        raise PlatformError(f"WeCom answered with status {status} and no result", maybe_sent=True)
    code = answer.get("errcode", 0)
    if code == 0:
        return answer
    raise _error(code if type(code) is int else 0, answer)


def _error(code: int, answer: Mapping[str, Any]) -> ErrorCode:
    if code == -1:
        return ErrorCode(code, "WeCom is busy (-1)")
    if code in _RATES:
        return ErrorCode(code, f"too many calls ({code})", retry_after_seconds=_RATES[code])
    if code in TOKEN_ERRORS:
        return ErrorCode(code, f"the access token is no longer valid ({code})")
    if code == 60020:  # noqa: PLR2004 - the platform's number
        found = _address_form.search(str(answer.get("errmsg", "")))
        where = found[1] if found else "the address of this machine"
        return ErrorCode(
            code, f"add {where} to the application's trusted addresses, 企业可信IP (60020)", permanent=True
        )
    if code in _OPERATOR:
        return ErrorCode(code, _OPERATOR[code], permanent=True)
    return ErrorCode(code, f"WeCom refused the call ({code})")
