"""What WeCom's ways in have in common: taking messages, ratings and what is no message.

A robot comes by HTTP or over its long connection, an application by HTTP: the same
message, the same inbox, the same words. Nothing here knows Flask.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.domain import (
    Answer,
    Channel,
    Delivery,
    IncomingMessage,
    Language,
    Reply,
    Surface,
    Vote,
)
from bot.domain import MessageKey as Key
from bot.metrics import Metrics
from bot.platforms.wecom.parsed import (
    NAME,
    Declined,
    Feedback,
    Ignored,
    Quarantined,
    Welcome,
)
from bot.platforms.wecom.wording import WecomWording, wecom_wording
from bot.store import Accepted, Progress, StoreError
from bot.web.clock_skew import ClockWatch

log = logging.getLogger(__name__)


class Reception(Protocol):
    """Where messages are handed in. Both raise StoreError when a message could not be stored."""

    def accept(self, message: IncomingMessage) -> Accepted: ...

    def answer_within(
        self,
        message: IncomingMessage,
        *,
        wait_seconds: float,
        rest_of: Callable[[Delivery], Mapping[str, str] | None],
    ) -> tuple[Accepted, Delivery | None]: ...


class Desk:
    """`progress` finds a message of this platform by one of its keys, as `Answers.progress` does."""

    def __init__(
        self,
        *,
        reception: Reception,
        progress: Callable[[str, str, Key], Progress | None],
        language_of: Callable[[Channel], Language],
        quarantine: Callable[[str, str, str, str], None],
        clock: ClockWatch,
        metrics: Metrics,
    ) -> None:
        self.reception = reception
        self._clock = clock
        self._progress = progress
        self._language_of = language_of
        self._quarantine = quarantine
        self._metrics = metrics

    def words(self, channel: Channel) -> WecomWording:
        """In the channel's language; in Chinese where the store does not say."""
        try:
            return wecom_wording(self._language_of(channel))
        except StoreError:
            return wecom_wording("zh")

    def welcome(self, welcome: Welcome) -> str:
        return self.words(welcome.channel).welcome

    def decline(self, declined: Declined) -> str:
        words = self.words(declined.channel)
        return words.declined.format(media=words.media[declined.media])

    def rate(self, feedback: Feedback) -> None:
        """Thumbs are about a whole answer: they are a vote where it showed one match, else only counted.

        Raises:
            StoreError
        """
        vote = self._vote_of(feedback)
        if vote is None:
            self.ignore(f"rated {feedback.verdict}")
            return
        self.reception.accept(
            IncomingMessage(
                channel=feedback.channel,
                person=feedback.person,
                keys=(feedback.key,),
                surface=Surface.ACTION,
                action=vote,
                address={"quiet": "rating"},
            )
        )

    def put_aside(self, reading: Ignored | Quarantined, body: bytes) -> None:
        """Raises StoreError."""
        if isinstance(reading, Ignored):
            self.ignore(reading.reason)
            return
        self._metrics.quarantined.labels(NAME).inc()
        log.warning("quarantined", extra={"platform": NAME, "reason": reading.reason})
        self._quarantine(NAME, reading.tenant, reading.reason, without_addresses(body))

    def ignore(self, reason: str) -> None:
        self._metrics.ignored.labels(NAME, reason).inc()

    def opened(self) -> None:
        self._clock.saw(is_stale=False)

    def refuse(self, step: str, *, is_authentic: bool = False) -> None:
        if step == "stale":
            self._clock.saw(is_stale=True)
        if not is_authentic:
            self._metrics.auth_failed.labels(NAME).inc()
        log.warning("auth_failed", extra={"platform": NAME, "verdict": step})

    def not_stored(self, failed: StoreError) -> None:
        self._metrics.refused.labels(NAME).inc()
        log.error("not stored", extra={"platform": NAME, "reason": str(failed)})

    def delivered(self) -> None:
        self._metrics.delivered.labels(NAME, "response").inc()

    def _vote_of(self, feedback: Feedback) -> Vote | None:
        if feedback.verdict == "withdrawn":
            return None
        progress = self._progress(NAME, feedback.channel.tenant, Key("stream", feedback.name))
        rated = next(
            (kept.reply for kept in progress.replies if _shows_one_match(kept.reply))
            if progress
            else iter(()),
            None,
        )
        # A name that belongs to another room is nobody's here.
        if progress is None or progress.message.channel != feedback.channel or not isinstance(rated, Answer):
            return None
        verdict = feedback.verdict
        return Vote(
            rated.id, rated.matches[0].entry_id, "helpful" if verdict == "accurate" else "not helpful"
        )


def _shows_one_match(reply: Reply) -> bool:
    return isinstance(reply, Answer) and len(reply.matches) == 1


def without_addresses(body: bytes) -> str:
    """The body for people to look at; a response address is a credential, so from there on it is cut."""
    text = body.decode(errors="replace")
    at = min(
        (found for word in ("response_url", "ResponseCode") if (found := text.find(word)) >= 0), default=-1
    )
    return text if at < 0 else f"{text[:at]}…"
