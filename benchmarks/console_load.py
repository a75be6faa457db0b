"""Acknowledgements of webhooks while people work in the console, against the same without them.

    python -m benchmarks.console_load [--clients 20] [--think 1.0] [--seconds 10] [--turns 3] [--events 20]

Both programs run as an operator starts them, over the samples that ship. `--events` Slack events a second
come over four connections, and are answered to a Slack of our own. Each console client opens one page after
the other (the dial with a question, channels, the log, the week, a knowledge base) and looks at each for
`--think` seconds. They are a process of their own, so that whoever takes the times does not wait for them.
With and without take turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import multiprocessing
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from benchmarks.processes import free_port, running, settings, until_ready
from tests.support.load_clients import Line
from tests.support.slack import recording_slack

SENDERS = 4
PAGES = (
    f"/console/dial?q={quote('夏天吃什么水果能补水？')}",
    "/console/channels",
    "/console/channel?channel=slack:T1:C1",
    "/console/questions",
    "/console/week",
    "/console/knowledge/default",
    "/console/operators",
)
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--events", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, recording_slack() as slack:
        bot, engine = free_port(), free_port()
        environment = settings(Path(folder), slack.origin, bot, engine)
        environment["KBDIAL_BOT__PUBLIC_URL"] = f"http://127.0.0.1:{bot}"
        with running(environment, "-m", "engine", "serve"):
            until_ready(f"http://127.0.0.1:{engine}/readyz")
            subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environment, check=True)
            with running(environment, "-m", "bot", "serve"):
                until_ready(f"http://127.0.0.1:{bot}/readyz")
                _measure(bot, _sign_in(environment, bot), options)


def _measure(port: int, cookie: str, options: argparse.Namespace) -> None:
    numbers = itertools.count(1)
    alone: list[list[float]] = []
    beside: list[list[float]] = []
    pages: list[float] = []
    _turn(port, [], options, numbers, [])  # warm
    for _ in range(options.turns):
        alone.append(_turn(port, [], options, numbers, []))
        beside.append(_turn(port, [cookie] * options.clients, options, numbers, pages))
    print(
        f"{options.clients} console clients, {options.think} s at each page, {options.events:.0f} events/s,"
        f" {options.turns} turns of {options.seconds} s each"
    )
    for name, turns in (("without", alone), ("with", beside)):
        every = sorted(itertools.chain.from_iterable(turns))
        print(f"{name:8} p50 {_at(every, 0.5):7.2f} ms  p99 {_at(every, 0.99):7.2f} ms  of {len(every)}")
    ratios = [_at(sorted(two), 0.99) / _at(sorted(one), 0.99) for one, two in zip(alone, beside, strict=True)]
    print(
        f"p99 with / without, paired median: {statistics.median(ratios):.2f}  ({len(pages)} pages,", end=" "
    )
    print(f"p50 {_at(sorted(pages), 0.5):.0f} ms, p95 {_at(sorted(pages), 0.95):.0f} ms)")


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def _turn(
    port: int,
    cookies: Sequence[str],
    options: argparse.Namespace,
    numbers: itertools.count[int],
    pages: list[float],
) -> list[float]:
    times: list[float] = []
    over = threading.Event()
    each = SENDERS / options.events
    threads = [
        threading.Thread(target=_send, args=(port, each, over, numbers, times)) for _ in range(SENDERS)
    ]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as people:
        people.submit(int).result()  # it is there
        looking = people.submit(_browse, port, cookies, options.think, options.seconds)
        for thread in threads:
            thread.start()
        pages += looking.result()
    over.set()
    for thread in threads:
        thread.join()
    return times


def _browse(port: int, cookies: Sequence[str], think: float, seconds: float) -> list[float]:
    """The seconds of each page that one of the signed-in visitors opened; without any, a wait of as long."""
    pages: list[float] = []
    over = threading.Event()
    threads = [
        threading.Thread(target=_look, args=(_Client(port, cookie, at, think), over, pages))
        for at, cookie in enumerate(cookies)
    ]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return pages


def _send(
    port: int, every: float, over: threading.Event, numbers: itertools.count[int], times: list[float]
) -> None:
    line = Line(port)
    while not over.wait(every):
        sent = line.send(next(numbers))
        assert sent.status == http.client.OK, sent.status
        times.append(sent.seconds)
    line.close()


@dataclass(frozen=True)
class _Client:
    """A browser that begins at the page of its number and looks at each for `think` seconds."""

    port: int
    cookie: str
    number: int
    think: float


def _look(client: _Client, over: threading.Event, pages: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    # Nobody begins at the same moment as everybody else.
    over.wait(client.think * (client.number % 20) / 20)
    for at in itertools.count(client.number):
        if over.is_set():
            break
        began = time.perf_counter()
        connection.request("GET", PAGES[at % len(PAGES)], headers={"Cookie": client.cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status in {http.client.OK, http.client.NOT_FOUND, http.client.SERVICE_UNAVAILABLE}
        pages.append(time.perf_counter() - began)
        over.wait(client.think)
    connection.close()


def _sign_in(environment: dict[str, str], port: int) -> str:
    """The cookie of a new login of this machine's operator."""
    said = subprocess.run(
        [sys.executable, "-m", "bot", "console"], env=environment, check=True, capture_output=True, text=True
    ).stdout
    path = urlsplit(next(word for word in said.split() if "/console/sign-in/" in word)).path
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    page, nonce = answer.read().decode(), str(answer.getheader("Set-Cookie")).partition(";")[0]
    form = urlencode({"token": _TOKEN.findall(page)[-1]})
    headers = {"Cookie": nonce, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", path, form, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    cookies = [value for name, value in answer.getheaders() if name == "Set-Cookie" and "login=" in value]
    return cookies[0].partition(";")[0]


if __name__ == "__main__":
    main()
