"""What people are called in Slack, for messages that carry an id alone.

Commands and clicks bring the name along, events do not. It is asked for once a day and
person, and never waited for long: who changed a setting may be told by id, but must be told.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace

from bot.domain import Clock, Person, PlatformError
from bot.platforms.slack.markup import clean
from bot.platforms.slack.parser import NAME
from bot.platforms.slack.web_api import SlackRefusal, WebApi

KNOWN_SECONDS = 24 * 60 * 60.0
# An app installed before it asked for `users:read`, or a Slack in trouble: the ids must do for a while.
PAUSE_SECONDS = 10 * 60.0
MOST_KNOWN = 10_000
NOBODY_WE_MAY_KNOW = frozenset({"user_not_found", "user_not_visible"})

log = logging.getLogger(__name__)


class People:
    """Remembers names. Safe to share between threads."""

    def __init__(self, web_api: WebApi, clock: Clock) -> None:
        self._web_api = web_api
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}  # the name, and until when it is believed
        self._paused_until = 0.0

    def named(self, person: Person) -> Person:
        """The person with a name, if Slack tells one in time. Never raises."""
        if person.platform != NAME or person.name or not self._web_api.has_token:
            return person
        now = self._clock.steady()
        with self._lock:
            name, believed_until = self._known.get(person.key, ("", 0.0))
            is_paused = now < self._paused_until
        if now >= believed_until:
            if is_paused:
                return person
            name = self._ask(person)
        return replace(person, name=name)

    def _ask(self, person: Person) -> str:
        try:
            user = self._web_api.call(lambda slack: slack.users_info(user=person.id)).get("user")
        except PlatformError as failed:
            if not (isinstance(failed, SlackRefusal) and failed.code in NOBODY_WE_MAY_KNOW):
                log.warning("slack_tells_no_names", extra={"reason": failed.reason})
                with self._lock:
                    self._paused_until = self._clock.steady() + PAUSE_SECONDS
                return ""
            user = None
        name = user.get("name") if isinstance(user, Mapping) else None
        return self._remember(person.key, clean(name) if isinstance(name, str) else "")

    def _remember(self, key: str, name: str) -> str:
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = name, self._clock.steady() + KNOWN_SECONDS
        return name
