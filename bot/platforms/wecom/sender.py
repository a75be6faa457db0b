"""Brings a reply to where it belongs in WeCom.

    robot, called back   ─► held until the platform asks ─► (never asked) its response address, once
    robot, connected     ─► the stream of its request ─► (too late) pushed into the chat
    application          ─► message/send, each carrying a mark so that the platform drops repeats
    webhook              ─► what nobody asked for, and files, in the group of a robot that is called back

What may have arrived and cannot be recognised by the platform is sent once more and then
given up, so that nobody sees it more than twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain import Channel, Clock, Delivery, Document, NotYet, PlatformError
from bot.platforms.kit import twice_at_most
from bot.platforms.wecom import passive_reply
from bot.platforms.wecom.address import WecomAddress
from bot.platforms.wecom.app_api import AppApi, FileKind, mark
from bot.platforms.wecom.client import TOKEN_ERRORS, ErrorCode
from bot.platforms.wecom.outlets import Outlets
from bot.platforms.wecom.parsed import NAME
from bot.platforms.wecom.presenter import Presenter
from bot.platforms.wecom.rendering import LATER, ROBOT
from bot.platforms.wecom.robot_api import RobotApi

# After the last moment at which the platform may still ask, so that no reply goes both outlets.
GRACE_SECONDS = 5.0
FILES: Mapping[str, FileKind] = {"image/png": "image", "image/jpeg": "image"}

log = logging.getLogger(__name__)

Content = Callable[[str], bytes | None]


class WecomPlatform:
    """WeCom as a platform: all configured outlets. Safe to share between threads.

    `content_of` finds the bytes of a document; None when they have expired.
    """

    name = NAME

    def __init__(self, outlets: Outlets, presenter: Presenter, clock: Clock, content_of: Content) -> None:
        self._outlets = outlets
        self._presenter = presenter
        self._clock = clock
        self._content_of = content_of

    def speaks_first(self, channel: Channel) -> bool:
        return not self._outlets.default_address(channel).is_empty

    def send(self, delivery: Delivery) -> str:
        """Send, as `Platform` says.

        Raises:
            NotYet: the platform comes and asks for it, or there is no connection yet, or not here.
            PlatformError
        """
        address = WecomAddress.from_mapping(delivery.address)
        if address.is_empty:  # nobody asked: a digest, the news of another model
            address = self._outlets.default_address(delivery.channel)
        if address.quiet:
            return ""  # a rating: the platform shows no answer to it
        delivery = replace(delivery, address=address.to_mapping())
        if address.webhook:
            return self._to_webhook(delivery, address)
        if address.app:
            return self._to_app(delivery, address)
        if address.robot in self._outlets.connected:
            return self._over_connection(delivery, address)
        return self._later(delivery, address)

    def _later(self, delivery: Delivery, address: WecomAddress) -> str:
        is_asked_for = bool(address.stream) and address.piece is None and not delivery.is_follow_up
        if is_asked_for and self._clock.steady() < address.until:
            raise NotYet(address.until + GRACE_SECONDS)
        if address.is_empty:
            raise PlatformError(
                "a robot that is called back can only answer: what nobody asked for needs a long connection, "
                "or a webhook in this group ([bot.wecom.webhook.NAME] channel)",
                permanent=True,
            )
        responses = self._outlets.later.get(address.robot)
        if responses is None:
            raise PlatformError("this robot is no longer configured", permanent=True)
        if not address.response_url:
            raise PlatformError("the message came without an address to answer to", permanent=True)
        responses.send(address.response_url, passive_reply.markdown(self._presenter.later(delivery)))
        return "later"

    def _over_connection(self, delivery: Delivery, address: WecomAddress) -> str:
        api = self._outlets.connected[address.robot]
        not_before = api.not_before(self._clock.steady())
        if not_before is not None:
            raise NotYet(not_before)
        delivery, content = self._with_file(delivery)
        request = "" if delivery.is_follow_up or address.piece is not None else address.request
        if request and address.task:
            self._update_over(api, delivery, request)
        elif request and address.stream:
            self._answer_over(api, delivery, request, address.stream)
        else:
            self._push(api, delivery)
        if content is not None and isinstance(delivery.reply, Document):
            media_id = api.upload(delivery.reply.name, content)
            with twice_at_most(delivery):
                api.push(delivery.channel, passive_reply.file(media_id))
        return ""

    def _answer_over(self, api: RobotApi, delivery: Delivery, request: str, stream: str) -> None:
        card = self._presenter.card_under(delivery)
        body = self._presenter.pieces(delivery, ROBOT, has_card=card is not None)
        # The same stream again replaces what it said, so this needs no care about what arrived.
        if api.answer(request, stream, body[0], card):
            self._push(api, delivery, body[1:])
        else:
            self._push(api, delivery)

    def _update_over(self, api: RobotApi, delivery: Delivery, request: str) -> None:
        spoken = self._presenter.on_press(delivery)
        if spoken is None or not api.update_card(request, spoken.message):
            self._push(api, delivery)
        elif spoken.rest is not None:
            self._push(api, delivery, self._presenter.pieces(delivery, LATER, has_card=True, is_late=True))

    def _push(self, api: RobotApi, delivery: Delivery, body: tuple[str, ...] | None = None) -> None:
        """Say `body`, or all that is left to say, where no card goes along."""
        if body is None:
            first = WecomAddress.from_mapping(delivery.address).first_piece
            body = self._presenter.pieces(delivery, ROBOT, has_card=False, is_late=not first)[first:]
        if not body:
            return
        with twice_at_most(delivery):
            for piece in body:
                api.push(delivery.channel, passive_reply.markdown(piece))

    def _to_app(self, delivery: Delivery, address: WecomAddress) -> str:
        delivery, content = self._with_file(delivery)
        reply = delivery.reply
        api = self._outlets.apps.get(address.app)
        if api is None:
            raise PlatformError("this application is no longer configured", permanent=True)
        is_card_all = False
        if address.task:
            is_card_all = self._update_card(api, delivery, address)
        receipt = ""
        if not is_card_all:
            card = None if address.task else self._presenter.card_under(delivery)
            body = self._presenter.for_app(delivery, has_card=card is not None or bool(address.task))
            for number, piece in enumerate(body):
                sent = api.send(address.user, passive_reply.markdown(piece + mark(delivery.id, number)))
                receipt = str(sent.get("msgid", ""))
            if card is not None:
                api.send(address.user, passive_reply.card(card))
        if content is not None and isinstance(reply, Document):
            media_id = api.upload(FILES.get(reply.media_type, "file"), reply.name, content)
            with twice_at_most(delivery):  # each upload has an id of its own, so no repeat is known by it
                api.send(address.user, passive_reply.file(media_id))
        return receipt

    def _update_card(self, api: AppApi, delivery: Delivery, address: WecomAddress) -> bool:
        """Bring the pressed card up to date; whether that says all there is to say."""
        spoken = self._presenter.on_press(delivery)
        if spoken is None or not address.response_code:
            return False
        try:
            api.update_card(address.response_code, spoken.message["template_card"], address.user)
        except ErrorCode as refused:
            if refused.code in TOKEN_ERRORS or refused.code == -1 or refused.retry_after_seconds:
                raise
            # Spent by a try of which we do not know, or expired: words follow instead.
            log.info("card_not_updated", extra={"delivery": delivery.id, "code": refused.code})
            return delivery.uncertain and spoken.rest is None
        return spoken.rest is None

    def _to_webhook(self, delivery: Delivery, address: WecomAddress) -> str:
        webhook = self._outlets.webhooks.get(address.webhook)
        if webhook is None:
            raise PlatformError("this webhook is no longer configured", permanent=True)
        delivery, content = self._with_file(delivery)
        is_told = bool(address.stream)  # the words stand there; only their file follows
        with twice_at_most(delivery):
            for piece in () if is_told else self._presenter.for_webhook(delivery):
                webhook.markdown(piece)
            if content is not None and isinstance(delivery.reply, Document):
                if delivery.reply.media_type in FILES:
                    webhook.image(content)
                else:
                    webhook.file(delivery.reply.name, content)
        return ""

    def _with_file(self, delivery: Delivery) -> tuple[Delivery, bytes | None]:
        """The bytes that go along; a document whose file does needs no address to fetch it from."""
        reply = delivery.reply
        if not isinstance(reply, Document):
            return delivery, None
        content = self._content_of(reply.id)
        return (delivery if content is None else replace(delivery, reply=replace(reply, link=""))), content
