"""A publisher, its followers and nginx as real processes, and bots that ask all the time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from bot.domain import Clock, EngineError, Found, Query
from bot.engine_client import EngineClient
from tests.faults.building import EngineHome, until
from tests.support.nginx import a_balancer
from tests.support.processes import Life

TOKEN = "k7Qm-of-the-fleet-2Vx9"
POLL_SECONDS = 0.2
FRUIT = ("apple", "banana", "cherry", "date", "fig", "grape", "lemon", "melon")
# The model's own: a question alone and among others has vectors that differ by 2e-7.
ROUNDING = 1e-5
_AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
_LONG_AGO = 1_700_000_000


@dataclass
class Fleet:
    """`homes` and `lives` have the publisher first. Every entry of a version says its number."""

    source: Path
    homes: list[EngineHome]
    lives: list[Life]
    balancer: str
    version: int = 0

    def publish(self) -> int:
        """Publish the next version; its snapshot's number."""
        self.version += 1
        write(self.source, self.version)
        return self.refresh()

    def refresh(self) -> int:
        """Let the publisher read its source; its snapshot's number."""
        url = f"{self.homes[0].url}/v1/knowledge-bases/default"
        asked = requests.post(f"{url}/refresh", headers=_AUTHORISED, timeout=10).json()["refresh"]

        def ended() -> bool:
            last = self.describe(0)["last_refresh"]
            return bool(last["id"] == asked and last["state"] == "done")

        until(ended)
        return self.number(0)

    def describe(self, place: int) -> Any:
        url = f"{self.homes[place].url}/v1/knowledge-bases/default"
        return requests.get(url, headers=_AUTHORISED, timeout=10).json()

    def number(self, place: int) -> int:
        """The number of the snapshot that this engine serves now."""
        return int(self.describe(place)["snapshot_number"])

    def ready(self, place: int) -> bool:
        try:
            return requests.get(f"{self.homes[place].url}/readyz", timeout=10).ok
        except requests.ConnectionError:
            return False

    def settle(self) -> None:
        """Return when each engine that lives serves what the publisher serves."""
        until(lambda: all(map(self.ready, self._living())))
        number = self.number(0)
        until(lambda: self.is_at(number))

    def is_at(self, number: int) -> bool:
        """Whether each engine that lives serves this snapshot or a later one."""
        return all(self.number(place) >= number for place in self._living())

    def _living(self) -> list[int]:
        return [place for place, life in enumerate(self.lives) if not life.has_ended]

    def restart(self, place: int) -> None:
        self.lives[place] = self.homes[place].start()

    def kill(self) -> None:
        for life in self.lives:
            life.kill()

    def client(self) -> EngineClient:
        """The bot's way to them."""
        return EngineClient(self.homes[0].url, clock=Clock(), token=TOKEN, followers=[self.balancer])


@contextmanager
def a_fleet(folder: Path, followers: int = 3, *, poll: float = POLL_SECONDS, **keys: Any) -> Iterator[Fleet]:
    """All of them ready, and the same."""
    source = folder / "fruit.txt"
    folder.mkdir(parents=True, exist_ok=True)
    write(source, 0)
    base = {"name": "default", "refresh": "manual", "threshold": 0.3, "scoring": "cosine", "floor": 0}
    common: dict[str, Any] = {"token": TOKEN, "model": {"processes": 1}, **keys}
    publisher = EngineHome(folder / "publisher", {**base, "source": str(source)}, **common)
    following: dict[str, Any] = {"role": "follower", "follow": publisher.url, "poll": poll}
    homes = [publisher]
    homes += [EngineHome(folder / f"f{place}", base, **common, **following) for place in range(followers)]
    with ExitStack() as closing:
        lives = [home.run("serve") for home in homes]
        fleet = Fleet(source, homes, lives, "")
        closing.callback(fleet.kill)
        for life in lives:
            life.until("serving")
        fleet.settle()
        fleet.balancer = closing.enter_context(
            a_balancer(folder / "nginx", [home.port for home in homes[1:]])
        )
        yield fleet


@dataclass
class Askers:
    """Some bots that ask all the time while the `with` lasts, and what was wrong with their answers."""

    fleet: Fleet
    count: int = 3
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _first: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.count)]
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def go_on(self, more: int = 30) -> None:
        """Return when so many more were answered."""
        enough = self.answered + more
        until(lambda: self.answered >= enough)

    def _ask(self) -> None:
        client = self.fleet.client()
        newest, turn = 0, 0
        while not self._over.is_set():
            turn += 1
            text = f"a {FRUIT[turn % len(FRUIT)]}"
            try:
                found = client.search(Query(text, "default", -1.0, 20), keep=0)
            except EngineError as error:
                self.failed.append(f"{error.code}: {error.reason}")
                continue
            self._judge(text, found, newest)
            newest = max(newest, found.snapshot_number)
        client.stop()

    def _judge(self, text: str, found: Found, newest: int) -> None:
        """Note it unless it is whole, of one version, as all answers of that snapshot, and not older."""
        versions = {match.text.split()[-1] for match in found.matches}
        if len(found.matches) != len(FRUIT) or len(versions) != 1:
            self.wrong.append(f"torn: {versions}, {len(found.matches)} matches")
        if found.snapshot_number < newest:
            self.wrong.append(f"back from {newest} to {found.snapshot_number}")
        says = {match.text: match.score for match in found.matches}
        with self._lock:
            self.answered += 1
            first = self._first.setdefault((found.snapshot, text), says)
            if first.keys() != says.keys() or any(abs(first[each] - says[each]) > ROUNDING for each in says):
                self.wrong.append(f"{found.snapshot} answers in two ways: {first}, {says}")


def write(source: Path, version: int) -> None:
    source.write_text("\n".join(f"{fruit}, in version {version}" for fruit in FRUIT), encoding="utf-8")
    # A file that was written just now is waited for.
    os.utime(source, (_LONG_AGO + version, _LONG_AGO + version))
