"""The outlet into one group: alerts, pictures and files. Nothing ever comes back through it."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from bot.domain import Clock, PlatformError
from bot.platforms.wecom.app_api import check_size, media_id_of
from bot.platforms.wecom.client import call
from bot.platforms.wecom.split_markdown import split

SPACING_SECONDS = 3.0  # 20 a minute; whether the window slides is not documented, spacing suits both
TEXT_BYTES = 2_048
MARKDOWN_BYTES = 4_096
IMAGE_BYTES = 2 * 1024 * 1024
FILE_BYTES = 20 * 1024 * 1024


class Webhook:
    """One group's webhook. Its calls are spaced, so a caller may have to wait for its turn.

    Nobody is ever mentioned: no list of mentions leaves here, and escaping the text is
    for whoever writes it.
    """

    def __init__(
        self,
        url: str,
        session: requests.Session,
        clock: Clock,
    ) -> None:
        parts = urlsplit(url)
        keys = parse_qs(parts.query).get("key", [])
        if not (parts.scheme in {"http", "https"} and parts.netloc and len(keys) == 1):
            raise ValueError("a webhook's url looks like https://…/cgi-bin/webhook/send?key=…")
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix('/send')}"
        self._key = keys[0]
        self._session = session
        self._clock = clock
        self._turn = threading.Lock()
        self._free_at = clock.steady()

    def text(self, content: str) -> None:
        """Plain words, in as many messages as they need."""
        for piece in split(content, TEXT_BYTES, "…"):
            self._send({"msgtype": "text", "text": {"content": piece}})

    def markdown(self, content: str) -> None:
        for piece in split(content, MARKDOWN_BYTES, "…"):
            self._send({"msgtype": "markdown", "markdown": {"content": piece}})

    def image(self, content: bytes) -> None:
        """A PNG or JPG of at most 2 MiB."""
        check_size(content, IMAGE_BYTES)
        self._send(
            {
                "msgtype": "image",
                "image": {
                    "base64": base64.b64encode(content).decode(),
                    "md5": hashlib.md5(content).hexdigest(),  # noqa: S324 - the platform's choice
                },
            }
        )

    def file(self, name: str, content: bytes) -> None:
        """A file under its name; people see the name as it is given here."""
        check_size(content, FILE_BYTES)
        uploaded = self._call("upload_media", {"type": "file"}, files={"media": (name, content)})
        self._send({"msgtype": "file", "file": {"media_id": media_id_of(uploaded)}})

    def _send(self, message: Mapping[str, Any]) -> None:
        self._call("send", {}, json=dict(message))

    def _call(self, path: str, params: Mapping[str, str], **body: Any) -> dict[str, Any]:
        # Uploads are spaced too: whether they count is not documented.
        with self._turn:
            wait_seconds = self._free_at - self._clock.steady()
            if wait_seconds > 0:
                self._clock.pause(wait_seconds)
            self._free_at = self._clock.steady() + SPACING_SECONDS
        try:
            return call(
                self._session, "POST", f"{self._base}/{path}", params={"key": self._key, **params}, **body
            )
        except PlatformError as failed:
            if failed.retry_after_seconds:
                with self._turn:
                    self._free_at = self._clock.steady() + failed.retry_after_seconds
            raise
