"""Names of people in Slack, and whether they belong to the organisation that installed us.

Neither stands in every message: commands and clicks bring a name along, events do not, and nothing
says of a guest that they are one. Slack is asked once an hour and person, and never waited for
long: who changed a setting may be told by id, but must be told. An answer of the last day counts
while Slack gives none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.web import SlackResponse, WebClient

from bot.domain import Clock, Evidence, Language, Membership, Person, PlatformError, decide_membership
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.markup import clean
from bot.platforms.slack.web_api import SlackRefusal
from bot.platforms.slack.workspaces import Access, Workspaces
from bot.store import StoreError

FRESH_SECONDS = 60 * 60.0
BELIEVED_SECONDS = 24 * 60 * 60.0
# A Slack in trouble is not asked at every message; an app without the scope `users:read`, hardly ever.
PAUSE_SECONDS = 30.0
REFUSED_SECONDS = 10 * 60.0
MOST_KNOWN = 10_000
NOBODY_WE_MAY_KNOW = frozenset({"user_not_found", "user_not_visible"})
_LIMITED = ("is_restricted", "is_ultra_restricted")
_NOT_OURS = ("is_stranger", "deleted", "is_bot")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as Slack describes them. Empty where it says nothing."""

    name: str = ""
    homes: frozenset[str] = frozenset()
    is_limited: bool | None = None
    locale: str = ""


class People:
    """Remembers profiles. Safe to share between threads."""

    def __init__(self, workspaces: Workspaces, clock: Clock) -> None:
        self._workspaces = workspaces
        self._clock = clock
        self._lock = threading.Lock()
        # Each by the workspace that told it, which knows nothing of another's people.
        self._known: dict[tuple[str, str], tuple[Profile, float]] = {}  # and when it was told
        self._ours: dict[str, frozenset[str]] = {}
        self._paused_until: dict[str, float] = {}

    def with_name(self, person: Person) -> Person:
        """The person with a name, if Slack tells one in time. Never raises."""
        if person.platform != NAME or person.name:
            return person
        names = (self._profile(access, person).name for access in self._accesses(person.tenant))
        return replace(person, name=next(filter(None, names), ""))

    def membership_of(self, person: Person) -> Membership:
        """Whether Slack knows them as a full member of our organisation. Never raises."""
        if person.platform != NAME or not person.id:
            return Membership.UNKNOWN
        for access in self._accesses(person.tenant):
            profile = self._profile(access, person)
            if profile.homes:
                return decide_membership(
                    Evidence(profile.homes, self._organisations(access), profile.is_limited)
                )
        return Membership.UNKNOWN

    def language_of(self, person: Person) -> Language:
        """The one of our languages that they have set in Slack; English where none is known. Never raises."""
        for access in self._accesses(person.tenant):
            locale = self._profile(access, person).locale
            if locale:
                return "zh" if locale.startswith("zh") else "en"
        return "en"

    def is_told(self, user_id: str) -> bool:
        """Whether Slack says anything of this user, asked with the configured token."""
        return bool(self._profile(self._workspaces.configured, Person(NAME, "", user_id)).homes)

    def _accesses(self, tenant: str) -> tuple[Access, ...]:
        try:
            return self._workspaces.of(None, tenant)
        except StoreError as failed:
            log.warning("slack_tells_nobody", extra={"reason": str(failed)})
            return ()

    def _profile(self, access: Access, person: Person) -> Profile:
        now, key = self._clock.steady(), (access.key, person.key)
        with self._lock:
            known, told_at = self._known.get(key, (Profile(), float("-inf")))
        if now - told_at < FRESH_SECONDS:
            return known
        answer = self._call(access, lambda slack: slack.users_info(user=person.id, include_locale=True))
        if answer is None:
            return known if now - told_at < BELIEVED_SECONDS else Profile()
        return self._remember(key, _profile_in(answer.get("user")))

    def _organisations(self, access: Access) -> frozenset[str]:
        """The workspace that the token is of, and its enterprise; empty until Slack says."""
        if access.installation is not None:
            return _texts(access.installation.team_id, access.installation.enterprise_id)
        if access.key not in self._ours:
            answer = self._call(access, lambda slack: slack.auth_test())
            if answer is None:
                return frozenset()
            self._ours[access.key] = _texts(answer.get("team_id"), answer.get("enterprise_id"))
        return self._ours[access.key]

    def _call(
        self, access: Access, method: Callable[[WebClient], SlackResponse]
    ) -> Mapping[str, Any] | SlackResponse | None:
        """Slack's answer, {} for whom we may not know; None without one, and Slack is then left alone."""
        with self._lock:
            is_paused = self._clock.steady() < self._paused_until.get(access.key, 0.0)
        if is_paused or not access.web_api.has_token:
            return None
        try:
            return access.web_api.call(method)
        except PlatformError as failed:
            if isinstance(failed, SlackRefusal) and failed.code in NOBODY_WE_MAY_KNOW:
                return {}
            log.warning("slack_tells_nobody", extra={"reason": failed.reason})
            pause = REFUSED_SECONDS if failed.permanent else (failed.retry_after_seconds or PAUSE_SECONDS)
            with self._lock:
                self._paused_until[access.key] = self._clock.steady() + pause
            return None

    def _remember(self, key: tuple[str, str], profile: Profile) -> Profile:
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = profile, self._clock.steady()
        return profile


def _profile_in(user: object) -> Profile:
    """Guests have a flag that is true; a full member has each of them, and false."""
    if not isinstance(user, Mapping):
        return Profile()
    name, enterprise, locale = user.get("name"), user.get("enterprise_user"), user.get("locale")
    enterprise_id = enterprise.get("enterprise_id") if isinstance(enterprise, Mapping) else None
    flags = [user.get(flag) for flag in _LIMITED] + [user.get(flag, False) for flag in _NOT_OURS]
    is_full = all(flag is False for flag in flags)
    return Profile(
        name=clean(name) if isinstance(name, str) else "",
        homes=_texts(user.get("team_id"), enterprise_id),
        is_limited=False if is_full else (True in flags) or None,
        locale=locale if isinstance(locale, str) else "",
    )


def _texts(*values: object) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str) and value)
