"""Inbound posts from outgoing webhooks: a second source beside the WebSocket, for public channels alone.

    we are in the channel    ─► stored ─► a post of ours in the thread, as for what comes over the WebSocket
    we are not               ─► stored, waited for ─► a comment within the request, by who made the hook

The server sends each post once and never again, and has nowhere to put an answer once its request is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain import Channel, IncomingMessage, Language
from bot.platforms.host import Intake
from bot.platforms.kit import RejectedMessages
from bot.platforms.mattermost import mentions
from bot.platforms.mattermost.http_parser import read_hook, without_credentials
from bot.platforms.mattermost.identity import Identity
from bot.platforms.mattermost.inbound import NOT_IN_CHANNEL, Inbound
from bot.platforms.mattermost.markup import inert
from bot.platforms.mattermost.presenter import Post
from bot.platforms.mattermost.responses import JsonObject, Responses, answer_to_hook
from bot.platforms.mattermost.web_api import NOT_ALLOWED, NOT_FOUND, MattermostRefusal, WebApi
from bot.platforms.mattermost.wording import MattermostWording, mattermost_wording
from bot.platforms.payload import Ignored, Quarantined
from bot.store import StoreError

# Old servers cut an integration off after three.
COMMENT_SECONDS = 2.5


class OutgoingHooks:
    """Safe to share between threads."""

    def __init__(
        self,
        web_api: WebApi,
        identity: Identity,
        tenant: str,
        *,
        inbound: Inbound,
        intake: Intake,
        rejected: RejectedMessages,
        responses: Responses,
        language_of: Callable[[Channel], Language],
    ) -> None:
        self._web_api = web_api
        self._identity = identity
        self._tenant = tenant
        self._inbound = inbound
        self._intake = intake
        self._rejected = rejected
        self._responses = responses
        self._language_of = language_of

    def take(self, payload: Mapping[str, Any]) -> JsonObject:
        """Take an authentic payload; the body of the answer, empty where nothing is to be said within it.

        Raises:
            StoreError, PlatformError: it is not stored.
        """
        reading = read_hook(payload, tenant=self._tenant)
        if isinstance(reading, Quarantined):
            self._rejected.put_aside(reading, without_credentials(payload))
            return {}
        account = self._identity.account()
        reading = replace(reading, text=mentions.without_name(reading.text, account.username))
        # What bots post through the API wakes hooks as well.
        is_ours = reading.person.id == account.user_id
        message = Ignored("our own") if is_ours else self._inbound.judge(reading)
        if isinstance(message, Ignored):
            self._rejected.ignore(message.reason)
            is_outside = message.reason == NOT_IN_CHANNEL
            return self._comment(reading.channel, lambda words: words.not_a_member) if is_outside else {}
        if self._is_in(message.channel, account.user_id):
            self._intake.accept(message)
            return {}
        return self._answer_within(message)

    def _answer_within(self, message: IncomingMessage) -> JsonObject:
        accepted, delivery = self._intake.answer_within(
            message, wait_seconds=COMMENT_SECONDS, accepts=self._responses.fits_comment
        )
        if delivery is not None:
            return self._responses.to_comment(delivery)
        return self._comment(message.channel, lambda words: words.too_slow) if accepted.is_new else {}

    def _is_in(self, channel: Channel, own_id: str) -> bool:
        try:
            self._web_api.read_member(channel.id, own_id)
        except MattermostRefusal as refused:
            if refused.status not in {NOT_ALLOWED, NOT_FOUND}:
                raise
            return False
        return True

    def _comment(self, channel: Channel, say: Callable[[MattermostWording], str]) -> JsonObject:
        try:
            language = self._language_of(channel)
        except StoreError:
            language = "en"
        return answer_to_hook(Post(inert(say(mattermost_wording(language)))))
