"""The time from a signed slash command to its answer, against the sum of what it cannot do without.

    python -m benchmarks.slack_command [--rounds 300] [--beside CHECKOUT]

Each round measures, one after the other: one bare model call, one bare exact search over
the same vectors, one bare Flask route behind the same server, and one signed
`/ask QUESTION` to a running bot and engine (two processes) with its answer in the
response. Medians, and what the whole takes on top of the sum. With `--beside`, each round
asks the bot of another checkout as well, which has the same engine.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from flask import Flask

from benchmarks.processes import SECRET, free_port, running, settings, until_ready
from bot.web.server import Server
from engine.config import Model
from engine.encoder import load
from tests.support.slack import RecordingSlack, recording_slack
from tests.support.slack_people import a_command, signature

QUESTIONS = (
    "怎么申请退货？",
    "how do I return a dress",
    "我的订单什么时候发货",
    "can I get an invoice",
    "运费多少钱",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--beside", type=Path)
    options = parser.parse_args()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        slack = closing.enter_context(recording_slack())
        engine_port = free_port()
        environment = settings(folder, slack.origin, free_port(), engine_port)
        closing.enter_context(running(environment, "-m", "engine", "serve"))
        until_ready(f"http://127.0.0.1:{engine_port}/readyz")
        parts = _bare_parts(closing)
        parts["command to answer"] = _bot(closing, slack, engine_port, None)
        if options.beside:
            parts["the other's"] = _bot(closing, slack, engine_port, options.beside)
        figures = _measure(parts, options.rounds)
    print(f"{options.rounds} rounds, medians in ms (p99)")
    for name, times in figures.items():
        p99 = statistics.quantiles(times, n=100)[98]
        print(f"{name:24}{statistics.median(times):8.2f} ({p99:.2f})")
    bare = sum(statistics.median(figures[name]) for name in ("model call", "search", "route"))
    whole = statistics.median(figures["command to answer"])
    print(f"on top of the sum: {whole - bare:.2f} ms, ratio {whole / bare:.2f}")


def _bot(
    closing: ExitStack, slack: RecordingSlack, engine_port: int, checkout: Path | None
) -> Callable[[str], object]:
    """Asks a bot that is started here, of this checkout or another."""
    folder, port = Path(closing.enter_context(tempfile.TemporaryDirectory())), free_port()
    environment = settings(folder, slack.origin, port, engine_port)
    with running(environment, "-m", "bot", "migrate", checkout=checkout) as migration:
        migration.wait()
    closing.enter_context(running(environment, "-m", "bot", "serve", checkout=checkout))
    until_ready(f"http://127.0.0.1:{port}/readyz")
    _use_shop(port)
    bot = http.client.HTTPConnection("127.0.0.1", port)
    numbers = itertools.count()

    def ask(question: str) -> None:
        fields = {"trigger_id": f"ask.{next(numbers)}", "response_url": slack.response_url()}
        answer = _post(bot, a_command("/ask", question) | fields)
        assert b"blocks" in answer, answer

    return ask


def _bare_parts(closing: ExitStack) -> dict[str, Callable[[str], object]]:
    encoder = load(Model())
    matrix = encoder.encode(
        [f"{question} {number}" for question in QUESTIONS for number in range(20)], "document"
    )
    page = Flask("page")
    page.add_url_rule("/", view_func=lambda: "ok")
    server = Server(page, listen="127.0.0.1:0", threads=4, body_limit_bytes=1000)
    server.start()
    closing.callback(server.stop)
    route = http.client.HTTPConnection(server.url.removeprefix("http://"))

    def fetch(_: str) -> None:
        route.request("GET", "/")
        route.getresponse().read()

    return {
        "model call": lambda question: encoder.encode([question], "query"),
        "search": lambda question: np.flatnonzero(matrix @ matrix[len(question) % len(matrix)] >= 0.6),
        "route": fetch,
    }


def _use_shop(bot_port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", bot_port)
    _post(connection, a_command("/kb", "use shop") | {"trigger_id": "use"})


def _post(connection: http.client.HTTPConnection, form: dict[str, str]) -> bytes:
    body, timestamp = urlencode(form).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(body, timestamp, SECRET),
    }
    connection.request("POST", "/slack/commands", body, headers)
    response = connection.getresponse()
    assert response.status == 200, response.status
    return response.read()


def _measure(parts: dict[str, Callable[[str], object]], rounds: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {name: [] for name in parts}
    for number in range(rounds + 20):
        question = QUESTIONS[number % len(QUESTIONS)]
        for name, part in parts.items():
            began = time.perf_counter()
            part(question)
            if number >= 20:  # the first rounds warm everything up
                figures[name].append((time.perf_counter() - began) * 1000)
    return figures


if __name__ == "__main__":
    main()
