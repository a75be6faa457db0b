"""Tokens that have an end: the next pair is asked for before it, and kept before it is used.

    two hours before its end ─► claimed ─► oauth.v2.access ─► kept
                                              └── refused for good ─► ended: install it again

Each refresh token is good once. So one process asks at a time; where its answer is lost, so is the
pair, the next try is refused, and the workspace has to install the app again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.domain import Clock, PlatformError
from bot.loop import Loop
from bot.platforms.slack.config import Slack
from bot.platforms.slack.web_api import SlackRefusal
from bot.platforms.slack.workspaces import ENDS, Workspaces
from bot.store.errors import StoreError
from bot.store.installations import Installation, Installations

LOOK_SECONDS = 60.0
AHEAD = timedelta(hours=2)
# What Slack says it is; for an answer that says nothing of it.
USUAL_SECONDS = 43_200
LONGEST_SECONDS = 366 * 24 * 3600
REFUSED_FOR_GOOD = ENDS | {"invalid_refresh_token"}

log = logging.getLogger(__name__)


class TokenRotation:
    """Looks every minute. Without a token that has an end it does nothing."""

    def __init__(
        self, slack: Slack, installations: Installations, workspaces: Workspaces, clock: Clock
    ) -> None:
        self._slack = slack
        self._installations = installations
        self._workspaces = workspaces
        self._clock = clock
        self._loop = Loop(self.step, LOOK_SECONDS, "slack-token-rotation")

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def step(self) -> None:
        """Renew what ends soon."""
        soon = self._clock.now() + AHEAD
        try:
            for one in self._installations.all():
                if one.refresh_token and one.expires_at is not None and one.expires_at <= soon:
                    self._renew(one)
        except StoreError as failed:
            log.warning("slack_tokens_not_renewed", extra={"reason": str(failed)})

    def renew(self, one: Installation) -> None:
        """Renew this one now, unless somebody else does. Whether it was, the next call shows."""
        try:
            self._renew(one)
        except StoreError as failed:
            log.warning("slack_tokens_not_renewed", extra={"reason": str(failed)})

    def _renew(self, one: Installation) -> None:
        if not self._installations.claim_renewal(one):
            return
        try:
            answer = self._ask(one.refresh_token)
        except SlackRefusal as refused:
            log.error(  # noqa: TRY400 - the code is all there is to say
                "slack_token_not_renewed", extra={"workspace": one.name, "code": refused.code[:100]}
            )
            if refused.code in REFUSED_FOR_GOOD:
                self._workspaces.end(one, refused.code)
            return
        except PlatformError as failed:
            log.warning("slack_token_not_renewed", extra={"workspace": one.name, "reason": failed.reason})
            return
        token, following = answer.get("access_token"), answer.get("refresh_token")
        if not (_is_token(token) and _is_token(following)):
            log.error("slack_token_not_renewed", extra={"workspace": one.name, "code": "no token"})
            return
        expires_at = read_expiry(answer, self._clock.now()) or one.expires_at
        if expires_at and self._installations.renew(one, str(token), str(following), expires_at):
            log.info("slack_token_renewed", extra={"workspace": one.name})

    def _ask(self, refresh_token: str) -> Mapping[str, Any]:
        answer = self._workspaces.make_api("").call_openly(
            lambda slack: slack.oauth_v2_access(
                client_id=self._slack.client_id,
                client_secret=self._slack.client_secret.get_secret_value(),
                grant_type="refresh_token",
                refresh_token=refresh_token,
            )
        )
        return answer.data if isinstance(answer.data, dict) else {}


def read_expiry(answer: Mapping[str, Any], now: datetime) -> datetime | None:
    """The expiry of the access token in an answer; None where it does not expire."""
    if not answer.get("refresh_token"):
        return None
    seconds = answer.get("expires_in")
    is_known = type(seconds) is int and 0 < seconds <= LONGEST_SECONDS
    return now + timedelta(seconds=seconds if is_known and isinstance(seconds, int) else USUAL_SECONDS)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isascii()
