"""WeCom's HTTP side, as a transport for `requests`: it records, limits, expires, and fails when told to.

    session.mount("https://", api)

Faults: `api.fail("message/send", "reset")` and so on, one call each, in order.
"""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import NewConnectionError

from bot.domain import Clock

Fault = (
    Literal["refuse", "reset", "reset after", "502", "502 after", "redirect", "html", "timeout after"] | int
)
RUNG = re.compile(r"<@([^>\s]+)>")


class VirtualClock(Clock):
    """Stands still until somebody waits."""

    def __init__(self, seconds: float = 1790000000) -> None:
        self.seconds = seconds
        super().__init__(wall=lambda: self.seconds, monotonic=lambda: self.seconds)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def pause(self, seconds: float) -> None:
        self.wait(seconds)


@dataclass
class Sent:
    """A message that people see, and where: a user, a webhook's key, or a chat."""

    to: str
    kind: str
    body: dict[str, Any]
    at: float

    @property
    def text(self) -> str:
        content = self.body.get("content", "")
        assert isinstance(content, str)
        return content


@dataclass
class WeComApi(BaseAdapter):
    clock: VirtualClock
    secrets: dict[tuple[str, str], int] = field(default_factory=lambda: {("ww1", "S1k7Qm2xRz"): 1000002})
    users: set[str] = field(default_factory=lambda: {"zhangsan", "lisi"})
    webhooks: set[str] = field(default_factory=lambda: {"KEY1", "KEY2"})
    trusted: bool = True

    def __post_init__(self) -> None:
        super().__init__()
        self.seen: list[Sent] = []
        self.rung: list[str] = []
        self.calls: list[str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.tokens: dict[str, float] = {}
        self.response_codes: dict[str, tuple[str, float]] = {}
        self.card_codes: dict[str, str] = {}
        self._faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self._unheard: list[str] = []
        self._recent: dict[str, float] = {}
        self._webhook_calls: defaultdict[str, list[float]] = defaultdict(list)
        self._count = 0

    def fail(self, path: str, *faults: Fault) -> None:
        self._faults[path] += faults

    def lose_answer_to(self, kind: str) -> None:
        """The next message of this kind arrives, and its sender does not hear so."""
        self._unheard.append(kind)

    def withdraw_tokens(self) -> None:
        self.tokens.clear()

    def response_url(self, chat: str) -> str:
        """An address for one later reply in this chat, good for an hour."""
        code = self._next("code")
        self.response_codes[code] = chat, self.clock.seconds + 3600
        return f"https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code={code}"

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        assert request.url
        assert options.get("timeout"), "a call without a time limit"
        parts = urlsplit(request.url)
        path = parts.path.removeprefix("/cgi-bin/")
        self.calls.append(path)
        fault = self._faults[path].pop(0) if self._faults[path] else None
        if fault == "refuse":
            # As the real transport says it.
            raise requests.ConnectionError(_Reason(NewConnectionError(None, "refused")))  # type: ignore[arg-type]  # urllib3 takes None, too
        if fault == "reset":
            raise requests.ConnectionError("reset")
        if fault == "502":
            return self._answer(request, 502, b"<html>bad gateway</html>")
        if fault == "redirect":
            return self._answer(request, 302, b"", {"Location": "http://169.254.169.254/"})
        if isinstance(fault, int):
            said = "not allow to access from your ip, from ip: 203.0.113.7" if fault == 60020 else "no"
            return self._json(request, {"errcode": fault, "errmsg": said})
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        result = self._route(path, query, request)
        if fault == "reset after":
            raise requests.ConnectionError("reset")
        if fault == "timeout after":
            raise requests.ReadTimeout("too slow")
        if fault == "502 after":
            return self._answer(request, 502, b"<html>bad gateway</html>")
        if fault == "html":
            return self._answer(request, 200, b"<html>hello</html>")
        return self._json(request, {"errcode": 0, "errmsg": "ok"} | result)

    def close(self) -> None:
        pass

    def _route(
        self, path: str, query: Mapping[str, str], request: requests.PreparedRequest
    ) -> dict[str, Any]:
        match path:
            case "gettoken":
                return self._gettoken(query)
            case "agent/get":
                return self._token_error(query) or {"name": "KB desk", "agentid": int(query["agentid"])}
            case "message/send":
                return self._token_error(query) or self._message(json.loads(request.body or b"{}"))
            case "message/update_template_card":
                return self._token_error(query) or self._update_card(json.loads(request.body or b"{}"))
            case "media/upload":
                return self._token_error(query) or self._upload(request)
            case "webhook/send":
                return self._webhook_error(query) or self._webhook(
                    query["key"], json.loads(request.body or b"{}")
                )
            case "webhook/upload_media":
                return self._webhook_error(query) or self._upload(request)
            case "aibot/response":
                return self._later(query.get("response_code", ""), json.loads(request.body or b"{}"))
        return {"errcode": 404, "errmsg": "no such path"}

    def _gettoken(self, query: Mapping[str, str]) -> dict[str, Any]:
        if (query["corpid"], query["corpsecret"]) not in self.secrets:
            known = any(corp == query["corpid"] for corp, _ in self.secrets)
            return {"errcode": 40001 if known else 40013}
        token = self._next("token")
        self.tokens[token] = self.clock.seconds + 7200
        return {"access_token": token, "expires_in": 7200}

    def _token_error(self, query: Mapping[str, str]) -> dict[str, Any]:
        until = self.tokens.get(query.get("access_token", ""))
        if until is None:
            return {"errcode": 40014}
        return {"errcode": 42001} if self.clock.seconds >= until else {}

    def _message(self, body: dict[str, Any]) -> dict[str, Any]:
        assert body["agentid"] in self.secrets.values()
        if body["touser"] not in self.users:
            return {"errcode": 81013}
        kind = body["msgtype"]
        if kind in {"text", "markdown"} and len(body[kind]["content"].encode()) > 2048:
            return {"errcode": 40058}
        name = json.dumps([body["touser"], kind, body[kind]])
        interval = body.get("duplicate_check_interval", 1800)
        assert interval <= 4 * 3600
        if (
            body.get("enable_duplicate_check")
            and self.clock.seconds - self._recent.get(name, -1e9) < interval
        ):
            return {"msgid": self._next("msg")}
        self._recent[name] = self.clock.seconds
        self._show(body["touser"], kind, body[kind])
        if kind in self._unheard:
            self._unheard.remove(kind)
            raise requests.ConnectionError("reset")
        code = self._next("card")
        self.card_codes[code] = body["touser"]
        return {"msgid": self._next("msg")} | ({"response_code": code} if kind == "template_card" else {})

    def _update_card(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.card_codes.pop(body["response_code"], None) is None:
            return {"errcode": 42019}
        self._show(body["userids"][0], "template_card", body["template_card"])
        return {}

    def _upload(self, request: requests.PreparedRequest) -> dict[str, Any]:
        raw = request.body
        assert isinstance(raw, bytes)
        head, _, rest = raw.partition(b"\r\n\r\n")
        assert b'name="media"' in head
        name = re.search(rb"filename\*?=\"?(?:utf-8'')?([^\"\r\n;]+)", head)
        assert name
        media_id = self._next("media")
        self.files[media_id] = name[1].decode(), rest.rpartition(b"\r\n--")[0]
        return {"media_id": media_id, "type": "file", "created_at": "1790000000"}

    def _webhook_error(self, query: Mapping[str, str]) -> dict[str, Any]:
        key = query.get("key", "")
        if key not in self.webhooks:
            return {"errcode": 93000}
        recent = [at for at in self._webhook_calls[key] if self.clock.seconds - at < 60]
        if len(recent) >= 20:
            return {"errcode": 45009}
        self._webhook_calls[key] = [*recent, self.clock.seconds]
        return {}

    def _webhook(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        kind = body["msgtype"]
        limit = {"text": 2048, "markdown": 4096}.get(kind)
        if limit and len(body[kind]["content"].encode()) > limit:
            return {"errcode": 40058}
        self.rung += body[kind].get("mentioned_list", [])
        self._show(key, kind, body[kind])
        return {}

    def _later(self, code: str, body: dict[str, Any]) -> dict[str, Any]:
        chat, until = self.response_codes.pop(code, ("", 0.0))
        if self.clock.seconds >= until:
            return {"errcode": 40058}
        kind = body["msgtype"]
        assert kind in {"markdown", "template_card"}
        assert kind == "markdown" or chat.startswith("single:"), "a card may follow in a direct chat only"
        assert len(body[kind].get("content", "").encode()) <= 20480
        self._show(chat, kind, body[kind])
        return {}

    def _show(self, to: str, kind: str, body: dict[str, Any]) -> None:
        self.seen.append(Sent(to, kind, body, self.clock.seconds))
        if kind == "markdown":
            self.rung += RUNG.findall(body["content"])

    def _next(self, name: str) -> str:
        self._count += 1
        return f"{name}-{self._count}"

    def _json(self, request: requests.PreparedRequest, answer: Mapping[str, Any]) -> requests.Response:
        return self._answer(request, 200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _answer(
        self,
        request: requests.PreparedRequest,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers or {})
        response.raw = HTTPResponse(io.BytesIO(body), status=status, preload_content=False)
        response.url = request.url or ""
        response.request = request
        return response


class _Reason(Exception):
    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason
