"""Brings a reply to where it belongs in Slack, once if that can be known at all.

    private, or to a command  ─► response_url ─► (used up) chat.postEphemeral, chat.postMessage
    in place                  ─► response_url, replacing ─► chat.update ─► (gone) posted anew
    everything else           ─► chat.postMessage in the thread ─► (not a member) response_url

What is posted carries the delivery's own key as metadata. A delivery that may have
arrived is looked for by that key first; where looking is not possible it is sent once
more and then given up, so that nobody sees it more than twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from slack_sdk.web import SlackResponse, WebClient

from bot import texts
from bot.domain import (
    Answer,
    Channel,
    Clock,
    Delivery,
    Document,
    Language,
    Membership,
    Person,
    PlatformError,
    Reply,
    reply_to_json,
)
from bot.platforms.http_post import Outgoing
from bot.platforms.kit import twice_at_most
from bot.platforms.slack import blocks
from bot.platforms.slack.user_names import People
from bot.platforms.slack.web_api import (
    CANNOT_EDIT,
    CANNOT_SHARE,
    NO_ACCESS,
    TOO_MUCH,
    ResponseAddresses,
    SlackRefusal,
    WebApi,
)
from bot.platforms.slack.workspace import Workspace
from bot.platforms.slack.workspaces import Access, Store, Workspaces
from bot.store import StoreError

EVENT_TYPE = "kbdial_reply"
PAGE, MOST_PAGES = 200, 5
# Another workspace of the organisation may be the right one.
NOT_HERE = frozenset({"channel_not_found", NO_ACCESS})
# A name is worth less than a quick answer.
NAME_SECONDS = 1.5

log = logging.getLogger(__name__)

Message = dict[str, Any]


class SlackPlatform:
    """One Slack app, with a token for each workspace that installed it. Safe to share between threads.

    Without a token it answers commands and clicks through their response addresses, and
    everything else is refused for good, saying so. `installations` is None where only the
    configured `token` counts.
    """

    name = "slack"

    def __init__(
        self,
        *,
        token: str,
        api_url: str,
        response_hosts: Sequence[str],
        clock: Clock,
        contents: Callable[[str], bytes | None] = lambda _: None,
        outgoing: Outgoing | None = None,
        installations: Store | None = None,
    ) -> None:
        outgoing = outgoing or Outgoing()
        self._contents = contents
        self._clock = clock
        self.workspaces = Workspaces(token, api_url, outgoing, clock, installations)
        self._responses = ResponseAddresses(response_hosts, outgoing, clock)
        quick = Outgoing(total_seconds=NAME_SECONDS)
        self._people = People(Workspaces(token, api_url, quick, clock, installations), clock)
        self._own_users: frozenset[str] = frozenset()
        self.tell_at_home: Callable[[Delivery], str] | None = None

    def own_users(self, workspace: Workspace) -> frozenset[str]:
        """Our user ids there, as far as Slack has told; those of the configured token after `introduce`.

        Raises:
            StoreError
        """
        access = self.workspaces.exactly(workspace)
        return frozenset({access.own_user}) if access.installation else self._own_users

    def introduce(self) -> str:
        """Ask Slack who we are, and return it in words: "kbdial in Acme".

        Raises:
            PlatformError: no token, a dead one, or Slack away. Reading goes on without:
                most events say themselves who we are.
        """
        answer = self.workspaces.configured.web_api.call(lambda slack: slack.auth_test())
        self._own_users |= {str(answer.get("user_id"))}
        return f"{answer.get('user')} in {answer.get('team')}"

    def with_name(self, person: Person) -> Person:
        """The person with the name that Slack knows them by, where the message brought none."""
        return self._people.with_name(person)

    def knows_people(self) -> bool:
        """Whether Slack tells us who somebody is, tried on ourselves. After `introduce`."""
        return all(self._people.is_told(user) for user in self._own_users)

    def membership_of(self, person: Person) -> Membership:
        """Whether they are a full member of the organisation that installed us."""
        return self._people.membership_of(person)

    def language_of(self, person: Person) -> Language:
        """The one of our languages that somebody has set in Slack."""
        return self._people.language_of(person)

    def in_response(self, reply: Reply) -> Message:
        """The reply as the body of the answer to a slash command."""
        return _to(private=reply.private) | _message(reply, self._clock, in_thread=False)

    def speaks_first(self, channel: Channel) -> bool:
        return any(access.web_api.has_token for access in self.workspaces.of(None, channel.tenant))

    def send(self, delivery: Delivery) -> str:
        """Send, as `Platform` says; the receipt is the message's `ts`, or "" where Slack tells none."""
        if "home" in delivery.address and self.tell_at_home:
            return self.tell_at_home(delivery)
        first, *others = self._accesses(delivery)
        try:
            return self._send(delivery, first)
        except SlackRefusal as refused:
            # Nobody asked, so which workspace of the organisation it is has to be tried.
            if refused.code not in NOT_HERE or not others:
                raise
            failed = refused
        for access in others:
            try:
                return self._send(delivery, access)
            except SlackRefusal as refused:
                if refused.code not in NOT_HERE:
                    raise
        raise failed

    def _send(self, delivery: Delivery, access: Access) -> str:
        try:
            return Sender(access.web_api, self._responses, self._clock, self._contents).send(delivery)
        except SlackRefusal as refused:
            self.workspaces.note_refusal(access, refused.code)
            raise

    def _accesses(self, delivery: Delivery) -> tuple[Access, ...]:
        try:
            return self.workspaces.of(Workspace.of_address(delivery.address), delivery.channel.tenant)
        except StoreError as failed:
            raise PlatformError(f"the token is not known: {failed}") from None


