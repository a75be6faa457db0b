"""The HTTP responses to a slash command, a click or a webhook, and which replies follow as posts instead.

A command is answered in the response where its answer is for the asker alone: what the team shall see
is a post of our own, since a post made by the response would be the asker's, and never ours to change.
A click is answered by the post that was pressed as it is now, or by a sentence for who pressed. A webhook
is answered by a comment only where no post of ours can be.
"""

from __future__ import annotations

from typing import Any

from bot.domain import Answer, Delivery, Document
from bot.platforms.mattermost.address import MattermostAddress
from bot.platforms.mattermost.buttons import Place
from bot.platforms.mattermost.presenter import Post, Presenter

JsonObject = dict[str, Any]


class Responses:
    """The bodies of answers. Pure."""

    def __init__(self, presenter: Presenter) -> None:
        self._presenter = presenter

    def fits_command(self, delivery: Delivery) -> bool:
        """Whether the reply can be the answer to its command: for one person, and one post."""
        return delivery.reply.private and len(self._private_posts(delivery)) == 1

    def to_command(self, delivery: Delivery) -> JsonObject:
        return answer_to_command(self._private_posts(delivery)[0], is_private=True)

    def fits_click(self, delivery: Delivery) -> bool:
        reply, address = delivery.reply, MattermostAddress.from_mapping(delivery.address)
        if isinstance(reply, Answer) and reply.in_place and not address.ephemeral:
            return len(self._edited_post(delivery)) == 1
        # A sentence in the response has no attachments, and says so where that cuts it short.
        return (reply.private or bool(address.ephemeral)) and not isinstance(reply, Document)

    def to_click(self, delivery: Delivery) -> JsonObject:
        reply, address = delivery.reply, MattermostAddress.from_mapping(delivery.address)
        if isinstance(reply, Answer) and reply.in_place and not address.ephemeral:
            post = self._edited_post(delivery)[0]
            return {"update": {"message": post.message, "props": {"attachments": list(post.attachments)}}}
        words = self._presenter.in_words(reply, delivery.decided_at)
        return {"ephemeral_text": words, "skip_slack_parsing": True}

    def fits_comment(self, delivery: Delivery) -> bool:
        """Whether the reply can be the answer to an outgoing webhook: for everybody, and one post."""
        return not delivery.reply.private and len(self._comments(delivery)) == 1

    def to_comment(self, delivery: Delivery) -> JsonObject:
        return answer_to_hook(self._comments(delivery)[0])

    def _comments(self, delivery: Delivery) -> tuple[Post, ...]:
        return self._presenter.posts(delivery.reply, delivery.decided_at, Place(delivery.channel.id))

    def _edited_post(self, delivery: Delivery) -> tuple[Post, ...]:
        """The pressed post as it is now; where that is more than one, the others follow."""
        return self._presenter.posts(delivery.reply, delivery.decided_at, Place(delivery.channel.id))

    def _private_posts(self, delivery: Delivery) -> tuple[Post, ...]:
        # What was typed as a command stands nowhere.
        place = Place(delivery.channel.id, is_private=True, has_echo=True)
        return self._presenter.posts(delivery.reply, delivery.decided_at, place)


def answer_to_command(post: Post, *, is_private: bool) -> JsonObject:
    """A post as the answer to a command, at once or through its response address.

    Without `is_private` everybody sees it, as a post of who sent the command.
    """
    said: JsonObject = {
        "response_type": "ephemeral" if is_private else "in_channel",
        "text": post.message,
        "skip_slack_parsing": True,
    }
    return said | ({"attachments": list(post.attachments)} if post.attachments else {})


def answer_to_hook(post: Post) -> JsonObject:
    """A post as the answer to an outgoing webhook, which stands in the thread of the question.

    The server reads `<…>` in it as Slack does, which cannot be switched off here: what we write has none
    that means anything there.
    """
    said: JsonObject = {"response_type": "comment", "text": post.message}
    return said | ({"attachments": list(post.attachments)} if post.attachments else {})
