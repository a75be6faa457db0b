"""A Slack that records what it is told, over real HTTP, and misbehaves when asked to.

It refuses what Slack refuses (blocks over the limits, response addresses used up) and
counts whom a message would ring.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

USES = 5
BOT_USER = "U0BOT"

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A fault of one call, instead of the right answer.

    `stores`: the message is kept all the same, and only the answer goes wrong.
    `status` 0: the connection ends without an answer.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    stores: bool = False


def error(code: str, **more: Any) -> Fault:
    return Fault(body=json.dumps({"ok": False, "error": code} | more))


def too_fast(retry_after: str | None) -> Fault:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault(429, '{"ok":false,"error":"ratelimited"}', headers)


LOST = Fault(status=0, stores=True)
BROKEN_AFTER_STORING = Fault(500, "oops", stores=True)
HTML = Fault(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"})


class RecordingSlack:
    """`calls` is everything asked of the Web API, `posted` every message there is, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, JsonObject]] = []
        self.tokens: list[str] = []  # the token of each of `calls`
        self.posted: list[JsonObject] = []
        self.responses: list[tuple[str, JsonObject]] = []
        self.headers: list[Mapping[str, str]] = []
        self.profiles: dict[str, JsonObject] = {}  # by user id: what is special about them
        self.files: list[tuple[JsonObject, bytes]] = []  # what was shared, and its bytes
        self.answers: dict[str, Callable[[JsonObject], JsonObject]] = {}  # by method: what else it can do
        self._uploads: dict[str, bytes] = {}
        self._uses: dict[str, int] = defaultdict(int)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._heard = threading.Condition(self._lock)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api"

    def response_url(self, name: str = "r1") -> str:
        return f"{self.origin}/commands/{name}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def will(self, method: str, *faults: Fault) -> None:
        """The next calls of this method ("response_url" for all of those) go wrong like this."""
        self._faults[method].extend(faults)

    def relents(self, method: str) -> None:
        """Nothing goes wrong any more."""
        self._faults[method].clear()

    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    def texts(self) -> list[str]:
        return [str(message["text"]) for message in self.posted]

    @property
    def rung(self) -> int:
        """The number of mentions in the texts of all messages, which should have none."""
        return sum(_rings(message) for message in self.posted)

    def until(self, is_so: Callable[[], bool], seconds: float = 150.0) -> None:
        """Wait until what Slack was told makes this true."""
        with self._heard:
            assert self._heard.wait_for(is_so, seconds), f"Slack was only told {self.texts()}"

    def take(self, name: str, content: bytes) -> None:
        """The second step of sharing a file."""
        with self._heard:
            assert name in self._uploads, f"nobody asked to upload {name}"
            self._uploads[name] = content

    def answer(self, path: str, given: JsonObject, authorization: str = "") -> Fault:
        with self._heard:
            self._heard.notify_all()
            if path.startswith("/api/"):
                self.tokens.append(authorization.removeprefix("Bearer "))
                return self._web_api(path.removeprefix("/api/"), given)
            if path.startswith("/commands/"):
                return self._response(path, given)
        return Fault(404)

    def _web_api(self, method: str, given: JsonObject) -> Fault:
        self.calls.append((method, given))
        fault = self._faults[method].popleft() if self._faults[method] else None
        if fault and not fault.stores:
            return fault
        answer = self.answers.get(method, partial(self._perform, method))(given)
        return fault or Fault(body=json.dumps(answer), headers={"Content-Type": "application/json"})

    def _perform(self, method: str, given: JsonObject) -> JsonObject:
        match method:
            case "auth.test":
                return {"ok": True, "user": "kbdial", "team": "Acme", "user_id": BOT_USER, "team_id": "T1"}
            case "users.info":
                return {"ok": True, "user": self.user(str(given.get("user")))}
            case "chat.postMessage" | "chat.postEphemeral":
                problem = refusal(given)
                return {"ok": False, "error": problem} if problem else {"ok": True, "ts": self._keep(given)}
            case "chat.update":
                problem = refusal(given)
                for message in self.posted:
                    if not problem and message["ts"] == given["ts"]:
                        message.update(given)
                        return {"ok": True, "ts": given["ts"]}
                return {"ok": False, "error": problem or "message_not_found"}
            case "files.getUploadURLExternal":
                name = f"F{len(self._uploads) + 1}"
                self._uploads[name] = b""
                return {"ok": True, "upload_url": f"{self.origin}/upload/{name}", "file_id": name}
            case "files.completeUploadExternal":
                names = [one["id"] for one in json.loads(given["files"])]
                if any(not self._uploads.get(name) for name in names):
                    return {"ok": False, "error": "file_not_found"}
                self.files += [(given, self._uploads.pop(name)) for name in names]
                return {"ok": True, "files": [{"id": name} for name in names]}
            case "conversations.replies" | "conversations.history":
                thread = given.get("ts")
                listed = [m for m in self.posted if m.get("channel") == given["channel"]]
                return {
                    "ok": True,
                    "messages": [m for m in listed if not thread or m.get("thread_ts") == thread],
                }
        return {"ok": False, "error": "unknown_method"}

    def user(self, user_id: str) -> JsonObject:
        """The user as `users.info` tells: a full member, but for what `profiles` says."""
        known = {"id": user_id, "name": f"name-of-{user_id}", "team_id": "T1", "deleted": False}
        flags = dict.fromkeys(("is_bot", "is_restricted", "is_ultra_restricted"), False)
        return known | flags | self.profiles.get(user_id, {})

    def _response(self, path: str, given: JsonObject) -> Fault:
        self.responses.append((path, given))
        self._uses[path] += 1
        faults = self._faults["response_url"]
        fault = faults.popleft() if faults else None
        if fault and not fault.stores:
            return fault
        if self._uses[path] > USES:
            return Fault(404, '{"ok":false,"error":"used_url"}')
        problem = refusal(given)
        if problem:
            return Fault(400, problem)
        self._keep(given)
        return fault or Fault(body='{"ok":true}')

    def _keep(self, given: JsonObject) -> str:
        ts = f"1700000000.{len(self.posted) + 1:06d}"
        self.posted.append(given | {"ts": ts})
        return ts

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.startswith("/upload/"):
                    slack.take(self.path.removeprefix("/upload/"), content)
                    self._give(Fault(body="OK"))
                    return
                body = content.decode()
                if self.headers.get_content_type() == "application/json":
                    given = json.loads(body or "{}")
                else:
                    given = dict(parse_qsl(body))
                slack.headers.append({name.lower(): value for name, value in self.headers.items()})
                self._give(slack.answer(self.path, given, self.headers.get("Authorization", "")))

            def _give(self, fault: Fault) -> None:
                self.close_connection = True
                if not fault.status:
                    return
                self.send_response(fault.status)
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # whoever asked was killed meanwhile
                    self.wfile.write(fault.body.encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def recording_slack() -> Iterator[RecordingSlack]:
    slack = RecordingSlack()
    slack.start()
    try:
        yield slack
    finally:
        slack.stop()


def refusal(message: JsonObject) -> str | None:
    """The code with which Slack would refuse this message; None when it takes it."""
    text = message.get("text") or ""
    if len(text) > 40_000:
        return "msg_too_long"
    if not text and not message.get("blocks"):
        return "no_text"
    return "invalid_blocks" if block_mistakes(message.get("blocks") or []) else None


def block_mistakes(blocks: list[JsonObject]) -> list[str]:
    """Every limit of Slack's that these blocks break."""
    found = []

    def limit(what: str, text: object, most: int, least: int = 1) -> None:
        length = len(str(text).encode("utf-16-le")) // 2
        if not isinstance(text, str) or not least <= length <= most:
            found.append(f"{what}: {length} characters")

    def words(what: str, given: JsonObject, most: int = 3000) -> None:
        if given.get("type") not in {"mrkdwn", "plain_text"}:
            found.append(f"{what}: no text object")
        limit(what, given.get("text"), most)

    def option(given: JsonObject) -> None:
        words("option", given["text"], 75)
        limit("option value", given["value"], 150)

    def element(given: JsonObject) -> None:
        limit("action_id", given["action_id"], 255)
        match given["type"]:
            case "button":
                words("button", given["text"], 75)
                limit("button value", given["value"], 2000)
            case "static_select":
                words("placeholder", given["placeholder"], 150)
                if not 1 <= len(given["options"]) <= 100:
                    found.append("options of a menu")
                for one in given["options"]:
                    option(one)
            case "overflow":
                if not 1 <= len(given["options"]) <= 5:
                    found.append("options of an overflow menu")
                for one in given["options"]:
                    option(one)
            case unknown:
                found.append(f"unknown element {unknown}")

    if len(blocks) > 50:  # of a message; a Home tab takes 100
        found.append("more than 50 blocks")
    for block in blocks:
        match block["type"]:
            case "section" | "header" as kind:
                words(kind, block["text"], 3000 if kind == "section" else 150)
                if "accessory" in block:
                    element(block["accessory"])
            case "context":
                if not 1 <= len(block["elements"]) <= 10:
                    found.append("elements of a context")
                for one in block["elements"]:
                    words("context", one)
            case "actions":
                if not 1 <= len(block["elements"]) <= 25:
                    found.append("elements of actions")
                ids = [one["action_id"] for one in block["elements"]]
                if len(ids) != len(set(ids)):
                    found.append("action_id twice")
                for one in block["elements"]:
                    element(one)
            case unknown:
                found.append(f"unknown block {unknown}")
    return found


_ringing = re.compile(r"<!(?:channel|here|everyone|group|subteam)[^>]*>|<@[UW][^>]*>")
_ringing_by_name = re.compile(r"@(?:channel|here|everyone|group)\b", re.IGNORECASE)
_links = re.compile(r"<([a-z][a-z0-9+.-]*:[^<>|]*)(?:\|([^<>]*))?>", re.IGNORECASE)


def rings(text: str) -> int:
    """The number of mentions that Slack would make of this text."""
    return len(_ringing.findall(text)) + len(_ringing_by_name.findall(text))


def links(text: str) -> list[tuple[str, str]]:
    """The links Slack would make of this text's markup, as (address, label)."""
    return [(found[1], found[2] or "") for found in _links.finditer(text)]


def all_texts(message: JsonObject) -> list[str]:
    """Every text of a message that Slack reads as markup."""
    texts = [str(message.get("text", ""))]

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if value.get("type") == "mrkdwn":
                texts.append(value["text"])
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(message.get("blocks", []))
    return texts


def _rings(message: JsonObject) -> int:
    return sum(rings(text) for text in all_texts(message))
