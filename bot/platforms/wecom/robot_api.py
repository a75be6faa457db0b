"""The sends of a connected robot: answers, pushes and files, over its long connection."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from bot.domain import Channel, PlatformError
from bot.platforms.wecom.long_connection import FrameRefused, RobotConnection
from bot.platforms.wecom.passive_reply import Message, finish_stream

CHUNK_BYTES = 512 * 1024
MOST_CHUNKS = 100
# How long an answer waits for a connection before somebody looks again.
AGAIN_SECONDS = 0.5
# The request is of an earlier connection, or its six minutes are over.
TOO_LATE = frozenset({846605, 846608})


class RobotApi:
    """Each call waits for its acknowledgement, so none may come from the thread that reads."""

    def __init__(self, connection: RobotConnection) -> None:
        self._connection = connection

    def not_before(self, now: float) -> float | None:
        """The moment from which there may be a connection (steady seconds); None: there is, or never will be.

        Another process may keep it, or it was lost and comes back.
        """
        connection = self._connection
        if not connection.is_kept:
            return now + AGAIN_SECONDS
        if connection.state in {"away", "opening"}:
            return max(connection.try_again_at, now) + AGAIN_SECONDS
        return None

    def answer(self, request: str, stream: str, content: str, card: Mapping[str, Any] | None = None) -> bool:
        """Finish the stream that answers a request; False when it is too late for that.

        Raises:
            PlatformError
        """
        try:
            self._connection.ask("aibot_respond_msg", request, finish_stream(stream, content, card))
        except FrameRefused as refused:
            if refused.code not in TOO_LATE:
                raise
            return False
        return True

    def update_card(self, request: str, message: Message) -> bool:
        """Change the card of a press; False when the five seconds for that are over.

        Raises:
            PlatformError
        """
        try:
            self._connection.ask("aibot_respond_update_msg", request, message)
        except FrameRefused as refused:
            if refused.retry_after_seconds:
                raise
            return False  # which code says that it is late is not documented
        return True

    def push(self, channel: Channel, message: Mapping[str, Any]) -> None:
        """Say something in a chat where somebody has spoken to the robot before."""
        kind, _, chat = channel.id.partition(":")
        self._connection.ask(
            "aibot_send_msg",
            uuid.uuid4().hex,
            {"chatid": chat, "chat_type": 2 if kind == "group" else 1, **message},
        )

    def upload(self, name: str, content: bytes) -> str:
        """The media id of a file, good for three days."""
        pieces = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
        if not 1 <= len(pieces) <= MOST_CHUNKS:
            raise PlatformError(f"a file of {len(content)} bytes cannot be uploaded", permanent=True)
        begun = self._upload(
            "init",
            {
                "type": "file",
                "filename": name,
                "total_size": len(content),
                "total_chunks": len(pieces),
                "md5": hashlib.md5(content).hexdigest(),  # noqa: S324 - the platform's choice
            },
        )
        upload_id = _name(begun, "upload_id")
        # The first index is not documented; the platform's own client starts at 0.
        for index, piece in enumerate(pieces):
            encoded = base64.b64encode(piece).decode()
            self._upload("chunk", {"upload_id": upload_id, "chunk_index": index, "base64_data": encoded})
        return _name(self._upload("finish", {"upload_id": upload_id}), "media_id")

    def _upload(self, part: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._connection.ask(f"aibot_upload_media_{part}", uuid.uuid4().hex, body)


def _name(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise PlatformError(f"WeCom gave no {name}")
    return value
