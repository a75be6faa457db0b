"""Parts that every platform needs: requests put aside, addresses that may be answered, tries that end."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from bot.domain import Delivery, Language, PlatformError
from bot.metrics import Metrics
from bot.platforms.host import Host, KeepRejected
from bot.platforms.payload import Ignored, Quarantined
from bot.store import StoreError
from bot.web.clock_skew import ClockWatch

log = logging.getLogger(__name__)

_NOT_SAVED: Mapping[Language, str] = {
    "en": "This could not be saved, please repeat it.",
    "zh": "没有保存成功，请再发一次。",
}


class RejectedMessages:
    """Counts, logs and keeps what does not reach the inbox from one platform."""

    def __init__(
        self, platform: str, *, quarantine: KeepRejected, clock_watch: ClockWatch, metrics: Metrics
    ) -> None:
        self._platform = platform
        self._quarantine = quarantine
        self._clock_watch = clock_watch
        self._metrics = metrics

    @classmethod
    def of(cls, platform: str, host: Host) -> RejectedMessages:
        return cls(platform, quarantine=host.quarantine, clock_watch=host.clock_watch, metrics=host.metrics)

    def note_authentic(self) -> None:
        """A request was signed with our key, at the right time."""
        self._clock_watch.saw(is_stale=False)

    def refuse(self, verdict: str, *, is_authentic: bool = False) -> None:
        """A request fails its proof; "stale" is a right signature at a wrong time: a replay, or a clock."""
        if verdict == "stale":
            self._clock_watch.saw(is_stale=True)
        if not is_authentic:
            self._metrics.auth_failed.labels(self._platform).inc()
        log.warning("auth_failed", extra={"platform": self._platform, "verdict": verdict})

    def ignore(self, reason: str) -> None:
        self._metrics.ignored.labels(self._platform, reason).inc()

    def put_aside(self, reading: Ignored | Quarantined, body: str) -> None:
        """Count it, and keep what could not be understood: `body` holds no credentials any more.

        Raises:
            StoreError
        """
        if isinstance(reading, Ignored):
            self.ignore(reading.reason)
            return
        self._metrics.quarantined.labels(self._platform).inc()
        log.warning("quarantined", extra={"platform": self._platform, "reason": reading.reason})
        self._quarantine(self._platform, reading.tenant, reading.reason, body)

    def not_stored(self, failed: StoreError) -> None:
        """A message is lost unless it comes again."""
        self._metrics.refused.labels(self._platform).inc()
        log.error("not stored", extra={"platform": self._platform, "reason": str(failed)})


class ResponseOrigins:
    """The origins to which replies may be sent, of the addresses that come with messages.

    Such an address comes from outside and is a credential: only one that begins with one of
    the allowed origins, character by character, is ever connected to, and none is logged.
    `path` is the form of what may follow, from its slash on.
    """

    def __init__(self, origins: Iterable[str], *, path: re.Pattern[str]) -> None:
        self._allowed = tuple(_origin(allowed) for allowed in origins)
        self._path = path

    def allow(self, url: str) -> bool:
        for origin in self._allowed:
            if url.startswith(origin + "/"):
                return self._path.fullmatch(url[len(origin) :]) is not None
        return False


@contextmanager
def twice_at_most(delivery: Delivery) -> Iterator[None]:
    """Make the second try the last, where nobody can look whether the first arrived."""
    try:
        yield
    except PlatformError as failed:
        if delivery.uncertain and failed.maybe_sent:
            raise PlatformError(
                f"{failed.reason}; it may have arrived twice", permanent=True, maybe_sent=True
            ) from failed
        raise


def not_saved(first: Language) -> str:
    """The sentence for who has to repeat it, in both languages: the channel's is in the failed store."""
    return " ".join(_NOT_SAVED[language] for language in sorted(_NOT_SAVED, key=lambda one: one != first))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
