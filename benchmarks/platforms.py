"""The way from a message to its posted answer on Slack, WeCom and Mattermost, side by side on loopback.

    python -m benchmarks.platforms [--rounds 100] [--rooms 20] [--messages 200]

The bot and the engine run as they do for everybody (two processes, the bundled model, the sample help
desk), connected to three doubles over real sockets: Slack's events by HTTP, WeCom's robot and
Mattermost's bot account each over its long connection. Each round asks one question on each platform,
one after the other. Then, on one platform after the other, all the messages at once.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import statistics
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.processes import SECRET, free_port, running, settings, until_ready
from tests.support.mattermost import BOT_TOKEN
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.slack import RecordingSlack, recording_slack
from tests.support.slack_people import an_event, signature
from tests.support.wecom_socket import RunningClock, SocketWeCom

ACTION_SECRET = "k7Qm-of-the-buttons-2Vx9-4Tz1"
QUESTIONS = (
    "怎么申请退货？",
    "how do I return a dress",
    "我的订单什么时候发货",
    "can I get an invoice",
    "运费多少钱",
)
WARM = 10
SECONDS = 120.0


class Vendor(Protocol):
    """One platform's people: `ask` returns what names the question, `answered` those that have answers."""

    name: str

    def ask(self, text: str, room: int) -> str: ...
    def answered(self) -> list[str]: ...
    def wait(self, is_so: Callable[[], bool]) -> None: ...


class OnSlack:
    name = "Slack, event to post"

    def __init__(self, slack: RecordingSlack, port: int) -> None:
        self._slack = slack
        self._port = port
        self._numbers = itertools.count(1)
        self._local = threading.local()

    def ask(self, text: str, room: int) -> str:
        number = next(self._numbers)
        event = an_event(text=f"<@U0BOT> {text}", number=number, channel=f"C{room}", user=f"U{number}")
        body, timestamp = json.dumps(event).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(body, timestamp, SECRET),
        }
        line = self._line()
        line.request("POST", "/slack/events", body, headers)
        assert line.getresponse().read() == b""
        return f"1700000000.{number:06d}"

    def answered(self) -> list[str]:
        return [str(message.get("thread_ts")) for message in self._slack.posted]

    def wait(self, is_so: Callable[[], bool]) -> None:
        self._slack.until(is_so, SECONDS)

    def _line(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "line"):
            self._local.line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        line: http.client.HTTPConnection = self._local.line
        return line


class OnWecom:
    """A late answer is pushed into the chat and names no question: in a chat they keep their order."""

    name = "WeCom, frame to answer"

    def __init__(self, wecom: SocketWeCom) -> None:
        self._wecom = wecom
        self._lock = threading.Lock()
        self._asked: defaultdict[str, list[str]] = defaultdict(list)

    def ask(self, text: str, room: int) -> str:
        with self._lock:
            chat = f"G{room}"
            self._asked[chat].append(self._wecom.say(f"@kbdial {text}", chat=chat))
            return self._asked[chat][-1]

    def answered(self) -> list[str]:
        finals = Counter(
            shown.chat
            for shown in self._wecom.shown
            if shown.kind == "markdown" or shown.body.get("stream", shown.body).get("finish")
        )
        return [key for chat, count in finals.items() for key in self._asked[chat][:count]]

    def wait(self, is_so: Callable[[], bool]) -> None:
        self._wecom.until(is_so, SECONDS)


class OnMattermost:
    name = "Mattermost, post to post"

    def __init__(self, mattermost: IntegratedMattermost, rooms: int) -> None:
        self._mattermost = mattermost
        self._asker = mattermost.add_user("li")
        self._rooms = [mattermost.add_channel(f"room-{number}", self._asker) for number in range(rooms)]

    def ask(self, text: str, room: int) -> str:
        return str(self._mattermost.say(self._asker, f"@kbdial {text}", self._rooms[room])["id"])

    def answered(self) -> list[str]:
        bot = self._mattermost.bot
        return [post["root_id"] for post in self._mattermost.posts.values() if post["user_id"] == bot]

    def wait(self, is_so: Callable[[], bool]) -> None:
        self._mattermost.until(is_so, SECONDS)


