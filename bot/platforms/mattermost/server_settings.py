"""The settings of the server that concern our posts: how long one may be."""

from __future__ import annotations

import logging
import threading

from bot.domain import Clock, PlatformError
from bot.platforms.mattermost.web_api import WebApi

FRESH_SECONDS = 60 * 60.0
PAUSE_SECONDS = 60.0
# Characters; what every server takes whose database is not a very old one.
USUAL_LIMIT = 16_383
_LEAST_LIMIT = 1_000

log = logging.getLogger(__name__)


class ServerSettings:
    """Asked once an hour, and never waited for long. Safe to share between threads; nothing here raises."""

    def __init__(self, web_api: WebApi, clock: Clock) -> None:
        self._web_api = web_api
        self._clock = clock
        self._lock = threading.Lock()
        self._limit = USUAL_LIMIT
        self._ask_at = float("-inf")

    def message_limit(self) -> int:
        """The number of characters that a message may have."""
        with self._lock:
            is_due = self._clock.steady() >= self._ask_at
            if is_due:
                self._ask_at = self._clock.steady() + PAUSE_SECONDS
        return self._ask() if is_due else self._limit

    def _ask(self) -> int:
        try:
            said = self._web_api.read_settings().get("MaxPostSize")
        except PlatformError as failed:
            log.warning("mattermost_tells_no_limits", extra={"reason": failed.reason})
            return self._limit
        digits = str(said)
        if digits.isascii() and digits.isdigit() and len(digits) < 8:  # noqa: PLR2004 - no number of characters
            self._limit = max(int(digits), _LEAST_LIMIT)
        with self._lock:
            self._ask_at = self._clock.steady() + FRESH_SECONDS
        return self._limit
