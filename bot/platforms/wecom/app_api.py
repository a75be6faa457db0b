"""The API of a self-built application: its token, its messages, its files."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from bot.domain import Clock, PlatformError
from bot.platforms.wecom.client import TOKEN_ERRORS, ErrorCode, call

MARGIN_SECONDS = 5 * 60
REFUSED_SECONDS = 60
# The longest that the platform keeps; our own retries of one message end well before.
DUPLICATE_CHECK_SECONDS = 4 * 60 * 60
MEDIA_LIMIT_BYTES = 20 * 1024 * 1024
MEDIA_LEAST_BYTES = 6

PIECE_BITS, MARK_CHARACTERS = 5, 20
MARK_BYTES = MARK_CHARACTERS * len("\u200b".encode())

FileKind = Literal["image", "voice", "video", "file"]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


class AccessTokens:
    """The token of one application, fetched by one caller while the others wait.

    It is fetched anew five minutes before it ends, or when somebody says that it is no
    longer valid. After a wrong secret nobody asks again for a minute, because the platform
    blocks who keeps on asking.
    """

    def __init__(
        self, session: requests.Session, *, api_url: str, corp_id: str, secret: str, clock: Clock
    ) -> None:
        self._session = session
        self._api_url = api_url
        self._credentials = {"corpid": corp_id, "corpsecret": secret}
        self._clock = clock
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._refused: tuple[ErrorCode, float] | None = None

    def current(self) -> str:
        with self._lock:
            now = self._clock.steady()
            if self._token is not None and now < self._token.until:
                return self._token.text
            if self._refused is not None and now < self._refused[1]:
                raise self._refused[0]
            try:
                self._token, self._refused = self._fetch(now), None
            except ErrorCode as refused:
                if refused.permanent:
                    self._refused = refused, now + REFUSED_SECONDS
                raise
            return self._token.text

    def forget(self, token: str) -> None:
        """Drop this access token, which is not valid any more; one that was fetched meanwhile stays."""
        with self._lock:
            if self._token is not None and self._token.text == token:
                self._token = None

    def _fetch(self, now: float) -> _Token:
        answer = call(self._session, "GET", f"{self._api_url}/cgi-bin/gettoken", params=self._credentials)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            raise PlatformError("WeCom gave no access token")
        return _Token(token, now + max(seconds - MARGIN_SECONDS, 0))


class AppApi:
    """The calls of an application.

    A message may be sent again when it is not known whether it arrived: the platform
    drops a message equal to one of the last four hours. So that two answers of the same
    words are not taken for one, each carries its own invisible `mark`.
    """

    def __init__(
        self, session: requests.Session, tokens: AccessTokens, *, api_url: str, agent_id: int
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._api_url = api_url
        self._agent_id = agent_id

    def send(self, user: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send one message, such as {"msgtype": "text", "text": {…}}; the result has `msgid`.

        Raises:
            PlatformError: also when the platform took it and found nobody to give it to.
        """
        answer = self._post(
            "message/send",
            json={
                "touser": user,
                "agentid": self._agent_id,
                "enable_duplicate_check": 1,
                "duplicate_check_interval": DUPLICATE_CHECK_SECONDS,
                **message,
            },
        )
        invalid = answer.get("invaliduser")
        if isinstance(invalid, str) and user.lower() in invalid.lower().split("|"):
            raise PlatformError(
                "the receiver is unknown to the application, or may not see it", permanent=True
            )
        return answer

    def update_card(self, response_code: str, card: Mapping[str, Any], user: str) -> None:
        """Change the card of a press; the code holds for 72 hours and one use."""
        self._post(
            "message/update_template_card",
            json={
                "userids": [user],
                "agentid": self._agent_id,
                "response_code": response_code,
                "template_card": card,
            },
        )

    def upload(self, kind: FileKind, name: str, content: bytes) -> str:
        """The media id of a file, good for three days."""
        check_size(content, MEDIA_LIMIT_BYTES)
        answer = self._post("media/upload", params={"type": kind}, files={"media": (name, content)})
        return media_id_of(answer)

    def describe(self) -> dict[str, Any]:
        """The application as the platform knows it; asking tries secret, agent id and trusted addresses."""
        return self._call("GET", "agent/get", params={"agentid": str(self._agent_id)})

    def _post(self, path: str, *, params: Mapping[str, str] | None = None, **body: Any) -> dict[str, Any]:
        return self._call("POST", path, params=params or {}, **body)

    def _call(self, method: str, path: str, *, params: Mapping[str, str], **body: Any) -> dict[str, Any]:
        """Call with the token; once more with a new one when the platform has withdrawn it."""
        url = f"{self._api_url}/cgi-bin/{path}"
        token = self._tokens.current()
        try:
            return call(self._session, method, url, params={"access_token": token, **params}, **body)
        except ErrorCode as refused:
            if refused.code not in TOKEN_ERRORS:
                raise
        self._tokens.forget(token)
        token = self._tokens.current()
        return call(self._session, method, url, params={"access_token": token, **params}, **body)


def mark(delivery_id: int, piece: int = 0) -> str:
    """Invisible characters that are the same for every try of one piece, and for no other piece soon."""
    number = delivery_id << PIECE_BITS | piece % (1 << PIECE_BITS)
    return "".join("\u2060" if number >> bit & 1 else "\u200b" for bit in range(MARK_CHARACTERS))


def check_size(content: bytes, limit_bytes: int) -> None:
    """Files outside these limits are refused by the platform, so they are not sent at all."""
    if not MEDIA_LEAST_BYTES <= len(content) <= limit_bytes:
        wanted = f"{MEDIA_LEAST_BYTES} bytes to {limit_bytes >> 20} MiB"
        raise PlatformError(f"a file must have {wanted} (got {len(content)} bytes)", permanent=True)


def media_id_of(answer: Mapping[str, Any]) -> str:
    found = answer.get("media_id")
    if not isinstance(found, str) or not found:
        raise PlatformError("WeCom gave no media id")
    return found