class Sender:
    """Sends into one workspace."""

    def __init__(
        self,
        web_api: WebApi,
        responses: ResponseAddresses,
        clock: Clock,
        contents: Callable[[str], bytes | None],
    ) -> None:
        self._web_api = web_api
        self._responses = responses
        self._clock = clock
        self._contents = contents

    def send(self, delivery: Delivery) -> str:
        address = delivery.address
        if isinstance(delivery.reply, Answer) and delivery.reply.in_place and address.get("message_ts"):
            return self._replace(delivery)
        if isinstance(delivery.reply, Document) and self._share(delivery, delivery.reply):
            return ""
        # What was asked for privately stays private, clicks included.
        if delivery.reply.private or address.get("ephemeral"):
            return self._whisper(delivery)
        is_command = "response_url" in address and "message_ts" not in address
        if is_command or not self._web_api.has_token:
            return self._respond_or_post(delivery)
        return self._post(delivery)

    def _share(self, delivery: Delivery, document: Document) -> bool:
        """Share a document as a file in the channel; False where only its link can be given."""
        content = self._contents(document.id)
        if content is None or document.private or not self._web_api.has_token:
            return False
        with twice_at_most(delivery):
            try:
                self._web_api.share(
                    content,
                    name=document.name,
                    comment=blocks.as_comment(document),
                    channel=delivery.channel.id,
                    thread_ts=delivery.address.get("thread_ts") or delivery.address.get("message_ts"),
                )
            except SlackRefusal as refused:
                # An app installed before it asked for files, or a room that it is not in.
                if refused.code not in CANNOT_SHARE:
                    raise
                log.warning("cannot share a file", extra={"delivery": delivery.id, "reason": refused.reason})
                return False
        return True

    def _replace(self, delivery: Delivery) -> str:
        address = delivery.address
        ts = address["message_ts"]
        message = _message(delivery.reply, self._clock, in_thread="thread_ts" in address)
        # Replacing twice changes nothing, so this needs no care about what may have arrived.
        if self._respond(delivery, message | {"replace_original": True}):
            return ts
        if address.get("ephemeral"):
            return self._whisper_anew(delivery)
        try:
            self._call(
                message, lambda slack, shown: slack.chat_update(channel=delivery.channel.id, ts=ts, **shown)
            )
        except SlackRefusal as refused:
            if refused.code not in CANNOT_EDIT:
                raise
            return self._post(delivery)
        return ts

    def _whisper(self, delivery: Delivery) -> str:
        if self._web_api.has_token and _is_continued(delivery):
            return self._whisper_anew(delivery)
        message = _message(delivery.reply, self._clock, in_thread="thread_ts" in delivery.address)
        with twice_at_most(delivery):
            if self._respond(delivery, message | _to(private=True) | {"replace_original": False}):
                return ""
        return self._whisper_anew(delivery)

    def _whisper_anew(self, delivery: Delivery) -> str:
        """Say it to one person without a response address. A direct message is private as it is."""
        if delivery.channel.id.startswith("D"):
            return self._post(delivery)
        user = delivery.address.get("user") or (delivery.person.id if delivery.person else "")
        thread_ts = delivery.address.get("thread_ts")
        parts = (
            self._parts(delivery.reply, in_thread=bool(thread_ts))
            if _is_continued(delivery)
            else [_message(delivery.reply, self._clock, in_thread=bool(thread_ts))]
        )
        with twice_at_most(delivery):
            for part in parts:
                self._call(
                    part,
                    lambda slack, shown: slack.chat_postEphemeral(
                        channel=delivery.channel.id, user=user, thread_ts=thread_ts, **shown
                    ),
                )
        return ""

    def _respond_or_post(self, delivery: Delivery) -> str:
        # What a response address posted cannot be found again; what we post ourselves can.
        if delivery.uncertain and self._web_api.has_token:
            return self._post(delivery)
        if self._web_api.has_token and _is_continued(delivery):
            return self._post(delivery)  # a response address takes five messages, and they may be more
        thread_ts = delivery.address.get("thread_ts")
        message = _message(delivery.reply, self._clock, in_thread=bool(thread_ts))
        with twice_at_most(delivery):
            if self._respond(delivery, _aloud(message, thread_ts)):
                return ""
        return self._post(delivery)

    def _post(self, delivery: Delivery) -> str:
        thread_ts = delivery.address.get("thread_ts") or delivery.address.get("message_ts")
        sent = self._find(delivery, thread_ts) if delivery.uncertain else {}
        if sent is None:
            with twice_at_most(delivery):
                return self._post_parts(delivery, thread_ts, {})
        return self._post_parts(delivery, thread_ts, sent)

    def _post_parts(self, delivery: Delivery, thread_ts: str | None, sent: dict[int, str]) -> str:
        """Post what is not among `sent` yet, and return the last part's `ts`."""
        parts = self._parts(delivery.reply, in_thread=bool(thread_ts))
        for number, message in enumerate(parts):
            if number in sent:
                continue
            try:
                sent[number] = self._post_part(delivery, thread_ts, number, message)
            except PlatformError as failed:
                # The next attempt has to look for the parts that did arrive.
                failed.maybe_sent = failed.maybe_sent or bool(sent)
                raise
        return sent[len(parts) - 1]

    def _post_part(self, delivery: Delivery, thread_ts: str | None, number: int, message: Message) -> str:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"delivery": _key(delivery), "part": number}}
        try:
            answer = self._call(
                message,
                lambda slack, shown: slack.chat_postMessage(
                    channel=delivery.channel.id,
                    thread_ts=thread_ts,
                    metadata=metadata,
                    parse="none",
                    link_names=False,
                    unfurl_links=False,
                    unfurl_media=False,
                    **shown,
                ),
            )
        except SlackRefusal as refused:
            if refused.code == "not_in_channel" and self._respond(delivery, _aloud(message, thread_ts)):
                return ""
            raise
        return str(answer.get("ts") or "")

    def _find(self, delivery: Delivery, thread_ts: str | None) -> dict[int, str] | None:
        """The parts of this delivery that stand in the room already; None when we may not look."""
        found: dict[int, str] = {}
        cursor = None
        for _ in range(MOST_PAGES):
            try:
                page = self._page(delivery.channel.id, thread_ts, cursor)
            except PlatformError as failed:
                if failed.permanent:
                    log.warning(
                        "cannot look for a reply", extra={"delivery": delivery.id, "reason": failed.reason}
                    )
                    return None
                # Not having looked, it is as uncertain as before.
                failed.maybe_sent = True
                raise
            found |= _ours(page.get("messages"), _key(delivery))
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return found

    def _page(self, channel: str, thread_ts: str | None, cursor: str | None) -> SlackResponse:
        if thread_ts:
            return self._web_api.call(
                lambda slack: slack.conversations_replies(
                    channel=channel, ts=thread_ts, include_all_metadata=True, limit=PAGE, cursor=cursor
                )
            )
        return self._web_api.call(
            lambda slack: slack.conversations_history(
                channel=channel, include_all_metadata=True, limit=PAGE, cursor=cursor
            )
        )

    def _respond(self, delivery: Delivery, message: Message) -> bool:
        """Through the response address; False when there is none that works."""
        url = delivery.address.get("response_url")
        if not url:
            return False
        try:
            return self._responses.post(url, message)
        except SlackRefusal as refused:
            return self._responses.post(url, _plainer(message, refused))

    def _call(self, message: Message, send: Callable[[WebClient, Message], SlackResponse]) -> SlackResponse:
        """Call the Web API with the message, and once with its text alone if it is too much for Slack."""
        try:
            return self._web_api.call(lambda slack: send(slack, message))
        except SlackRefusal as refused:
            if refused.code not in TOO_MUCH:
                raise
            plainer = _plainer(message, refused)
            return self._web_api.call(lambda slack: send(slack, plainer))

    def _parts(self, reply: Reply, *, in_thread: bool) -> list[Message]:
        """The reply as the messages it takes: a long text is parted rather than cut."""
        if isinstance(reply, Answer):
            rest = map(blocks.continuation, blocks.continuations(reply))
            return [_message(reply, self._clock, in_thread=in_thread), *rest]
        text = texts.in_words(reply)
        if text.buttons:
            return [_message(text, self._clock, in_thread=in_thread)]
        return [{"text": piece, "mrkdwn": False} for piece in blocks.text_pieces(text)]


