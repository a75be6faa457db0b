"""Starts the programs that a benchmark measures, as an operator would, and stops them again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
START_SECONDS = 120.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def settings(folder: Path, slack_url: str, bot_port: int, engine_port: int) -> dict[str, str]:
    """The environment of both programs: everything in `folder`, Slack at `slack_url`."""
    return {
        **os.environ,
        "KBDIAL_BOT__LISTEN": f"127.0.0.1:{bot_port}",
        "KBDIAL_BOT__DATA_DIR": str(folder),
        "KBDIAL_BOT__DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "KBDIAL_BOT__ENGINE_URL": f"http://127.0.0.1:{engine_port}",
        "KBDIAL_BOT__QUESTIONS_PER_MINUTE": '{"person": 1000000, "channel": 1000000}',
        "KBDIAL_BOT__SLACK__SIGNING_SECRETS": f'["{SECRET}"]',
        "KBDIAL_BOT__SLACK__BOT_TOKEN": "xoxb-benchmark",
        "KBDIAL_BOT__SLACK__API_URL": f"{slack_url}/api/",
        "KBDIAL_BOT__SLACK__RESPONSE_HOSTS": f'["{slack_url}"]',
        "KBDIAL_ENGINE__LISTEN": f"127.0.0.1:{engine_port}",
        "KBDIAL_ENGINE__DATA_DIR": str(folder / "engine"),
    }


def processor_seconds(process: int) -> float:
    """The processor seconds of a process and of its descendants that are still there."""
    times = {}
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the two looks
        number = int(stat.parent.name)
        times[number] = int(words[11]) + int(words[12])
        parents.setdefault(int(words[1]), []).append(number)
    counted = [process]
    for each in counted:  # which grows meanwhile
        counted += parents.get(each, [])
    return sum(times.get(each, 0) for each in counted) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    environment: dict[str, str], *command: str, checkout: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """One command of this checkout, or of another one."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def until_ready(url: str) -> None:
    """Wait until `url` answers 200; it is asked every 10 ms, which is the resolution of start times."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.01)  # a program of its own tells nobody when it is ready
    raise TimeoutError(url)
