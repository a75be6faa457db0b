"""A Mattermost on this machine: REST and WebSocket on one port, behaving like the protocol's sheet.

It holds users, channels, posts, threads and preferences, numbers its events, lets a connection be
resumed, rings people, and goes wrong when told to. What is called by it, and files, are added by the
modules beside it through `route`.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.support.mattermost_mentions import LOUD, rings
from tests.support.mattermost_rest import ROUTES, Answer, Asked, JsonObject, Refused
from tests.support.mattermost_socket import Broadcaster

BOT_TOKEN = "b0t7oken9w3x5y8z1a2c4d6e8f"
MOST_CHARACTERS = 16_383
MOST_PROPS = 800_000
PENDING_SECONDS = 30.0


@dataclass(frozen=True)
class Fault:
    """A fault of one call, instead of the right answer; `stores`: it is done all the same."""

    status: int = 500
    id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    stores: bool = False


LOST = Fault(0, stores=True)
BROKEN = Fault(500, "app.broken")


Route = Callable[[Asked], Any]


class Mattermost:
    """Used as a context: it listens while that is open. Times are milliseconds of `now`."""

    def __init__(self, *, now: Callable[[], float] = time.time, version: str = "11.10.0") -> None:
        self.now = now
        self.version = version
        self.site_url = ""
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.users: dict[str, JsonObject] = {}
        self.teams: dict[str, JsonObject] = {}
        self.channels: dict[str, JsonObject] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        self.posts: dict[str, JsonObject] = {}
        self.preferences: dict[tuple[str, str, str], str] = {}
        self.tokens: dict[str, str] = {}
        self.rung: list[tuple[str, str]] = []  # (name, id of the post by which it rang), the bot's own posts
        self.calls: list[tuple[str, str]] = []
        self.node = 0  # where the next request or connection lands
        self.saving: set[str] = set()  # pending ids that another request is just storing
        self.limited_until = 0.0
        self._pending: dict[tuple[int, str], tuple[str, float]] = {}
        self._faults: list[tuple[str, re.Pattern[str], Fault]] = []
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []
        self._count = 0
        self._last_time = 0
        self.sockets = Broadcaster(self)
        self.team = self.add_team("acme")
        self.bot = self.add_user("kbdial", is_bot=True)
        self.tokens[BOT_TOKEN] = self.bot
        for method, pattern, function in ROUTES:
            self.route(method, pattern, partial(function, self))

    # People, rooms and what is said there.

    def add_team(self, name: str) -> str:
        team = {"id": self.new_id("team"), "name": name, "display_name": name.title()}
        self.teams[team["id"]] = team
        return str(team["id"])

    def add_user(self, username: str, **more: Any) -> str:
        user = {
            "id": self.new_id("user"),
            "username": username,
            "roles": "system_user",
            "is_bot": False,
            "delete_at": 0,
        }
        self.users[str(user["id"])] = user | more
        return str(user["id"])

    def add_channel(self, name: str, *members: str, type: str = "O", **more: Any) -> str:  # noqa: A002 - its name
        """A room with these people and the bot."""
        channel = {
            "id": self.new_id("channel"),
            "type": type,
            "name": name,
            "display_name": name.title(),
            "team_id": "" if type in "DG" else self.team,
            "create_at": self.tick(),
            "delete_at": 0,
            "last_post_at": 0,
            "shared": False,
        }
        id_ = str(channel["id"])
        self.channels[id_] = channel | more
        self.members[id_] = {self.bot, *members}
        return id_

    def direct(self, user_id: str, other: str = "") -> str:
        """The channel of two, made where there is none."""
        pair = {user_id, other or self.bot}
        for id_, channel in self.channels.items():
            if channel["type"] == "D" and self.members[id_] == pair:
                return id_
        id_ = self.add_channel("__".join(sorted(pair)), type="D")
        self.members[id_] = pair
        return id_

    def say(self, user_id: str, text: str, channel_id: str, *, root_id: str = "", **more: Any) -> JsonObject:
        """Somebody writes a post."""
        with self.changed:
            return self.create(
                user_id, {"channel_id": channel_id, "message": text, "root_id": root_id} | more
            )

    def edit(self, post_id: str, text: str) -> None:
        with self.changed:
            self.patch(self.posts[post_id], {"message": text})

    def take_back(self, post_id: str) -> None:
        with self.changed:
            self.delete(self.posts[post_id])

    def repeat(self, post_id: str) -> None:
        """The same post is told of once more, as a frame of its own."""
        with self.changed:
            self._publish_post("posted", self.posts[post_id])

    def join(self, channel_id: str, user_id: str = "") -> None:
        with self.changed:
            added = user_id or self.bot
            self.members[channel_id].add(added)
            about = {"user_id": added, "team_id": self.channels[channel_id]["team_id"]}
            self.sockets.publish("user_added", about, channel_id=channel_id)

    def leave(self, channel_id: str, user_id: str = "") -> None:
        with self.changed:
            gone = user_id or self.bot
            about = {"user_id": gone, "channel_id": channel_id}
            self.sockets.publish("user_removed", about, channel_id=channel_id)
            self.members[channel_id].discard(gone)

    def seen(self, channel_id: str) -> list[JsonObject]:
        """The bot's posts that stand in a room, the oldest first."""
        with self.lock:
            return [
                dict(post)
                for post in self.posts.values()
                if post["channel_id"] == channel_id and post["user_id"] == self.bot and not post["delete_at"]
            ]

    # What goes wrong.

    def will(self, method: str, path: str, *faults: Fault) -> None:
        """The next calls of this method to a path (a pattern below /api/v4/) go wrong like this."""
        with self.lock:
            self._faults += [(method, re.compile(path), fault) for fault in faults]

    def relent(self) -> None:
        with self.lock:
            self._faults.clear()

    def until(self, is_so: Callable[[], bool], seconds: float = 150.0) -> None:
        """Wait for what other threads make true."""
        with self.changed:
            assert self.changed.wait_for(is_so, seconds), f"it never happened; calls: {self.calls[-20:]}"

    # The server itself.

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self.site_url = self.site_url or self.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.sockets.drop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def new_id(self, kind: str) -> str:
        """26 letters and digits that say what they name."""
        with self.lock:
            self._count += 1
            return f"{kind}{self._count:0{26 - len(kind)}d}"

    def tick(self) -> int:
        """The time in milliseconds, later each time."""
        with self.lock:
            self._last_time = max(self._last_time + 1, int(self.now() * 1000))
            return self._last_time

    def route(self, method: str, pattern: str, answer: Route) -> None:
        """Answer this method under /api/v4/; the pattern's groups are `parts`. Later routes win."""
        self._routes.insert(0, (method, re.compile(pattern), answer))

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        path = parts.path.removeprefix("/api/v4/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self.changed:
            self.calls.append((method, path))
            self.changed.notify_all()
            if self.now() < self.limited_until:
                left = f"{self.limited_until - self.now():.0f}"
                return Answer(429, b"limit exceeded", {"X-Ratelimit-Reset": left})
            fault = self._fault(method, path)
            if fault and not fault.stores:
                return _refusal(fault.status, fault.id, fault.headers)
            answer = self._perform(method, path, headers, query, body)
            return _refusal(fault.status, fault.id, fault.headers) if fault else answer

    def create(self, user_id: str, given: JsonObject) -> JsonObject:
        """Store a post and tell everybody in its room. Called with the lock held."""
        channel_id, root_id = given["channel_id"], given.get("root_id") or ""
        pending = str(given.get("pending_post_id") or "")
        if pending in self.saving:
            raise Refused(500, "api.post.deduplicate_create_post.pending")
        first, at = self._pending.get((self.node, pending), ("", 0.0))
        if pending and first and self.now() - at < PENDING_SECONDS:
            return dict(self.posts[first])
        channel = self.channels.get(channel_id)
        if channel is None or user_id not in self.members[channel_id]:
            raise Refused(403, "api.context.permissions.app_error")
        if channel["delete_at"]:
            raise Refused(400, "api.post.create_post.can_not_post_to_deleted.error")
        root = self.posts.get(root_id)
        if root_id and (root is None or root["root_id"] or root["delete_at"]):
            raise Refused(400, "api.post.create_post.root_id.app_error")
        post = {
            "id": self.new_id("post"),
            "create_at": self.tick(),
            "edit_at": 0,
            "delete_at": 0,
            "user_id": user_id,
            "channel_id": channel_id,
            "root_id": root_id,
            "message": given.get("message") or "",
            "type": given.get("type") or "",
            "props": dict(given.get("props") or {}),
            "file_ids": list(given.get("file_ids") or []),
            "pending_post_id": pending,
        }
        post["update_at"] = post["create_at"]
        if self.users[user_id]["is_bot"]:
            post["props"]["from_bot"] = "true"
        self._check(post)
        self.posts[post["id"]] = post
        channel["last_post_at"] = post["create_at"]
        if pending:
            self._pending[self.node, pending] = post["id"], self.now()
        self._ring(post)
        self._publish_post("posted", post)
        self.changed.notify_all()
        return self.shown(post)

    def shown(self, post: JsonObject) -> JsonObject:
        """A post as clients see it: what actions carry stays on the server."""
        shown: JsonObject = json.loads(json.dumps(post))
        for attachment in shown["props"].get("attachments") or []:
            for action in attachment.get("actions") or []:
                action.pop("integration", None)
        return shown

    def _check(self, post: JsonObject) -> None:
        if len(post["message"]) > MOST_CHARACTERS:
            raise Refused(400, "model.post.is_valid.message_length.app_error")
        if len(json.dumps(post["props"], ensure_ascii=False)) > MOST_PROPS:
            raise Refused(400, "model.post.is_valid.props.app_error")
        if len(post["file_ids"]) > 10:
            raise Refused(400, "model.post.is_valid.file_ids.app_error")

    def _ring(self, post: JsonObject) -> None:
        if post["user_id"] == self.bot:
            texts = [post["message"]]
            for one in post["props"].get("attachments") or []:
                fields = [
                    f"{pair.get('title', '')} {pair.get('value', '')}" for pair in one.get("fields") or []
                ]
                texts += [one.get("pretext") or "", one.get("text") or "", *fields]
            self.rung += [(name, post["id"]) for text in texts for name in rings(text, names=self._names())]

    def _names(self) -> frozenset[str]:
        return frozenset(str(user["username"]) for user in self.users.values())

    def _publish_post(self, event: str, post: JsonObject) -> None:
        channel = self.channels[post["channel_id"]]
        data = {
            "channel_type": channel["type"],
            "channel_display_name": channel["display_name"],
            "channel_name": channel["name"],
            "sender_name": "@" + str(self.users[post["user_id"]]["username"]),
            "team_id": channel["team_id"],
            "set_online": True,
            "post": json.dumps(self.shown(post)),
        }
        named = rings(post["message"], names=self._names())

        def concerns(user_id: str) -> bool:
            is_named = str(self.users[user_id]["username"]).lower() in named or bool(named & LOUD)
            return user_id != post["user_id"] and (is_named or channel["type"] in "DG")

        self.sockets.publish(
            event,
            data,
            channel_id=post["channel_id"],
            own=lambda user_id: {"mentions": json.dumps([user_id])} if concerns(user_id) else {},
        )

    def patch(self, post: JsonObject, given: Mapping[str, Any]) -> JsonObject:
        """Change a post and tell everybody. Called with the lock held."""
        changed = post | {name: given[name] for name in ("message", "props") if given.get(name) is not None}
        if post["user_id"] == self.bot:
            changed["props"] = changed["props"] | {"from_bot": "true"}
        self._check(changed)
        post.update(changed, edit_at=self.tick(), update_at=self._last_time)
        self._ring(post)
        self._publish_post("post_edited", post)
        self.changed.notify_all()
        return self.shown(post)

    def delete(self, post: JsonObject) -> None:
        post.update(delete_at=self.tick(), update_at=self._last_time)
        self._publish_post("post_deleted", post)
        self.changed.notify_all()

    def _fault(self, method: str, path: str) -> Fault | None:
        for number, (wanted, pattern, fault) in enumerate(self._faults):
            if wanted == method and pattern.fullmatch(path):
                del self._faults[number]
                return fault
        return None

    def _perform(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
    ) -> Answer:
        user_id = self.user_of(headers)
        if not user_id:
            return _refusal(401, "api.context.session_expired.app_error")
        for wanted, pattern, answer in self._routes:
            found = pattern.fullmatch(path)
            if wanted == method and found:
                try:
                    said = answer(Asked(user_id, method, path, found.groups(), query, body, headers))
                except Refused as refused:
                    return _refusal(refused.status, refused.id)
                if isinstance(said, Answer):
                    return said
                status = 201 if (method, path) == ("POST", "posts") else 200
                return Answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})
        return _refusal(404, "api.context.404.app_error")

    def user_of(self, headers: Mapping[str, str]) -> str:
        """The user whose token stands in the headers (names in lower case); "" for nobody's."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        return self.tokens.get(token, "") if kind.lower() == "bearer" else ""


def _refusal(status: int, id_: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = {
        "id": id_,
        "message": "a sentence",
        "detailed_error": "",
        "request_id": "r",
        "status_code": status,
    }
    return Answer(
        status, json.dumps(body).encode(), {"Content-Type": "application/json"} | dict(headers or {})
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, mattermost: Mattermost) -> None:
        self.mattermost = mattermost
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """A connection that begins as a WebSocket is one for its whole life."""
        head = request.recv(32, socket.MSG_PEEK)
        if head.startswith(b"GET /api/v4/websocket"):
            self.mattermost.sockets.talk(request)
        else:
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that is gone before its answer."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # who asked was killed in the middle
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.mattermost.answer(self.command, self.path, headers, body)
        if not answer.status:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def a_mattermost(**options: Any) -> Iterator[Mattermost]:
    with Mattermost(**options) as mattermost:
        yield mattermost
