"""Mattermost's REST API, version 4, with every failure told apart.

A call has a connect and a total time, reads a bounded number of bytes and follows no redirect, so that
the token goes to the server of the configuration and nowhere else. What went wrong is judged by status
and `id`; the sentence beside them is in the bot's own language.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.domain import Clock, PlatformError
from bot.network_errors import name_cause
from bot.resolver import ConnectsInTime

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
UPLOAD_SECONDS = 30.0
# A page of 200 posts of the longest kind is less.
ANSWER_LIMIT_BYTES = 32 * 1024 * 1024
OK, CREATED = 200, 201
NO_SESSION, NOT_ALLOWED, NOT_FOUND, TOO_FAST, BROKEN = 401, 403, 404, 429, 500
DEFAULT_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 900.0
STILL_PENDING = "api.post.deduplicate_create_post.pending"
PENDING_SECONDS = 2.0
# Posts of one page; the server gives no more.
PAGE = 200
# As many as there can be workers: those beyond would be made and thrown away each time.
MOST_CONNECTIONS = 64
# Preferences that one call may change.
MOST_PREFERENCES = 100
MOST_USERS = 200

JsonObject = dict[str, Any]

# "api.context.session_expired.app_error"; nothing else is repeated of what a server says.
_ERROR_ID = re.compile(r"[a-z_]{1,40}(?:\.[a-z0-9_]{1,60}){1,6}")


class MattermostRefusal(PlatformError):
    """The server said no: `status`, and the `id` of the error where its answer has one."""

    def __init__(self, status: int, id_: str, reason: str, **kind: Any) -> None:
        super().__init__(reason, **kind)
        self.status = status
        self.id = id_


class Unreached(PlatformError):
    """The request was not sent: there was no connection to send it over."""


class WebApi:
    """Calls with the token of our bot. Safe to share between threads.

    Raises PlatformError from every call; a MattermostRefusal where the server itself answered. Once it
    has asked for time, no call of ours goes out before that time is over.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        clock: Clock,
        ca_file: Path | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.url = url
        self._token = _Bearer(token)
        self._clock = clock
        self._verify: bool | str = str(ca_file) if ca_file else True
        self._total_seconds = total_seconds
        self._session = requests.Session()
        way = _ConnectingInTime(pool_maxsize=MOST_CONNECTIONS)
        self._session.mount("https://", way)
        self._session.mount("http://", way)
        self._lock = threading.Lock()
        self._paused_until = 0.0
        self._is_refused = False

    @property
    def is_refused(self) -> bool:
        """Whether the server does not know our token any more, as far as the last call has told."""
        return self._is_refused

    # Who and where we are.

    def read_self(self) -> JsonObject:
        """Our own account: `id`, `username`, `is_bot` and more."""
        return _object(self._call("GET", "users/me"))

    def read_settings(self) -> JsonObject:
        """Read the settings that every client is told: `Version`, `SiteURL`, `MaxPostSize` … as texts."""
        return _object(self._call("GET", "config/client", params={"format": "old"}))

    def find_teams(self) -> list[JsonObject]:
        """The teams that we are in."""
        return _objects(self._call("GET", "users/me/teams"))

    def find_channels(self) -> list[JsonObject]:
        """The channels that we are in, of every kind and team: `id`, `type`, `last_post_at` and more."""
        return _objects(self._call("GET", "users/me/channels"))

    def read_channel(self, channel_id: str) -> JsonObject:
        return _object(self._call("GET", f"channels/{channel_id}"))

    def find_members(self, channel_id: str, *, page: int = 0) -> list[JsonObject]:
        """A page of who is in a channel: `user_id`, `scheme_guest` and more."""
        return _objects(
            self._call("GET", f"channels/{channel_id}/members", params={"page": page, "per_page": PAGE})
        )

    def read_member(self, channel_id: str, user_id: str) -> JsonObject:
        """The membership of a user in a channel; refused with NOT_FOUND where there is none."""
        return _object(self._call("GET", f"channels/{channel_id}/members/{user_id}"))

    def open_direct_channel(self, own_id: str, user_id: str) -> JsonObject:
        """The channel of the two of us; the same each time."""
        return _object(self._call("POST", "channels/direct", json=[own_id, user_id]))

    # People.

    def read_user(self, user_id: str) -> JsonObject:
        """`username`, `roles`, `is_bot`, `remote_id`, `delete_at` … of somebody."""
        return _object(self._call("GET", f"users/{user_id}"))

    def find_users(self, user_ids: Sequence[str]) -> list[JsonObject]:
        """The existing users among these ids, of which only the first MOST_USERS are asked for."""
        return _objects(self._call("POST", "users/ids", json=list(user_ids[:MOST_USERS])))

    # Posts.

    def create_post(
        self,
        channel_id: str,
        message: str,
        *,
        root_id: str = "",
        props: Mapping[str, Any] | None = None,
        file_ids: Sequence[str] = (),
        pending_post_id: str = "",
    ) -> JsonObject:
        """Post as the bot; within 30 s the same `pending_post_id` makes no second post."""
        post = {
            "channel_id": channel_id,
            "message": message,
            "root_id": root_id,
            "props": dict(props or {}),
            "file_ids": list(file_ids),
            "pending_post_id": pending_post_id,
        }
        # Without it the bot's light turns green and grey with every answer.
        return _object(self._call("POST", "posts", params={"set_online": "false"}, json=post))

    def patch_post(
        self, post_id: str, *, message: str | None = None, props: Mapping[str, Any] | None = None
    ) -> JsonObject:
        """Change a post of ours; `props` replace all that there were, what is None stays."""
        patch = {"message": message, "props": None if props is None else dict(props)}
        given = {name: value for name, value in patch.items() if value is not None}
        return _object(self._call("PUT", f"posts/{post_id}/patch", json=given))

    def delete_post(self, post_id: str) -> None:
        self._call("DELETE", f"posts/{post_id}")

    def read_post(self, post_id: str) -> JsonObject:
        return _object(self._call("GET", f"posts/{post_id}"))

    def read_thread(self, post_id: str) -> list[JsonObject]:
        """The posts of the thread that this one is in, the newest first."""
        return _posts(self._call("GET", f"posts/{post_id}/thread"))

    def find_posts(
        self, channel_id: str, *, page: int = 0, per_page: int = PAGE, after: str = "", before: str = ""
    ) -> list[JsonObject]:
        """A page of a channel's posts, the newest first; `after`, `before`: an id of a post."""
        given = {"after": after, "before": before}
        bounds = {name: value for name, value in given.items() if value}
        return _posts(
            self._call(
                "GET", f"channels/{channel_id}/posts", params={"page": page, "per_page": per_page, **bounds}
            )
        )

    def create_ephemeral_post(self, user_id: str, channel_id: str, message: str, **more: Any) -> JsonObject:
        """Shown to one person alone. Only the token of a system administrator may."""
        post = {"channel_id": channel_id, "message": message, **more}
        return _object(self._call("POST", "posts/ephemeral", json={"user_id": user_id, "post": post}))

    def add_reaction(self, own_id: str, post_id: str, emoji_name: str) -> None:
        reaction = {"user_id": own_id, "post_id": post_id, "emoji_name": emoji_name}
        self._call("POST", "reactions", json=reaction)

    # Files.

    def upload(self, channel_id: str, name: str, content: bytes) -> str:
        """The id of a file that is not shown before a post names it."""
        answer = _object(
            self._call(
                "POST",
                "files",
                data={"channel_id": channel_id},
                files={"files": (name, content)},
                seconds=UPLOAD_SECONDS,
            )
        )
        infos = answer.get("file_infos")
        id_ = infos[0].get("id") if isinstance(infos, list) and infos and isinstance(infos[0], dict) else None
        if not isinstance(id_, str) or not id_:
            raise PlatformError("Mattermost gave no id for a file")
        return id_

    def download(self, file_id: str) -> bytes:
        return self._answer("GET", f"files/{file_id}", seconds=UPLOAD_SECONDS)

    # What the server keeps for us.

    def find_preferences(self, category: str) -> dict[str, str]:
        """The bot's own preferences in this category, by name."""
        try:
            found = _objects(self._call("GET", f"users/me/preferences/{category}"))
        except MattermostRefusal as refused:
            if refused.status != NOT_FOUND:
                raise
            return {}  # the server's word for nothing kept
        return {str(one.get("name", "")): str(one.get("value", "")) for one in found}

    def keep_preferences(self, own_id: str, category: str, values: Mapping[str, str]) -> None:
        """Keep these texts by name (32 characters) beside what there is."""
        rows = [
            {"user_id": own_id, "category": category, "name": name, "value": value}
            for name, value in values.items()
        ]
        for start in range(0, len(rows), MOST_PREFERENCES):
            self._call("PUT", "users/me/preferences", json=rows[start : start + MOST_PREFERENCES])

    # Slash commands and outgoing webhooks.

    def find_commands(self, team_id: str) -> list[JsonObject]:
        """The team's own commands, with their tokens where we may see them."""
        return _objects(self._call("GET", "commands", params={"team_id": team_id, "custom_only": "true"}))

    def find_hooks(self, team_id: str) -> list[JsonObject]:
        """The outgoing webhooks of a team, with their tokens; only for who may manage them."""
        return _objects(self._call("GET", "hooks/outgoing", params={"team_id": team_id, "per_page": PAGE}))

    def create_command(self, command: Mapping[str, Any]) -> JsonObject:
        """Register a command; the answer has its `token`."""
        return _object(self._call("POST", "commands", json=dict(command)))

    def change_command(self, command: Mapping[str, Any]) -> JsonObject:
        return _object(self._call("PUT", f"commands/{command['id']}", json=dict(command)))

    def respond(self, address: str, answer: Mapping[str, Any]) -> bool:
        """Answer a command at the address that came with it, which is the credential; our token stays here.

        False when the address does not take it (any more).
        """
        response, body = self._exchange("POST", address, auth=_Nobody(), json=dict(answer))
        if response.status_code == OK:
            return True
        if response.status_code == TOO_FAST or response.status_code >= BROKEN:
            self._judge(response, body)
        return False

    def _call(self, method: str, path: str, **options: Any) -> Any:
        body = self._answer(method, path, **options)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise PlatformError(
                "Mattermost gave an answer that is no JSON; is url its address?", maybe_sent=method != "GET"
            ) from None

    def _answer(self, method: str, path: str, **options: Any) -> bytes:
        response, body = self._exchange(method, f"{self.url}/api/v4/{path}", auth=self._token, **options)
        return self._judge(response, body)

    def _exchange(
        self, method: str, url: str, *, auth: AuthBase, seconds: float | None = None, **options: Any
    ) -> tuple[requests.Response, bytes]:
        self._wait_for_no_one()
        total_seconds = seconds or self._total_seconds
        deadline = time.monotonic() + total_seconds
        try:
            with self._session.request(
                method,
                url,
                auth=auth,
                timeout=(CONNECT_SECONDS, total_seconds),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
                **options,
            ) as response:
                return response, self._body(response, deadline)
        except requests.exceptions.SSLError:
            raise Unreached(
                "Mattermost's certificate is not believed: it must name the host of url, and an authority "
                "of your own belongs into ca_file"
            ) from None
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as no:
            raise Unreached(f"Mattermost is not reached: {name_cause(no)}") from None
        except requests.RequestException as broken:
            cause = name_cause(broken)
            if _was_refused(broken):
                raise Unreached(f"Mattermost is not reached: {cause}") from None
            raise PlatformError(f"Mattermost did not answer: {cause}", maybe_sent=True) from None

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        pieces, size = [], 0
        for piece in response.iter_content(65_536):
            pieces.append(piece)
            size += len(piece)
            if size > ANSWER_LIMIT_BYTES or time.monotonic() > deadline:
                raise PlatformError("Mattermost's answer is too long or too slow", maybe_sent=True)
        return b"".join(pieces)

    def _judge(self, response: requests.Response, body: bytes) -> bytes:
        status = response.status_code
        self._is_refused = status == NO_SESSION
        if status in {OK, CREATED}:
            return body
        if status == TOO_FAST:
            raise self._slow_down(response.headers)
        if not 400 <= status < 600:  # noqa: PLR2004 - what is no error is a redirect, or another program
            raise PlatformError(
                f"Mattermost answered {status} instead of an answer; is url its address, without a redirect?"
            )
        raise refusal(status, _id_of(body))

    def _slow_down(self, headers: Mapping[str, str]) -> PlatformError:
        """The wish holds for the whole server, and is kept to at most a quarter of an hour."""
        wishes = map(_seconds, (headers.get("Retry-After"), headers.get("X-Ratelimit-Reset")))
        wish = next((seconds for seconds in wishes if seconds is not None), DEFAULT_WAIT_SECONDS)
        seconds = min(max(wish, 1.0), LONGEST_WAIT_SECONDS)
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.steady() + seconds)
        return _too_fast(seconds)

    def _wait_for_no_one(self) -> None:
        """Give up at once while the server wants to be left alone: the caller has a queue, we have none."""
        with self._lock:
            left = self._paused_until - self._clock.steady()
        if left > 0:
            raise _too_fast(left)


