"""Comparing a secret with those that are known."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def is_one_of(given: bytes, known: Iterable[bytes]) -> bool:
    """Whether it is among these. All are compared, so that the time taken does not tell which one it is."""
    matches = [hmac.compare_digest(one, given) for one in known]
    return True in matches