class Watch:
    """The times at which one vendor's questions were answered, as soon as its double hears of it."""

    def __init__(self, vendor: Vendor, expected: int) -> None:
        self.times: dict[str, float] = {}
        self._vendor = vendor
        self._before = set(vendor.answered())
        self._expected = expected
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def join(self) -> dict[str, float]:
        self._thread.join()
        assert len(self.times) == self._expected, f"{self._vendor.name}: {len(self.times)} answers"
        return self.times

    def _look(self) -> None:
        for wanted in range(1, self._expected + 1):
            self._vendor.wait(partial(self._has, wanted))

    def _has(self, wanted: int) -> bool:
        return self._count() >= wanted

    def _count(self) -> int:
        now = time.perf_counter()
        for key in self._vendor.answered():
            if key not in self._before:
                self.times.setdefault(key, now)
        return len(self.times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--messages", type=int, default=200)
    options = parser.parse_args()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        slack = closing.enter_context(recording_slack())
        wecom = closing.enter_context(SocketWeCom(RunningClock()))
        mattermost = closing.enter_context(IntegratedMattermost())
        bot_port, engine_port = free_port(), free_port()
        environment = settings(folder, slack.origin, bot_port, engine_port) | {
            "KBDIAL_BOT__DEFAULTS__KNOWLEDGE_BASE": "shop",
            "KBDIAL_BOT__WECOM__ROBOT": json.dumps(
                {"inside": {"bot_id": wecom.bot_id, "secret": wecom.secret, "socket_url": wecom.url}}
            ),
            "KBDIAL_BOT__MATTERMOST__URL": mattermost.url,
            "KBDIAL_BOT__MATTERMOST__BOT_TOKEN": BOT_TOKEN,
            "KBDIAL_BOT__MATTERMOST__ACTION_SECRET": ACTION_SECRET,
        }
        vendors = (OnSlack(slack, bot_port), OnWecom(wecom), OnMattermost(mattermost, options.rooms))
        with running(environment, "-m", "bot", "migrate") as migration:
            migration.wait()
        closing.enter_context(running(environment, "-m", "engine", "serve"))
        closing.enter_context(running(environment, "-m", "bot", "serve"))
        until_ready(f"http://127.0.0.1:{engine_port}/readyz")
        until_ready(f"http://127.0.0.1:{bot_port}/readyz")
        mattermost.until(lambda: len(mattermost.sockets.live) > 0, SECONDS)
        _one_after_the_other(vendors, options.rounds, options.rooms)
        for vendor in vendors:
            _all_at_once(vendor, options.rooms, options.messages)


def _one_after_the_other(vendors: tuple[Vendor, ...], rounds: int, rooms: int) -> None:
    times: dict[str, list[float]] = {vendor.name: [] for vendor in vendors}
    for number in range(rounds + WARM):
        for vendor in vendors:
            watch = Watch(vendor, 1)
            began = time.perf_counter()
            vendor.ask(QUESTIONS[number % len(QUESTIONS)], number % rooms)
            (ended,) = watch.join().values()
            if number >= WARM:  # the first rounds warm everything up
                times[vendor.name].append((ended - began) * 1000)
    print(f"\n{rounds} rounds, ms                    median      p99")
    for name, series in times.items():
        print(f"{name:36}{statistics.median(series):8.1f}{statistics.quantiles(series, n=100)[98]:9.1f}")


def _all_at_once(vendor: Vendor, rooms: int, messages: int) -> None:
    watch = Watch(vendor, messages)
    began: dict[str, float] = {}

    def in_room(room: int) -> None:
        for number in range(room, messages, rooms):
            at = time.perf_counter()
            began[vendor.ask(QUESTIONS[number % len(QUESTIONS)], room)] = at

    start = time.perf_counter()
    with ThreadPoolExecutor(rooms) as people:
        list(people.map(in_room, range(rooms)))
    ended = watch.join()
    waited = [(ended[key] - at) * 1000 for key, at in began.items()]
    print(
        f"{vendor.name:36}{messages} at once from {rooms} rooms: "
        f"all after {max(ended.values()) - start:.2f} s; "
        f"ms: median {statistics.median(waited):.0f}, slowest {max(waited):.0f}"
    )


if __name__ == "__main__":
    main()
