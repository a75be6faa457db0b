"""An engine of our own, for as long as we run: what `run` and `chat` start when none answers.

It gets our configuration and listens where the bot looks for it. It lives in a session
of its own, so that Ctrl-C reaches only us, and we stop it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from bot.config import Bot
from bot.domain import Clock, EngineError, KnowledgeBase
from bot.engine_client import EngineClient, Ready
from bot.process import logs

STOP_SECONDS = 15.0
CONNECT_SECONDS = 1.0
LOOK_SECONDS = 0.1
# An engine that has not begun to read a knowledge base by then is not about to.
IDLE_SECONDS = 3.0
_HERE = ("127.0.0.1", "localhost", "::1")


Value = TypeVar("Value")


class EngineTrouble(Exception):
    """The reason there will be no engine, as a sentence for the person who started us."""


class Stopped(Exception):
    """A stop was asked for before the engine was ready."""


class EngineProcess:
    """One engine process. Start it from the main thread: Linux ties it to the thread that starts it."""

    def __init__(self, bot: Bot, config_path: str | None, module: str = "engine") -> None:
        self._bot = bot
        self._config_path = config_path
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self.log = bot.data_dir / "engine.log"

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "bot.process.die_with_parent",
            str(os.getpid()),
            self._module,
            "serve",
        ]
        with logs.open_log(self.log) as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def exit_reason(self) -> str | None:
        """The exit code and last log lines of an engine that ended, as a sentence; None for any other."""
        if self._process is None or self._process.poll() is None:
            return None
        code, words = self._process.returncode, self._last_log_lines()
        return f"The engine stopped (exit code {code}): {words}. Its log is {self.log}"

    def _last_log_lines(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        words = [line.strip() for line in lines if line.strip() and not line.startswith("{")]
        return words[-1].rstrip(".") if words else "it said nothing"

    def _environment(self) -> dict[str, str]:
        """Ours, passed on, with what both programs must agree on."""
        agreed = {"KBDIAL_ENGINE__LISTEN": urlsplit(self._bot.engine_url).netloc}
        if self._config_path is not None:
            agreed["KBDIAL_CONFIG"] = self._config_path
        if token := self._bot.engine_token.get_secret_value():
            agreed["KBDIAL_ENGINE__TOKEN"] = token
        return {**os.environ, **agreed}


class EngineReadiness:
    """Looks at the engine again and again until it can be asked.

    Each look has a client of its own: the breaker of an old one would refuse.
    """

    def __init__(self, bot: Bot, child: EngineProcess | None, stopping: threading.Event) -> None:
        self._bot = bot
        self._child = child
        self._stopping = stopping

    def until_ready(self) -> Ready:
        """Wait until its model is loaded; the device it runs on.

        Raises:
            EngineTrouble: it will not come.
            Stopped: we are no longer waiting.
        """
        while True:
            ready = self._ask(EngineClient.ready)
            if ready is not None:
                return ready
            self._pause()

    def until_embedded(
        self, look: Callable[[KnowledgeBase], None] = lambda _: None
    ) -> tuple[KnowledgeBase, ...]:
        """Wait until each knowledge base can be asked, or none of those that cannot is being read.

        `look` sees each of them each time. Raises as `until_ready` does.
        """
        idle_seconds = 0.0
        while True:
            found = self._ask(EngineClient.knowledge_bases) or ()
            for one in found:
                look(one)
            if found and all(one.snapshot is not None and not one.refreshing for one in found):
                return found
            idle_seconds = 0.0 if any(one.refreshing for one in found) else idle_seconds + LOOK_SECONDS
            if idle_seconds >= IDLE_SECONDS:
                return found
            self._pause()

    def _ask(self, question: Callable[[EngineClient], Value]) -> Value | None:
        bot = self._bot
        client = EngineClient(bot.engine_url, token=bot.engine_token.get_secret_value(), clock=Clock())
        try:
            return question(client)
        except EngineError as problem:
            if problem.code == "refused":
                raise EngineTrouble(f"The engine at {bot.engine_url}: {problem.reason}") from problem
            return None
        finally:
            client.stop()

    def _pause(self) -> None:
        if self._child is not None and (words := self._child.exit_reason()):
            raise EngineTrouble(words)
        if self._stopping.wait(LOOK_SECONDS):
            raise Stopped


def is_port_open(engine_url: str) -> bool:
    """Whether the address is taken: an engine is there, ready or still loading."""
    address = urlsplit(engine_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def is_local_engine(engine_url: str) -> bool:
    """Whether an engine at this address would be on this machine, reached directly."""
    address = urlsplit(engine_url)
    is_here = address.hostname in _HERE and address.port is not None
    return address.scheme == "http" and is_here and not address.path
