"""Forwarded posts: Mattermost writes their address and not their words, which are read from the server.

They are asked only for somebody who could read them there: a member of their channel.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.domain import IncomingMessage
from bot.platforms.mattermost.fields import clean
from bot.platforms.mattermost.web_api import NO_SESSION, MattermostRefusal, WebApi

# Behind the address of the server: the team's name, and the id of the post.
_PERMALINK = re.compile(r"/[a-z0-9_-]{1,64}/pl/(?P<post>[a-z0-9]{26})/?")


class ForwardedPosts:
    """Finds the words of forwarded posts. Safe to share between threads."""

    def __init__(self, web_api: WebApi) -> None:
        self._web_api = web_api

    def resolve(self, message: IncomingMessage) -> IncomingMessage:
        """The message with the words of the post that it forwards, where it has none of its own.

        Raises:
            PlatformError: the server gives no answer; it has to be read again.
        """
        link = message.text.strip()
        found = _PERMALINK.fullmatch(link.removeprefix(self._web_api.url))
        if found is None or not link.startswith(self._web_api.url):
            return message
        try:
            post = self._web_api.read_post(found["post"])
            self._web_api.read_member(str(post.get("channel_id")), message.person.id)
        except MattermostRefusal as refused:
            if refused.permanent and refused.status != NO_SESSION:
                return message
            raise
        words = post.get("message")
        # Whatever was forwarded, it is a question and never a command.
        return replace(message, text=f"/ask {clean(words)}") if isinstance(words, str) and words else message