def refusal(status: int, id_: str) -> MattermostRefusal:
    """The error for an answer that says no."""
    named = f"Mattermost answered {status} {id_}".rstrip()
    if status == NO_SESSION:
        return MattermostRefusal(status, id_, "the bot token is not valid (any more)", permanent=True)
    if status == NOT_ALLOWED:
        return MattermostRefusal(
            status, id_, "the bot is not in this channel, or may not do this there", permanent=True
        )
    if id_ == STILL_PENDING:
        return MattermostRefusal(status, id_, named, maybe_sent=True, retry_after_seconds=PENDING_SECONDS)
    if status >= BROKEN:
        return MattermostRefusal(status, id_, named, maybe_sent=True)
    return MattermostRefusal(status, id_, named, permanent=True)


def _too_fast(seconds: float) -> PlatformError:
    return PlatformError(f"Mattermost asks to slow down for {seconds:.0f} s", retry_after_seconds=seconds)


def _seconds(wish: str | None) -> float | None:
    """Whole seconds, in ASCII; None for anything else."""
    text = (wish or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 - years


def _id_of(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    id_ = answer.get("id") if isinstance(answer, dict) else None
    return id_ if isinstance(id_, str) and _ERROR_ID.fullmatch(id_) else ""


def _was_refused(broken: requests.RequestException) -> bool:
    reason = getattr(broken.args[0], "reason", None) if broken.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def _object(answer: Any) -> JsonObject:
    if not isinstance(answer, dict):
        raise PlatformError("Mattermost's answer has another shape than it should", maybe_sent=True)
    return answer


def _objects(answer: Any) -> list[JsonObject]:
    if answer is None:
        return []  # an empty list, written by Go
    if not isinstance(answer, list):
        raise PlatformError("Mattermost's answer has another shape than it should")
    return [one for one in answer if isinstance(one, dict)]


def _posts(answer: Any) -> list[JsonObject]:
    """A post list: the ids in `order`, the posts beside it."""
    order, posts = _object(answer).get("order"), _object(answer).get("posts")
    if not isinstance(posts, dict):
        return []
    ids = [id_ for id_ in order if isinstance(id_, str)] if isinstance(order, list) else []
    return [posts[id_] for id_ in ids if isinstance(posts.get(id_), dict)]


class _Bearer(AuthBase):
    """Set here rather than as a header, or a .netrc of this machine would win over it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Nobody(AuthBase):
    """No token, and none out of a .netrc of this machine."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _ConnectingInTime(HTTPAdapter):
    """Connections that no slow name server holds up."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Connection(ConnectsInTime, HTTPConnection):
    pass


class _SecureConnection(ConnectsInTime, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
