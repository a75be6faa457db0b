"""The stream that answers a message to a robot: now, or when the platform asks again.

    POST message ─► answered within two seconds ─► finished
                    not yet                     ─► placeholder ─► POST stream, once a second ─► finished
    POST the same message again ─► the same stream, as far as it is by now

What a poll says comes from the store alone, so any process may answer any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain import Channel, Clock, Delivery, IncomingMessage, MessageKey
from bot.domain.pipeline import IN_RESPONSE
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.inbound import WecomInbound
from bot.platforms.wecom.parsed import NAME, Poll
from bot.platforms.wecom.passive_reply import (
    Message,
    continue_stream,
    finish_stream,
    rateable,
)
from bot.platforms.wecom.presenter import Presentation, Presenter
from bot.platforms.wecom.wording import WecomWording
from bot.store import MessageProgress, ReplyProgress, StoredReply

# The platform gives up after five, and takes that for a lost call.
MESSAGE_SECONDS = 2.0
PRESS_SECONDS = 3.5
# The platform asks for six minutes; half a minute is left to say that the answer follows.
STREAM_SECONDS = 330.0
IN_STREAM = "in the stream"


class Streams:
    """Every method raises StoreError where the store does not answer."""

    def __init__(
        self, inbound: WecomInbound, answers: ReplyProgress, presenter: Presenter, clock: Clock
    ) -> None:
        self._inbound = inbound
        self._answers = answers
        self._presenter = presenter
        self._clock = clock

    def answer(self, message: IncomingMessage) -> Message:
        """Take a message, or a repeat of it."""
        until = self._clock.steady() + STREAM_SECONDS
        address = replace(WecomAddress.from_mapping(message.address), until=until)
        message = replace(message, address=address.to_mapping())
        spoken = self._ask(message, self._presenter.in_stream, MESSAGE_SECONDS)
        if spoken is not None:
            return rateable(spoken.message)
        return rateable(self._so_far(message.channel, address.stream))

    def poll(self, poll: Poll) -> Message:
        return self._so_far(poll.channel, poll.stream)

    def press(self, message: IncomingMessage) -> Message | None:
        """Take a press; the card as it is then, or None when that has to be said in words, later."""
        spoken = self._ask(message, self._presenter.on_press, PRESS_SECONDS)
        return spoken.message if spoken else None

    def decline(self, stream: str, sentence: str) -> Message:
        return finish_stream(stream, sentence)

    def _ask(
        self, message: IncomingMessage, speak: Callable[[Delivery], Presentation | None], wait_seconds: float
    ) -> Presentation | None:
        spoken: list[Presentation | None] = []

        def rest_of(delivery: Delivery) -> Mapping[str, str] | None:
            spoken.append(speak(delivery))
            # What has no place in this answer is still to be said.
            return spoken[0].rest if spoken[0] else WecomAddress(piece=0).to_mapping()

        _, delivery = self._inbound.intake.answer_within(message, wait_seconds=wait_seconds, rest_of=rest_of)
        return spoken[0] if delivery is not None else None

    def _so_far(self, channel: Channel, stream: str) -> Message:
        progress = self._answers.progress(NAME, channel.tenant, MessageKey("stream", stream))
        words = self._inbound.words(channel)
        if progress is None or progress.message.channel != channel:
            return finish_stream(stream, words.unknown_stream)
        said = next((kept for kept in progress.replies if kept.receipt in {IN_STREAM, IN_RESPONSE}), None)
        if said is not None:
            return self._say_again(said) or continue_stream(stream, words.looking)
        if self._clock.steady() >= WecomAddress.from_mapping(progress.message.address).until:
            return finish_stream(stream, words.later)
        waiting = next((kept for kept in progress.replies if kept.state == "waiting"), None)
        if waiting is not None:
            return self._collect(waiting) or continue_stream(stream, words.looking)
        silence = _silence(progress, words)
        return finish_stream(stream, silence) if silence else continue_stream(stream, words.looking)

    def _say_again(self, said: StoredReply) -> Message | None:
        """A reply that went out; None where it turns out that its response went without it."""
        if said.receipt == IN_RESPONSE and not self._answers.confirm(said.delivery.id, IN_STREAM):
            return None
        return self._presenter.in_stream(said.delivery).message

    def _collect(self, waiting: StoredReply) -> Message | None:
        spoken = self._presenter.in_stream(waiting.delivery)
        if not self._answers.collect(waiting.delivery.id, IN_STREAM, rest=spoken.rest):
            return None
        self._inbound.count_delivery()
        return spoken.message


def _silence(progress: MessageProgress, words: WecomWording) -> str:
    """The sentence on a message that will never be answered; "" for one that may be."""
    if any(kept.state == "sending" for kept in progress.replies):
        return ""
    return {"dead": words.failed, "throttled": words.too_busy}.get(progress.state, "")
