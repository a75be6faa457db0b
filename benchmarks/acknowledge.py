"""Acknowledgements a second with the durable inbox, against the same route without it.

    python -m benchmarks.acknowledge [--seconds 5] [--turns 3] [--connections 8]

Both sides are the Slack events route with its signature check behind the same server, in
a process of their own; one stores each event with a synced commit before it answers, the
other only counts it. No workers run: what is measured is the acknowledgement.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.processes import SECRET, free_port, running, until_ready
from bot import web
from bot.domain import Clock, Delivery, IncomingMessage
from bot.metrics import Metrics
from bot.platforms.kit import RejectedMessages
from bot.platforms.slack import routes as slack_routes
from bot.platforms.slack.inbound import Inbound
from bot.platforms.slack.parser import BotIdentity
from bot.platforms.slack.signature import Verifier
from bot.store import Accepted, Database, Inbox, schema
from bot.web import operations
from bot.web.clock_skew import ClockWatch
from bot.web.server import Server
from tests.support.slack_people import an_event, signature


class Counting:
    """A desk that stores nothing."""

    def __init__(self) -> None:
        self._count = 0

    def accept(self, message: IncomingMessage) -> Accepted:
        self._count += 1
        return Accepted(self._count, is_new=True)

    def answer_within(self, message: IncomingMessage, **_: object) -> tuple[Accepted, Delivery | None]:
        return self.accept(message), None


class Storing(Counting):
    """A desk that stores each message, as the bot does."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        url = f"sqlite:///{folder}/bot.db"
        schema.migrate(url)
        database = Database(url)
        database.start()
        self._inbox = Inbox(database, Clock(), on_work=lambda: None)

    def accept(self, message: IncomingMessage) -> Accepted:
        return self._inbox.accept(message)


def serve(kind: str, port: int, folder: str) -> None:
    metrics = Metrics()
    routes = slack_routes.blueprint(
        verifier=Verifier([SECRET], time.time),
        inbound=Inbound(
            Storing(folder) if kind == "inbox" else Counting(),
            RejectedMessages("slack", quarantine=lambda *_: None, clock_watch=ClockWatch(), metrics=metrics),
        ),
        in_response=lambda _: {},
        identity=lambda _: BotIdentity(),
    )
    ready = operations.blueprint(
        reasons_not_ready=list, engine_is_away=lambda: False, clock=ClockWatch(), metrics=metrics, paths={}
    )
    server = Server(
        web.create([routes, ready]),
        listen=f"127.0.0.1:{port}",
        threads=16,
        body_limit_bytes=web.BODY_LIMIT_BYTES,
    )
    server.start()
    threading.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    figures: dict[str, list[tuple[float, float, float]]] = {"bare": [], "inbox": []}
    for _ in range(options.turns):
        for kind, made in figures.items():
            made.append(_turn(kind, options.seconds, options.connections))
    print(f"{options.connections} connections, {options.turns} turns of {options.seconds} s each, medians")
    print(f"{'':8}{'each second':>12}{'p50 ms':>9}{'p99 ms':>9}{'p99/p50':>9}")
    for kind, made in figures.items():
        each, p50, p99 = (statistics.median(values) for values in zip(*made, strict=True))
        print(f"{kind:8}{each:12.0f}{p50:9.2f}{p99:9.2f}{p99 / p50:9.1f}")
    ratios = [inbox[0] / bare[0] for bare, inbox in zip(figures["bare"], figures["inbox"], strict=True)]
    print(f"inbox / bare, paired median: {statistics.median(ratios):.2f}")


def _turn(kind: str, seconds: float, connections: int) -> tuple[float, float, float]:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(dict(os.environ), "-m", "benchmarks.acknowledge", kind, str(port), folder),
    ):
        until_ready(f"http://127.0.0.1:{port}/readyz")
        times: list[float] = []
        senders = [
            threading.Thread(target=_send, args=(port, number, time.monotonic() + seconds, times))
            for number in range(connections)
        ]
        began = time.monotonic()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        took = time.monotonic() - began
    p99 = statistics.quantiles(times, n=100)[98]
    return len(times) / took, statistics.median(times) * 1000, p99 * 1000


def _send(port: int, sender: int, until: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    number = sender * 10_000_000
    while time.monotonic() < until:
        number += 1
        event = an_event(number=number, ts=f"17{number:08d}.000100", channel=f"C{number % 50}")
        body, timestamp = json.dumps(event).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(body, timestamp, SECRET),
        }
        began = time.perf_counter()
        connection.request("POST", "/slack/events", body, headers)
        response = connection.getresponse()
        response.read()
        times.append(time.perf_counter() - began)
        assert response.status == 200, response.status


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in {"inbox", "bare"}:
        serve(sys.argv[1], int(sys.argv[2]), str(Path(sys.argv[3])))
    else:
        main()