def _message(reply: Reply, clock: Clock, *, in_thread: bool) -> Message:
    """The reply as one message."""
    if isinstance(reply, Answer):
        shown = blocks.answer_blocks(reply, clock.now(), in_thread=in_thread)
        return {"text": blocks.answer_text(reply), "blocks": shown}
    text = texts.in_words(reply)
    first, *more = blocks.text_pieces(text)
    needs_blocks = more or text.buttons
    # `mrkdwn` off: a reply in words has no formatting to show.
    return {"text": first, "mrkdwn": False} | ({"blocks": blocks.text_blocks(text)} if needs_blocks else {})


def _is_continued(delivery: Delivery) -> bool:
    return isinstance(delivery.reply, Answer) and bool(blocks.continuations(delivery.reply))


def _to(*, private: bool) -> Message:
    return {"response_type": "ephemeral" if private else "in_channel"}


def _aloud(message: Message, thread_ts: str | None) -> Message:
    """The body for a response address of a new message that everybody sees."""
    in_thread = {"thread_ts": thread_ts} if thread_ts else {}
    return message | _to(private=False) | {"replace_original": False} | in_thread


def _plainer(message: Message, refused: SlackRefusal) -> Message:
    """Our mistake, since all limits are kept: the words still arrive, and the log says so."""
    log.error(
        "slack refused a message", extra={"code": refused.code, "blocks": len(message.get("blocks", []))}
    )
    return {name: value for name, value in message.items() if name != "blocks"}


def _key(delivery: Delivery) -> str:
    """The same for every attempt, and for no other delivery, also of another database."""
    return f"{delivery.id}-{sha256(reply_to_json(delivery.reply).encode()).hexdigest()[:16]}"


def _ours(messages: object, key: str) -> dict[int, str]:
    found = {}
    for message in messages if isinstance(messages, list) else []:
        metadata = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if metadata.get("event_type") == EVENT_TYPE and payload.get("delivery") == key:
            found[int(payload.get("part", 0))] = str(message.get("ts"))
    return found
