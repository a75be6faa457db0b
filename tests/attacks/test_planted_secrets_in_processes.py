"""SEC21 from outside: both programs as processes, with marked secrets and nothing that works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
import requests

from bot.config import Bot
from bot.config_file import ConfigError, load
from bot.platforms.registry import BOT
from engine.config import Engine
from tests.attacks import planted
from tests.attacks.planted import hits
from tests.support.engine_server import Call, EngineServer, answer

SECONDS = 120.0


def _repeats_the_header(call: Call) -> None:
    answer(500, call.heard.headers.get("Authorization", "").encode())(call)


@dataclass
class Running:
    """A program with its output in a file; `address` is where it says that it listens."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def address(self) -> str:
        for line in self.output.read_text().splitlines():
            if line.startswith("{") and "address" in (event := json.loads(line)):
                return f"http://{event['address']}"
        raise AssertionError(self.output.read_text())

    def command_lines(self) -> bytes:
        """The command lines of the program and of all that it has started, as `ps` shows them."""
        return b"".join(Path(f"/proc/{number}/cmdline").read_bytes() for number in self._family())

    def _family(self) -> list[int]:
        family = [self.process.pid]
        for number in family:
            for task in Path(f"/proc/{number}/task").iterdir():
                family += [int(child) for child in (task / "children").read_text().split()]
        return family


@contextmanager
def running(program: str, config: Path, output: Path) -> Iterator[Running]:
    """`python -m PROGRAM serve`, once its log says that it has started."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", program, "--config", str(config), "serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if not name.startswith("KBDIAL_")},
        )
        assert process.stderr is not None
        assert process.stdout is not None
        try:
            _copy_until_started(process.stderr, file)
            yield Running(process, output)
        finally:
            process.send_signal(signal.SIGTERM)
            said, complained = process.communicate(timeout=SECONDS)
            file.write(said + complained)


def _copy_until_started(lines: IO[bytes], file: IO[bytes]) -> None:
    for line in lines:
        file.write(line)
        file.flush()
        if b'"event": "serving"' in line or b'"event": "started"' in line:
            return
    raise AssertionError("it ended before it had started")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the process list is read from /proc")
def test_the_engine_tells_no_secret_of_its_sources_or_its_token(tmp_path: Path) -> None:
    """SEC21, SEC20: log, answers, metrics, stored files and the process list."""
    with EngineServer(_repeats_the_header) as source:
        config = tmp_path / "config.toml"
        config.write_text(f"""
[engine]
listen = "127.0.0.1:0"
data_dir = "{tmp_path}/data"
token = "{planted.ENGINE_TOKEN}"

[[engine.knowledge_base]]
name = "default"
refresh = "every 15m"
source = [
    "https://reader:{planted.SOURCE_PASSWORD}@127.0.0.1:1/faq.csv?key={planted.SOURCE_PASSWORD}",
    {{url = "{source.url}/faq.csv", headers = {{Authorization = "Bearer {planted.SOURCE_HEADER}"}}}},
    {{url = "postgresql+psycopg://reader:{planted.DATABASE_PASSWORD}@127.0.0.1:1/kb", query = "SELECT 1"}},
    "nowhere.txt",
]
""")
        with running("engine", config, tmp_path / "output") as engine:
            answers = _ask(engine.address, planted.ENGINE_TOKEN) + _ask(engine.address, "wrong")
            listed = engine.command_lines()
        assert any(planted.SOURCE_HEADER in str(heard.headers) for heard in source.heard)
    assert b"engine" in listed
    output = (tmp_path / "output").read_bytes()
    assert b"127.0.0.1:1/faq.csv" in output or "127.0.0.1:1/faq.csv" in answers
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert hits(output, answers, listed, stored) == []


def _ask(address: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    said = ""
    for method, path in (
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/openapi.json"),
        ("POST", "/v1/knowledge-bases/default/refresh"), ("GET", "/v1/knowledge-bases"),
        ("GET", "/v1/knowledge-bases/default"), ("GET", "/v1/knowledge-bases/default/entries"),
        ("POST", "/v1/search"), ("GET", "/nowhere"),
    ):  # fmt: skip
        said += requests.request(
            method, address + path, headers=headers, json={"query": "a"}, timeout=SECONDS
        ).text
    return said


@pytest.mark.parametrize("command", ["check", "serve"])
def test_the_bot_tells_no_secret_when_it_cannot_start(tmp_path: Path, command: str) -> None:
    """SEC21: nothing it needs is there, and the password has to be encoded in its address."""
    config = tmp_path / "config.toml"
    password = planted.DATABASE_PASSWORD.replace("/", "%2F").replace("+", "%2B")
    config.write_text(f"""
[bot]
listen = "127.0.0.1:0"
data_dir = "{tmp_path}/data"
database_url = "postgresql+psycopg://kbdial:{password}@127.0.0.1:1/kbdial?connect_timeout=2"
engine_url = "http://127.0.0.1:1"
engine_token = "{planted.ENGINE_TOKEN}"

[bot.slack]
signing_secrets = ["{planted.SLACK_SIGNING}"]
bot_token = "{planted.SLACK_TOKEN}"
api_url = "http://127.0.0.1:1/api"

[bot.wecom.app.support]
corp_id = "ww1"
agent_id = 1
secret = "{planted.WECOM_APP_SECRET}"
token = "{planted.WECOM_TOKEN}"
encoding_aes_key = "{planted.WECOM_KEY}"
api_url = "http://127.0.0.1:1"

[bot.wecom.webhook.alerts]
url = "http://127.0.0.1:1/cgi-bin/webhook/send?key={planted.WECOM_WEBHOOK_KEY}"
""")
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "--config", str(config), command],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert hits(ended.stdout, ended.stderr) == []


def test_the_engine_is_reached_from_this_machine_only_unless_told_otherwise() -> None:
    """SEC20."""
    assert Engine().listen.startswith("127.0.0.1:")
    assert Bot().listen.startswith("127.0.0.1:")


@pytest.mark.parametrize("key", ["engine_url", "public_url"])
def test_an_address_that_is_logged_holds_no_password(key: str) -> None:
    """SEC21: it is refused, and not repeated."""
    given = {f"KBDIAL_BOT__{key.upper()}": f"http://kbdial:{planted.DATABASE_PASSWORD[:7]}@127.0.0.1:8100"}
    with pytest.raises(ConfigError, match="without user and password") as refused:
        load(None, given, BOT)
    assert planted.DATABASE_PASSWORD[:7] not in str(refused.value)
