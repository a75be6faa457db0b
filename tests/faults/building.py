"""The base of every test in this folder: the bot or the engine as a process, and a recording Slack."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from bot import app
from bot.domain import Clock
from bot.platforms.slack.adapter import ADAPTER
from tests.support.engine_server import Call, answer
from tests.support.history import Verdict, answers_in, judged, states_in, states_on
from tests.support.migrated import migrate_by_copy
from tests.support.processes import Home, a_free_port
from tests.support.program import Program, some_bot_settings
from tests.support.slack import RecordingSlack
from tests.support.slack_people import SECRET

# Nothing listens there.
NOWHERE = "http://127.0.0.1:9"
MANY = {"person": 100_000, "channel": 100_000}


class BotHome(Home):
    """The bot over `folder`/data or a database elsewhere; `slack_url` may lead through a relay."""

    def __init__(
        self,
        folder: Path,
        slack: RecordingSlack,
        /,
        *,
        slack_url: str = "",
        engine_url: str = NOWHERE,
        data: Path | None = None,
        database_url: str = "",
        environment: Mapping[str, str] | None = None,
        **keys: Any,
    ) -> None:
        self.slack = slack
        self.port = a_free_port()
        self.data = data or folder / "data"
        self.database = self.data / "bot.db"
        self.database_url = database_url or f"sqlite:///{self.database}"
        origin = slack_url or slack.origin
        bot = {
            "listen": f"127.0.0.1:{self.port}",
            "data_dir": str(self.data),
            "database_url": self.database_url,
            "engine_url": engine_url,
            "questions_per_minute": MANY,
            "slack": {
                "signing_secrets": [SECRET],
                "bot_token": "xoxb-test",
                "api_url": f"{origin}/api",
                "response_hosts": [origin],
            },
            **keys,
        }
        super().__init__("bot", "started", folder, {"bot": bot}, environment or {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def migrated(self) -> BotHome:
        self.data.mkdir(parents=True, exist_ok=True)
        migrate_by_copy(self.database_url)
        return self

    def verdict(self, acknowledged: Collection[int], seconds: float = 60.0) -> Verdict:
        """The end of each of these events, once all have one or the time is over. The bot must be running."""
        until = time.monotonic() + seconds
        while (missing := self._missing(acknowledged)) and time.monotonic() < until:
            enough = len(self.slack.posted) + missing
            # The room tells when it hears something; a throttled event says nothing there.
            with suppress(AssertionError):
                self.slack.until(lambda: len(self.slack.posted) >= enough, 0.5)  # noqa: B023 - called at once
        return self._judged(acknowledged)

    def states(self) -> dict[int, str]:
        """The state of each event. The bot must be running."""
        if self.database_url.startswith("sqlite"):
            return states_in(self.database)
        return states_on(self.database_url)

    def _missing(self, acknowledged: Collection[int]) -> int:
        return len(self._judged(acknowledged).lost)

    def _judged(self, acknowledged: Collection[int]) -> Verdict:
        return judged(acknowledged, answers_in(list(self.slack.posted)), self.states())


class EngineHome(Home):
    """The engine over `folder`/engine, with knowledge bases as they stand in the configuration."""

    def __init__(
        self,
        folder: Path,
        *knowledge_bases: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
        data: Path | None = None,
        **keys: Any,
    ) -> None:
        self.port = a_free_port()
        self.data = data or folder / "engine"
        engine = {"listen": f"127.0.0.1:{self.port}", "data_dir": str(self.data), **keys}
        settings = {"engine": engine, "engine.knowledge_base": list(knowledge_bases)}
        super().__init__("engine", "serving", folder, settings, environment or {})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def a_bot(
    folder: Path, slack: RecordingSlack, *, slack_url: str = "", clock: Clock | None = None, **keys: Any
) -> Iterator[Program]:
    """The bot inside this process, with the real way to an engine that may or may not be there."""
    settings = some_bot_settings(
        folder, slack, **{"engine_url": NOWHERE, "questions_per_minute": MANY, **keys}
    )
    if slack_url:
        there = {"api_url": f"{slack_url}/api", "response_hosts": (slack_url,)}
        slack_table = ADAPTER.section_of(settings.bot).model_copy(update=there)
        bot = settings.bot.model_copy(update={"slack": slack_table})
        settings = settings.model_copy(update={"bot": bot})
    migrate_by_copy(settings.bot.database_url)
    with ExitStack() as closing:
        yield closing.enter_context(Program(settings, app.Edges(clock=clock or Clock()), slack))


# Longer than a lease: what a disk that stood still left in nobody's hands is taken up again after that.
PATIENT_SECONDS = 150.0


def until(is_so: Callable[[], bool], seconds: float = PATIENT_SECONDS) -> None:
    """Look again and again, for what tells nobody outside when it changes."""
    tick = threading.Event()
    over = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < over, f"it did not happen within {seconds} s"
        tick.wait(0.02)


class SettableClock(Clock):
    """A clock whose two times go on by themselves and jump when told, each for itself."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.later = 0.0
        super().__init__(lambda: time.time() + self.ahead, lambda: time.monotonic() + self.later)

    def sleeps(self, seconds: float) -> None:
        """Both times go on by as much, as if so long had passed."""
        self.ahead += seconds
        self.later += seconds


def a_true_engine(call: Call) -> None:
    """Answers as the engine does: every search finds a banana."""
    if call.heard.path == "/v1/search":
        asked = call.heard.json
        answer(200, a_found(threshold=asked["threshold"] or 0.4, knowledge_base=asked["knowledge_base"]))(
            call
        )
    elif call.heard.path == "/readyz":
        answer(200, {"ready": True, "device": "cpu", "model": "letters"})(call)
    else:
        answer(200, A_KNOWLEDGE_BASE)(call)


def a_found(**fields: Any) -> dict[str, Any]:
    """The answer to a search; `fields` make it another one, or nonsense."""
    banana = {"rank": 1, "id": "1", "text": "a banana", "answer": None, "score": 0.9, "cosine": 0.9}
    return {
        "knowledge_base": "default",
        "snapshot": "s1",
        "snapshot_at": "2026-11-23T12:00:00Z",
        "model": "letters",
        "threshold": 0.4,
        "total": 1,
        "groups": 1,
        "best_score": 0.9,
        "matches": [banana],
        "scores": [{"id": "1", "score": 0.9}],
        "took_ms": 1.0,
    } | fields


A_KNOWLEDGE_BASE = {
    "name": "default",
    "size": 1,
    "model": "letters",
    "dimension": 27,
    "snapshot": "s1",
    "snapshot_at": "2026-11-23T12:00:00Z",
    "threshold": None,
    "last_refresh": None,
    "next_refresh": None,
    "refreshing": False,
    "progress": None,
    "device": "cpu",
}
