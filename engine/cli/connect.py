"""The engine that a shell command talks to: the running one, or one opened for the moment.

Both are asked in the words of the HTTP contract, so a command does the same either way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import requests

from engine import app, config
from engine.domain import CannotReach, EngineError, FolderInUse, NotReady
from engine.network_errors import name_cause
from engine.web.inside import ask_inside

_CONNECT_SECONDS = 2
_ANSWER_SECONDS = 60


class Transport(Protocol):
    """One request, one answer: the status and the decoded body."""

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]: ...


@dataclass(frozen=True)
class EngineHandle:
    """An engine behind a transport. Everything it refuses is an EngineError with its own sentence."""

    send: Transport
    opened: app.App | None = None

    def names(self) -> list[str]:
        return [each["name"] for each in self._ask("GET", "/v1/knowledge-bases")["knowledge_bases"]]

    def describe(self, name: str) -> dict[str, Any]:
        return self._ask("GET", f"/v1/knowledge-bases/{_quote(name)}")

    def trouble_of_model(self) -> str:
        """The reason there is no model to ask, as a sentence; empty when there is one."""
        status, answer = self.send("GET", "/readyz", None)
        is_loaded = status < 300 or any(self.describe(name)["device"] for name in self.names())  # noqa: PLR2004 - as below
        return "" if is_loaded else str(answer["reason"])

    def refresh(self, name: str, *, confirmed: bool = False) -> str:
        path = f"/v1/knowledge-bases/{_quote(name)}/refresh"
        return str(self._ask("POST", path, {"confirm": confirmed})["refresh"])

    def roll_back(self, name: str) -> dict[str, Any]:
        return self._ask("POST", f"/v1/knowledge-bases/{_quote(name)}/rollback")

    def search(self, question: dict[str, Any]) -> dict[str, Any]:
        if self.opened and not self.opened.knowledge.follower:
            _have_a_snapshot(self.opened, question["knowledge_base"])
        return self._ask("POST", "/v1/search", question)

    def entry_ids(self, name: str, page: int) -> Iterator[str]:
        path = f"/v1/knowledge-bases/{_quote(name)}/entries"
        offset = 0
        while True:
            answer = self._ask("GET", f"{path}?limit={page}&offset={offset}")
            yield from (entry["id"] for entry in answer["entries"])
            offset += page
            if offset >= answer["total"]:
                return

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        status, answer = self.send(method, path, body)
        if isinstance(answer, dict) and status < 300:  # noqa: PLR2004 - the statuses of success
            return answer
        try:
            raise EngineError(answer["error"]["message"])
        except (TypeError, KeyError):
            raise CannotReach(f"what answers {method} {path} with status {status} is no engine") from None


@contextmanager
def engine(
    settings: config.Engine, edges: app.Edges | None = None, *, for_many_texts: bool = False
) -> Iterator[EngineHandle]:
    """The engine that runs on this data folder, or else one that is opened for the time being.

    Its model has processes of its own only for many texts: for a few they are not worth starting.

    Raises:
        FolderInUse, CannotReach, NotReady
    """
    if not for_many_texts:
        model = settings.model.model_copy(update={"processes": 1})
        settings = settings.model_copy(update={"model": model})
    own = app.build(settings, edges or app.Edges())
    try:
        own.open()
    except FolderInUse:
        yield EngineHandle(_over_http(settings))
        return
    try:
        if not own.knowledge.batcher.wait_until_tried():
            raise NotReady(own.knowledge.batcher.state[1])
        yield EngineHandle(_inside(own), opened=own)
    finally:
        own.stop()


def _inside(own: app.App) -> Transport:
    def send(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Host": own.settings.listen, "Content-Type": "application/json", **_headers(own.settings)}
        content = b"" if body is None else json.dumps(body).encode()
        answer = ask_inside(own.web, method, path, body=content, headers=headers.items())
        try:
            return answer.status, json.loads(answer.body)
        except ValueError:
            return answer.status, None

    return send


def _over_http(settings: config.Engine) -> Transport:
    address = _address(settings)
    session = requests.Session()
    session.trust_env = False  # a proxy has no business between us and this machine

    def send(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        try:
            answer = session.request(
                method,
                f"http://{address}{path}",
                json=body,
                headers=_headers(settings),
                timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise CannotReach(
                f"another engine owns {settings.data_dir}, but does not answer at {address}:"
                f" {name_cause(problem)}. If it is starting, try again; else end it"
            ) from None
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None

    return send


def _address(settings: config.Engine) -> str:
    """The host and port that the engine wrote into its data folder, else those of the settings."""
    try:
        address = (settings.data_dir / app.ADDRESS).read_text(encoding="utf-8").strip()
    except OSError:
        address = settings.listen
    host, _, port = address.rpartition(":")
    return f"127.0.0.1:{port}" if host in {"0.0.0.0", "[::]"} else address  # noqa: S104 - asked, not bound


def _headers(settings: config.Engine) -> dict[str, str]:
    token = settings.token.get_secret_value()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _have_a_snapshot(own: app.App, name: str) -> None:
    """Make the first snapshot of a knowledge base that has none for this model."""
    try:
        own.knowledge.searcher.snapshot_of(name)
    except NotReady:
        refresher = own.knowledge.refresher
        ended = refresher.wait_for(name, refresher.request(name))
        if ended and ended.error:
            raise NotReady(f'knowledge base "{name}" cannot be read: {ended.error}') from None


def _quote(name: str) -> str:
    return quote(name, safe="")
