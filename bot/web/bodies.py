"""The body of a request: raw and within a limit, for signatures are over bytes; then what it holds."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

MOST_FIELDS = 200


class Unacceptable(Exception):
    """The request ends here, with this status. Sending it again cannot help."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def raw_body(limit_bytes: int) -> bytes:
    """The body of this request.

    Raises:
        Unacceptable: 413 for one that is longer, 400 for one that was never finished.
    """
    # One more than the limit, because a stream that is longer ends there without a word.
    request.max_content_length = limit_bytes + 1
    try:
        body = request.get_data() if (request.content_length or 0) <= limit_bytes else None
    except RequestEntityTooLarge:
        body = None
    except ClientDisconnected:
        raise Unacceptable(400) from None
    if body is None or len(body) > limit_bytes:
        raise Unacceptable(413)
    return body


def refuse_packed() -> None:
    """Turn away a body that would have to be inflated first.

    Raises:
        Unacceptable: 415.
    """
    if request.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}:
        raise Unacceptable(415)


def read_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body.

    Raises:
        Unacceptable: 400.
    """
    try:
        value = json.loads(body.decode())
    # Deep nesting ends in a RecursionError, all else wrong in a ValueError.
    except (ValueError, RecursionError):
        raise Unacceptable(400) from None
    if not isinstance(value, dict):
        raise Unacceptable(400)
    return value


def read_form(body: bytes, *, once: Collection[str] | None = None) -> dict[str, str]:
    """The fields of a form. What comes twice may be read in two ways, so each may come once.

    Of a field that is not among `once`, where that is given, the last counts.

    Raises:
        Unacceptable: 400.
    """
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Unacceptable(400) from None
    single = [name for name, _ in pairs if once is None or name in once]
    if len(set(single)) < len(single):
        raise Unacceptable(400)
    return dict(pairs)
