"""The bot's memory over many events: python -m benchmarks.soak [scale].

15,000 events with 40 refreshes and 5 restarts among them, then 30,000 in one life: questions and
commands in a thousand rooms, over real HTTP, with the bundled model and a Slack on loopback. After every
5,000 the bot is left to finish what it has, and its memory is read. `scale` makes all of it smaller.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.faults.building import BotHome, EngineHome, until
from tests.support.history import answers_in
from tests.support.load_clients import Crowd
from tests.support.processes import Life
from tests.support.slack import RecordingSlack, recording_slack

CONNECTIONS = 6
# Replies that come late leave a room three seconds apart; in many rooms that holds up nobody.
ROOMS = 1_000
PIECE = 5_000
BEFORE, AFTER = 15_000, 30_000
REFRESHES, RESTARTS = 40, 5
ENTRIES = 2_000
DRAIN_SECONDS = 600.0
QUESTIONS = ("<@U0BOT> fruit rich in vitamin C {}?", "<@U0BOT> what is sour {}")
COMMANDS = ("<@U0BOT> /threshold 0.3", "<@U0BOT> /settings", "<@U0BOT> /limit 3", "<@U0BOT> /help")


def text_of(number: int) -> str:
    """One question in ten; every tenth of those is new, so that nothing can be answered from a cache."""
    if number % 10 == 0:
        return QUESTIONS[number % 20 // 10].format(number if number % 100 == 0 else number % 7)
    return COMMANDS[number % len(COMMANDS)]


@dataclass
class Soak:
    folder: Path
    slack: RecordingSlack
    engine: EngineHome
    scale: float
    bot: BotHome = field(init=False)
    sent: int = 0
    doubled: int = 0
    answered: int = 0
    rate: float = 0.0

    def __post_init__(self) -> None:
        self.bot = BotHome(self.folder / "bot", self.slack, engine_url=self.engine.url).migrated()

    def run(self) -> None:
        print("| events | life | resident | anonymous | file | database | a second |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        piece = int(BEFORE * self.scale) // (RESTARTS + 1)
        for number in range(1, RESTARTS + 2):
            with self.bot.start() as life:
                for _ in self._with_refreshes(REFRESHES // (RESTARTS + 1) + 1, piece):
                    pass
                self._tell(life, f"{number}")
                self._end(life)
        with self.bot.start() as life:
            for _ in range(int(AFTER / PIECE)):
                self._send(int(PIECE * self.scale))
                self._tell(life, "last")
            self._end(life)
        self._count()
        print(f"\n{self.sent} events acknowledged, {self.sent - self.answered} lost, {self.doubled} doubled")

    def _with_refreshes(self, refreshes: int, events: int) -> Iterator[int]:
        url = f"{self.engine.url}/v1/knowledge-bases/default"
        for number in range(refreshes):
            write_entries(self.folder, self.sent + number)
            requests.post(f"{url}/refresh", timeout=30).raise_for_status()
            self._send(events // refreshes)
            until(lambda: not requests.get(url, timeout=30).json()["refreshing"], 300)
            yield number

    def _send(self, events: int) -> None:
        began = time.monotonic()
        with Crowd(
            self.bot.port,
            connections=CONNECTIONS,
            most=events,
            text=text_of,
            rooms=ROOMS,
            first=self.sent + 1,
        ) as crowd:
            crowd.join(DRAIN_SECONDS)
        self.sent += events
        self.rate = events / (time.monotonic() - began)
        until(self._is_drained, DRAIN_SECONDS)

    def _is_drained(self) -> bool:
        text = requests.get(f"{self.bot.url}/metrics", timeout=30).text
        waiting = [line for line in text.splitlines() if line.startswith("kbdial_bot_queue_items")]
        return all(line.endswith(" 0.0") for line in waiting if "dead" not in line)

    def _tell(self, life: Life, name: str) -> None:
        memory = memory_of(life.pid)
        size = sum(path.stat().st_size for path in self.bot.data.glob("bot.db*")) / 2**20
        print(
            f"| {self.sent:,} | {name} | {memory['VmRSS']:.1f} MiB | {memory['RssAnon']:.1f} |"
            f" {memory['RssFile']:.1f} | {size:.0f} MiB | {self.rate:.0f} |",
            flush=True,
        )

    def _end(self, life: Life) -> None:
        life.ask_to_stop()
        assert life.exit_code() == 0

    def _count(self) -> None:
        answers: Counter[int] = Counter(answers_in(list(self.slack.posted)))
        self.answered = len(answers)
        self.doubled = sum(1 for count in answers.values() if count > 1)


def write_entries(folder: Path, version: int) -> None:
    """A source of which a twentieth changes with every version."""
    entries = (
        f"fruit number {n} of version {version if n % 20 == version % 20 else 0}" for n in range(ENTRIES)
    )
    (folder / "fruit.txt").write_text("\n".join(entries), encoding="utf-8")


def memory_of(pid: int) -> dict[str, float]:
    """The memory figures of a process in /proc, in MiB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        parts[0].rstrip(":"): int(parts[1]) / 1024 for parts in lines if len(parts) == 3 and parts[2] == "kB"
    }


def main(scale: float = 1.0) -> None:
    with recording_slack() as slack, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_entries(folder, 0)
        base = {
            "name": "default",
            "source": str(folder / "fruit.txt"),
            "refresh": "manual",
            "threshold": 0.3,
        }
        engine = EngineHome(folder, base)
        with engine.start() as life:
            life.until("refreshed", 300)
            Soak(folder, slack, engine, scale).run()


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:2]))
