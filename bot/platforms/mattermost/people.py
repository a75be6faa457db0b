"""People of the server: what they are called, and whether they belong to it.

Posts do not say of a guest, a bot or somebody from a connected server that they are one. The server is
asked once an hour and person, and never waited for long: an answer of the last day counts while it
gives none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import Clock, Evidence, Membership, Person, PlatformError, decide_membership
from bot.platforms.mattermost.config import NAME
from bot.platforms.mattermost.fields import ID, clean
from bot.platforms.mattermost.web_api import NOT_FOUND, MattermostRefusal, WebApi

FRESH_SECONDS = 60 * 60.0
BELIEVED_SECONDS = 24 * 60 * 60.0
# A server in trouble is not asked at every message.
PAUSE_SECONDS = 30.0
MOST_KNOWN = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the server describes them. Empty where it says nothing.

    `home`: the server that they belong to; `is_limited`: a guest, a bot, or no longer there.
    """

    name: str = ""
    home: str = ""
    is_limited: bool | None = None
    is_bot: bool = False


class People:
    """Remembers profiles. Safe to share between threads; nothing here raises.

    `web_api` should give up soon: a name is worth less than a quick answer.
    """

    def __init__(self, web_api: WebApi, tenant: str, clock: Clock) -> None:
        self._web_api = web_api
        self._tenant = tenant
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Profile, float]] = {}  # by user id, and when it was told
        self._paused_until = 0.0

    def with_name(self, person: Person) -> Person:
        """The person with a name, if the server tells one in time."""
        if person.name or not _is_known_by_id(person):
            return person
        return replace(person, name=self._profile(person.id).name)

    def membership_of(self, person: Person) -> Membership:
        """Whether the server knows them as a full member of its own."""
        if not _is_known_by_id(person):
            return Membership.UNKNOWN
        profile = self._profile(person.id)
        homes = {profile.home} if profile.home else set()
        return decide_membership(Evidence(homes, {self._tenant}, profile.is_limited))

    def is_bot(self, user_id: str) -> bool:
        """Whether the server says that this account is a bot's."""
        return self._profile(user_id).is_bot

    def _profile(self, user_id: str) -> Profile:
        now = self._clock.steady()
        with self._lock:
            known, told_at = self._known.get(user_id, (Profile(), float("-inf")))
            is_paused = now < self._paused_until
        if now - told_at < FRESH_SECONDS:
            return known
        profile = None if is_paused else self._ask(user_id)
        if profile is None:
            return known if now - told_at < BELIEVED_SECONDS else Profile()
        return self._remember(user_id, profile)

    def _ask(self, user_id: str) -> Profile | None:
        """The profile from the server; None where it gives no answer, and is then left alone for a while."""
        try:
            return _profile_in(self._web_api.read_user(user_id), self._tenant)
        except PlatformError as failed:
            if isinstance(failed, MattermostRefusal) and failed.status == NOT_FOUND:
                return Profile(is_limited=True)
            log.warning("mattermost_tells_nobody", extra={"reason": failed.reason})
            with self._lock:
                self._paused_until = self._clock.steady() + (failed.retry_after_seconds or PAUSE_SECONDS)
            return None

    def _remember(self, user_id: str, profile: Profile) -> Profile:
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[user_id] = profile, self._clock.steady()
        return profile


def _is_known_by_id(person: Person) -> bool:
    """Whether the server can be asked: who speaks by the clock has no account."""
    return person.platform == NAME and ID.fullmatch(person.id) is not None


def _profile_in(user: Mapping[str, Any], tenant: str) -> Profile:
    """A full member has a role, and none of the marks of a guest, a bot, a stranger or a deleted account."""
    name, roles, remote_id = user.get("username"), user.get("roles"), user.get("remote_id") or ""
    is_bot = user.get("is_bot", False) is not False
    is_told = isinstance(roles, str) and isinstance(remote_id, str)
    words = roles.split() if isinstance(roles, str) else []
    is_limited = is_bot or "system_guest" in words or bool(user.get("delete_at"))
    return Profile(
        name=clean(name) if isinstance(name, str) else "",
        home=(remote_id or tenant) if is_told else "",
        is_limited=True if is_limited else (False if "system_user" in words else None),
        is_bot=is_bot,
    )
