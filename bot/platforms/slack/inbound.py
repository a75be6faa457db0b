"""What Slack's two ways in have in common: taking what was read, and keeping what was not understood.

By HTTP or over Socket Mode comes the same payload, and goes to the same inbox.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from bot.domain import IncomingMessage
from bot.platforms.host import Intake
from bot.platforms.kit import RejectedMessages, not_saved
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.parser import NAME, RATE_LIMITED, Reading, without_credentials

log = logging.getLogger(__name__)


class Inbound:
    """Takes readings. Safe to share between threads."""

    def __init__(self, intake: Intake, rejected: RejectedMessages) -> None:
        self.intake = intake
        self.rejected = rejected

    def take(self, reading: Reading, payload: Mapping[str, Any]) -> None:
        """Store it, whichever it is; `payload` is what it was read from.

        Raises:
            StoreError: it is not stored.
        """
        if isinstance(reading, IncomingMessage):
            self.intake.accept(reading)
        elif isinstance(reading, Ignored | Quarantined):
            self.rejected.put_aside(reading, without_credentials(payload))
        if reading == Ignored(RATE_LIMITED):
            log.error("slack holds back events", extra={"platform": NAME})


def say_not_saved() -> dict[str, Any]:
    """Commands and clicks are never sent again, so the person has to hear it."""
    return {"response_type": "ephemeral", "replace_original": False, "text": not_saved("en")}
