"""A delivery in WeCom's words: the stream, the card under it, the card that was pressed.

Pure but for one look at an answer given earlier: every attempt at a delivery says the
same. A piece of a reply is named in the address of a delivery (`piece`), because a reply
that does not fit goes out in two ways: the first piece where it was asked for, the rest
as a later reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain import Answer, Channel, Delivery, Document, Text
from bot.platforms.wecom import cards
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.app_api import MARK_BYTES
from bot.platforms.wecom.fields import is_group
from bot.platforms.wecom.passive_reply import Message, finish_stream
from bot.platforms.wecom.rendering import APP, LATER, ROBOT, WEBHOOK, Place, fitting, only_piece, pieces

Recall = Callable[[Channel, str], Answer | None]


@dataclass(frozen=True, slots=True)
class Presentation:
    """An answer on the spot. `rest`: what the address of the remainder says besides; None: that was all."""

    message: Message
    rest: Mapping[str, str] | None = None


class Presenter:
    """`name` is what a group writes before a command; `recall` finds an answer of a channel by its id.

    `webhooks` are those that stand in a group, by the key of its channel.
    """

    def __init__(self, recall: Recall, *, name: str, webhooks: Mapping[str, str]) -> None:
        self._recall = recall
        self._name = name
        self._webhooks = webhooks

    def in_stream(self, delivery: Delivery) -> Presentation:
        """The end of the stream that answers a message, with a dial where there is one to turn."""
        card = self.card_under(delivery)
        body = self.pieces(delivery, ROBOT, has_card=card is not None)
        rest = WecomAddress(piece=1).to_mapping() if len(body) > 1 else self._file_by_webhook(delivery)
        message = finish_stream(WecomAddress.from_mapping(delivery.address).stream, body[0], card)
        return Presentation(message, rest=rest)

    def on_press(self, delivery: Delivery) -> Presentation | None:
        """The pressed card as it is now; None when there is no card any more, and words must do.

        A card shows no matches, so those that the press brought up are still to be said.
        """
        reply, task = delivery.reply, WecomAddress.from_mapping(delivery.address).task
        if isinstance(reply, Answer):
            card = cards.dial(fitting(reply, _place(delivery, LATER)), task)
            return Presentation(cards.update_card(card), rest=WecomAddress(piece=0).to_mapping())
        if not isinstance(reply, Text):
            return None
        if reply.dial is not None:
            card = cards.threshold_card(reply.dial, reply.language, task, says=reply.body)
            return Presentation(cards.update_card(card))
        answer = self._recall(delivery.channel, cards.answer_named(task))
        if answer is None:
            return None
        # A thank-you or a refusal is for who pressed; the others keep their card as it is.
        card = cards.dial(answer, task, says=reply.body)
        return Presentation(cards.update_card(card, only_for=delivery.person.id if delivery.person else ""))

    def later(self, delivery: Delivery) -> str:
        """All that is left to say in one message without a card; too much is cut, and says so."""
        first = WecomAddress.from_mapping(delivery.address).first_piece
        # The rest of a stream is parted as the stream was.
        body = self.pieces(delivery, ROBOT if first else LATER, has_card=False, is_late=not first)
        return only_piece(body[min(first, len(body) - 1) :], delivery.reply.language)

    def pieces(
        self, delivery: Delivery, place: Place, *, has_card: bool, is_late: bool = False
    ) -> tuple[str, ...]:
        mention = f"@{self._name} " if is_group(delivery.channel) and self._name else ""
        return pieces(
            delivery.reply, place, delivery.decided_at, mention=mention, has_card=has_card, is_late=is_late
        )

    def for_app(self, delivery: Delivery, *, has_card: bool) -> tuple[str, ...]:
        """The pieces for an application, with room for the mark by which the platform knows a piece again."""
        marked = replace(APP, limit_bytes=APP.limit_bytes - MARK_BYTES)
        return self.pieces(delivery, marked, has_card=has_card, is_late=delivery.is_follow_up)

    def for_webhook(self, delivery: Delivery) -> tuple[str, ...]:
        return self.pieces(delivery, WEBHOOK, has_card=True)

    def _file_by_webhook(self, delivery: Delivery) -> Mapping[str, str] | None:
        """A stream holds no file; a webhook in the same group brings it after the words and the link."""
        name = self._webhooks.get(delivery.channel.key, "")
        has_way = name and isinstance(delivery.reply, Document)
        return WecomAddress(webhook=name).to_mapping() if has_way else None

    def card_under(self, delivery: Delivery) -> dict[str, Any] | None:
        """The dial that belongs under a reply to a message; a message has at most one card."""
        reply, address = delivery.reply, WecomAddress.from_mapping(delivery.address)
        unique = address.stream.removeprefix("s-")[:32] or address.message
        if not unique:
            return None
        if isinstance(reply, Answer):
            return cards.dial(fitting(reply, _place(delivery, ROBOT)), cards.task_id(reply.id, unique))
        if isinstance(reply, Text) and reply.dial is not None:
            task = cards.task_id("", unique)
            return cards.threshold_card(reply.dial, reply.language, task)
        return None


def _place(delivery: Delivery, of_robot: Place) -> Place:
    """The limits of the message that a card's matches stand in."""
    return APP if WecomAddress.from_mapping(delivery.address).app else of_robot
