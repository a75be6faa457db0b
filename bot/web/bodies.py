"""The raw body of a request, within a limit: signatures are over bytes, and bytes cost memory."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge


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
