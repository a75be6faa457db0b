"""Proof that a request comes from Slack.

Our own and not the SDK's, whose verifier raises on a timestamp that is no number, on a
body that is not UTF-8 and on a signature that is not ASCII: all three are an attacker's
to choose. This one works on bytes and answers, whatever it is given.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from hashlib import sha256

from bot.platforms.constant_time import is_one_of

FRESH_SECONDS = 300

_timestamp_form = re.compile(r"[0-9]{10}")
_signature_form = re.compile(r"v0=[0-9a-f]{64}")


class Verdict(StrEnum):
    """The worth of a signature. Only AUTHENTIC may be read; to the sender all others look the same.

    STALE is a right signature at a wrong time: a replay, or a clock that is off (many
    of them together mean the clock).
    """

    AUTHENTIC = "authentic"
    MALFORMED = "malformed"
    FORGED = "forged"
    STALE = "stale"


class Verifier:
    """Knows the signing secrets: two of them while one is being replaced."""

    def __init__(self, secrets: Sequence[str], now: Callable[[], float]) -> None:
        # An empty secret is one that everybody knows.
        self._secrets = tuple(secret.encode() for secret in secrets if secret)
        self._now = now

    def verdict(self, body: bytes, timestamp: str | None, signature: str | None) -> Verdict:
        """Judge the raw body by its two headers (None: missing). Never raises."""
        if not _timestamp_form.fullmatch(timestamp or "") or not _signature_form.fullmatch(signature or ""):
            return Verdict.MALFORMED
        if not self._is_signed(body, str(timestamp), str(signature)):
            return Verdict.FORGED
        if abs(int(self._now()) - int(str(timestamp))) > FRESH_SECONDS:
            return Verdict.STALE
        return Verdict.AUTHENTIC

    def _is_signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        expected = (sign(secret, body, timestamp).encode() for secret in self._secrets)
        return is_one_of(signature.encode(), expected)


def sign(secret: bytes, body: bytes, timestamp: str) -> str:
    """The signature Slack would send."""
    return "v0=" + hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
