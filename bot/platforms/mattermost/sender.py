"""Brings a reply to where it belongs in Mattermost, once.

    private                  ─► the command's response address ─► (used up) a direct message
    in place                 ─► the pressed post, changed ─► (gone, or not ours) posted anew
    everything else          ─► a post in the thread ─► (we are no member) the command's response address

What we post carries the delivery's own key twice: as `pending_post_id`, by which the server knows a
repeat for half a minute, and in the post's props, by which we find it later. So a delivery that may
have arrived is looked for first. Where looking is not possible it is sent once more and then given up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from bot.domain import Answer, Channel, Delivery, Document, PlatformError, reply_to_json
from bot.platforms.kit import ResponseOrigins, twice_at_most
from bot.platforms.mattermost.address import MattermostAddress
from bot.platforms.mattermost.buttons import Place
from bot.platforms.mattermost.config import NAME
from bot.platforms.mattermost.markup import inert
from bot.platforms.mattermost.presenter import Post, Presenter
from bot.platforms.mattermost.responses import answer_to_command
from bot.platforms.mattermost.web_api import NOT_ALLOWED, NOT_FOUND, MattermostRefusal, WebApi
from bot.platforms.mattermost.wording import mattermost_wording

MOST_PAGES = 5
MOST_RESPONSES = 5  # what one response address takes
KEY = "kbdial"
BAD_REQUEST, TOO_LARGE, NOT_BUILT = 400, 413, 501
# Gone, not ours (a post by the response to a command is the asker's), or too old to be changed.
CANNOT_CHANGE = frozenset({BAD_REQUEST, NOT_ALLOWED, NOT_FOUND})
CANNOT_UPLOAD = frozenset({BAD_REQUEST, NOT_ALLOWED, TOO_LARGE, NOT_BUILT})
TAKEN_BACK = "api.post.create_post.root_id.app_error"

log = logging.getLogger(__name__)

JsonObject = dict[str, Any]


class MattermostPlatform:
    """One server with one account of a bot. Safe to share between threads.

    `own_id` asks for our user id and raises PlatformError while it is not known. `responses` says which
    response addresses may be used. `contents` gives the bytes of a document while they are kept.
    """

    name = NAME

    def __init__(
        self,
        api: WebApi,
        presenter: Presenter,
        *,
        own_id: Callable[[], str],
        responses: ResponseOrigins,
        contents: Callable[[str], bytes | None],
    ) -> None:
        self._api = api
        self._presenter = presenter
        self._own_id = own_id
        self._responses = responses
        self._contents = contents

    def speaks_first(self, channel: Channel) -> bool:  # noqa: ARG002 - one account for all
        return True

    def send(self, delivery: Delivery) -> str:
        """Send, as `Platform` says; the receipt is the last post's id, or "" where there is none."""
        address = MattermostAddress.from_mapping(delivery.address)
        reply = delivery.reply
        if isinstance(reply, Answer) and reply.in_place and address.post_id and not address.ephemeral:
            return self._change(delivery, address)
        # What was asked for privately stays private, clicks included.
        if reply.private or address.ephemeral:
            return self._whisper(delivery, address)
        return self._say(delivery, address)

    def _change(self, delivery: Delivery, address: MattermostAddress) -> str:
        """Bring the pressed post up to date. Twice changes nothing, so this needs no care."""
        first, *rest = self._posts(delivery, Place(delivery.channel.id))
        try:
            self._api.patch_post(
                address.post_id, message=first.message, props={"attachments": list(first.attachments)}
            )
        except MattermostRefusal as refused:
            if refused.status not in CANNOT_CHANGE:
                raise
            return self._say(delivery, address)
        if rest:
            self._post(delivery, delivery.channel.id, self._root(address), rest)
        return address.post_id

    def _say(self, delivery: Delivery, address: MattermostAddress) -> str:
        root_id = self._root(address)
        is_above = bool(root_id) or (address.direct and not address.post_id and not delivery.is_follow_up)
        posts = self._posts(delivery, Place(delivery.channel.id, has_echo=not is_above))
        try:
            return self._post(delivery, delivery.channel.id, root_id, posts, behind=address.question)
        except MattermostRefusal as refused:
            if refused.id == TAKEN_BACK and root_id:
                log.info("question_taken_back", extra={"delivery": delivery.id})
                return ""
            if refused.status == NOT_ALLOWED and self._respond(delivery, address, _as_guest(delivery, posts)):
                return ""
            raise

    def _whisper(self, delivery: Delivery, address: MattermostAddress) -> str:
        place = Place(delivery.channel.id, is_private=True, has_echo=True)
        with twice_at_most(delivery):
            bodies = [answer_to_command(post, is_private=True) for post in self._posts(delivery, place)]
            if self._respond(delivery, address, bodies):
                return ""
        if address.direct:
            return self._say(delivery, replace(address, ephemeral=""))
        return self._tell_directly(delivery, address)

    def _tell_directly(self, delivery: Delivery, address: MattermostAddress) -> str:
        """Post in the direct channel with the person, saying that it is about another channel."""
        user_id = address.user or (delivery.person.id if delivery.person else "")
        if not user_id:
            raise PlatformError("nobody is named whom this is for", permanent=True)
        channel_id = str(self._api.open_direct_channel(self._own_id(), user_id).get("id", ""))
        # A click there would reach another channel than the one that this is about.
        place = Place(channel_id, has_buttons=False, has_echo=True)
        lead = inert(mattermost_wording(delivery.reply.language).from_elsewhere)
        return self._post(delivery, channel_id, "", self._posts(delivery, place), before=[Post(lead)])

    def _posts(self, delivery: Delivery, place: Place) -> tuple[Post, ...]:
        return self._presenter.posts(delivery.reply, delivery.decided_at, place)

    def _root(self, address: MattermostAddress) -> str:
        """The thread to answer in: neither a click nor a webhook says in which one its post stands."""
        asked = "" if address.direct else address.question
        post_id = address.post_id or asked
        if address.root_id or not post_id or address.ephemeral:
            return address.root_id
        try:
            post = self._api.read_post(post_id)
        except MattermostRefusal as refused:
            if refused.status not in {NOT_ALLOWED, NOT_FOUND}:
                raise
            return asked
        return str(post.get("root_id") or ("" if address.direct else post_id))

    def _post(
        self,
        delivery: Delivery,
        channel_id: str,
        root_id: str,
        posts: Sequence[Post],
        *,
        behind: str = "",
        before: Sequence[Post] = (),
    ) -> str:
        """Post what does not stand there yet, and return the last post's id.

        `posts` give way to a file where there is one. Ours stand behind the post `behind`, if any.
        """
        key, file_at = key_of(delivery), len(before)
        there = self._find(channel_id, root_id, behind, key) if delivery.uncertain else {}
        file_ids = () if file_at in there else self._upload(delivery, channel_id)
        if file_ids and isinstance(delivery.reply, Document):
            posts = [Post(self._presenter.above_file(delivery.reply))]
        whole = [*before, *posts]
        for number, post in enumerate(whole):
            if number in there:
                continue
            files = file_ids if number == file_at else ()
            try:
                there[number] = self._create(channel_id, root_id, post, f"{key}.{number}", files)
            except PlatformError as failed:
                # The next attempt has to look for the parts that did arrive.
                failed.maybe_sent = failed.maybe_sent or bool(there)
                raise
        return there.get(len(whole) - 1, "")

    def _create(self, channel_id: str, root_id: str, post: Post, key: str, file_ids: Sequence[str]) -> str:
        props: JsonObject = {KEY: key}
        if post.attachments:
            props["attachments"] = list(post.attachments)
        made = self._api.create_post(
            channel_id,
            post.message,
            root_id=root_id,
            props=props,
            file_ids=file_ids,
            pending_post_id=f"{self._own_id()}:{key}",
        )
        return str(made.get("id", ""))

    def _upload(self, delivery: Delivery, channel_id: str) -> tuple[str, ...]:
        """The file of a document, shown once a post names it; none where only its link can be given."""
        reply = delivery.reply
        content = self._contents(reply.id) if isinstance(reply, Document) else None
        if content is None or not isinstance(reply, Document):
            return ()
        try:
            return (self._api.upload(channel_id, reply.name, content),)
        except MattermostRefusal as refused:
            if refused.status not in CANNOT_UPLOAD:
                raise
            log.warning("cannot share a file", extra={"delivery": delivery.id, "reason": refused.reason})
            return ()

    def _find(self, channel_id: str, root_id: str, behind: str, key: str) -> dict[int, str]:
        """The parts of this delivery that stand in the room already, by their number."""
        try:
            if root_id:
                return self._ours(self._api.read_thread(root_id), key)
            found: dict[int, str] = {}
            for page in range(MOST_PAGES):
                posts = self._api.find_posts(channel_id, page=page, after=behind)
                found |= self._ours(posts, key)
                if found or not posts:
                    break
        except PlatformError as failed:
            # Not having looked, it is as uncertain as before.
            failed.maybe_sent = True
            raise
        return found

    def _ours(self, posts: Sequence[JsonObject], key: str) -> dict[int, str]:
        own_id = self._own_id()
        found = {}
        for post in posts:
            props = post.get("props")
            mark = props.get(KEY) if isinstance(props, dict) else None
            name, _, number = str(mark).rpartition(".")
            if post.get("user_id") == own_id and name == key and number.isdigit():
                found[int(number)] = str(post.get("id", ""))
        return found

    def _respond(self, delivery: Delivery, address: MattermostAddress, bodies: Sequence[JsonObject]) -> bool:
        """Through the command's response address; False when there is none that works."""
        if not address.response_url or len(bodies) > MOST_RESPONSES:
            return False
        is_ours = address.response_url.startswith(f"{self._api.url}/")
        if not is_ours or not self._responses.allow(address.response_url):
            log.warning("response_url refused", extra={"platform": NAME, "delivery": delivery.id})
            return False
        return all(self._api.respond(address.response_url, body) for body in bodies)


def _as_guest(delivery: Delivery, posts: Sequence[Post]) -> list[JsonObject]:
    """Response bodies that the team sees where the bot is not a member of the channel; the last says so."""
    *first, last = posts
    note = inert(mattermost_wording(delivery.reply.language).not_a_member)
    told = replace(last, message=f"{last.message}\n\n{note}")
    return [answer_to_command(post, is_private=False) for post in (*first, told)]


def key_of(delivery: Delivery) -> str:
    """The key by which our posts of a delivery are known: the same for every attempt.

    No other delivery has it, also none of another database.
    """
    return f"{delivery.id}-{sha256(reply_to_json(delivery.reply).encode()).hexdigest()[:16]}"
