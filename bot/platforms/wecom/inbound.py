"""The common part of callbacks and long connections: messages, ratings and all else are taken.

A robot comes by HTTP or over its long connection, an application by HTTP: the same
message, the same inbox, the same words. Nothing here knows Flask.
"""

from __future__ import annotations

import logging

from bot.domain import (
    Answer,
    Channel,
    IncomingMessage,
    Reply,
    Surface,
    Vote,
)
from bot.domain import MessageKey as Key
from bot.platforms.host import Host
from bot.platforms.kit import RejectedMessages
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.parsed import (
    NAME,
    Declined,
    Feedback,
    Welcome,
)
from bot.platforms.wecom.wording import WecomWording, wecom_wording
from bot.store import StoreError

log = logging.getLogger(__name__)


class WecomInbound:
    """Takes parsed requests, and answers what can be answered at once."""

    def __init__(self, host: Host) -> None:
        self.intake = host.intake
        self.rejected = RejectedMessages.of(NAME, host)
        self._metrics = host.metrics
        self._progress = host.replies.progress
        self._language_of = host.language_of

    def words(self, channel: Channel) -> WecomWording:
        """The sentences in the channel's language; in Chinese where the store fails."""
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
            self.rejected.ignore(f"rated {feedback.verdict}")
            return
        self.intake.accept(
            IncomingMessage(
                channel=feedback.channel,
                person=feedback.person,
                keys=(feedback.key,),
                surface=Surface.ACTION,
                action=vote,
                address=WecomAddress(quiet="rating").to_mapping(),
                membership=feedback.membership,
            )
        )

    def put_aside(self, reading: Ignored | Quarantined, body: bytes) -> None:
        """Raises StoreError."""
        self.rejected.put_aside(reading, without_addresses(body))

    def count_delivery(self) -> None:
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
