"""WeCom on loopback: callback to finished stream beside Slack, and 200 messages at once.

    python -m benchmarks.wecom [--rounds 300] [--groups 20] [--messages 200]

The bot and the engine run as they do for everybody (two processes, the bundled model, the
sample help desk). Each round asks one question through Slack (a signed `/ask`, answered
in the response) and the same through WeCom (an encrypted callback, polled until the
stream is finished, which on an idle machine is the first answer). Then all the messages
at once, polled once a second as the platform does.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.processes import SECRET, free_port, running, settings, until_ready
from tests.support import wecom_codec as codec
from tests.support.slack import recording_slack
from tests.support.slack_people import a_command, signature

KEY, TOKEN, BOT = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0", "Tok3nOfTheDesk", "AIBOT1"
QUESTIONS = (
    "怎么申请退货？",
    "how do I return a dress",
    "我的订单什么时候发货",
    "can I get an invoice",
    "运费多少钱",
)
WARM = 20


@dataclass
class Asked:
    first_ms: float
    finished_ms: float
    polls: int
    content: str


class LaterReplies:
    """A server at which answers arrive that no poll collected."""

    def __init__(self) -> None:
        self.count = 0
        counting = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                counting.count += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"errcode":0}')

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class Wecom:
    """One connection of WeCom's to the bot."""

    def __init__(self, port: int, later: LaterReplies) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._later = later

    def ask(self, text: str, *, group: str, message: str, poll_seconds: float = 1.0) -> Asked:
        place = {"aibotid": BOT, "chatid": group, "chattype": "group", "from": {"userid": f"u-{message}"}}
        body = place | {
            "msgid": message,
            "msgtype": "text",
            "text": {"content": f"@kbdial {text}"},
            "response_url": f"{self._later.origin}/{message}",
        }
        began = time.perf_counter()
        stream = self._post(body)["stream"]
        first = time.perf_counter()
        polls = 0
        while not stream["finish"]:
            time.sleep(poll_seconds)
            polls += 1
            poll = place | {
                "msgid": f"{message}-{polls}",
                "msgtype": "stream",
                "stream": {"id": stream["id"]},
            }
            stream = self._post(poll)["stream"]
        return Asked(
            (first - began) * 1000, (time.perf_counter() - began) * 1000, polls, str(stream["content"])
        )

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        encrypted = codec.encrypt(KEY, json.dumps(body), "")
        timestamp, nonce = str(int(time.time())), str(body["msgid"])[:60]
        query = {
            "msg_signature": codec.signature(TOKEN, timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        self._connection.request(
            "POST", f"/wecom/robot/bench?{urlencode(query)}", json.dumps({"encrypt": encrypted})
        )
        response = self._connection.getresponse()
        content = response.read()
        assert response.status == 200, response.status
        answer: dict[str, Any] = json.loads(codec.decrypt(KEY, json.loads(content)["encrypt"], ""))
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--messages", type=int, default=200)
    options = parser.parse_args()
    with ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        slack = closing.enter_context(recording_slack())
        later = LaterReplies()
        bot_port, engine_port = free_port(), free_port()
        environment = settings(folder, slack.origin, bot_port, engine_port) | {
            "KBDIAL_BOT__WECOM__ROBOT": json.dumps(
                {
                    "bench": {
                        "bot_id": BOT,
                        "token": TOKEN,
                        "encoding_aes_key": KEY,
                        "response_hosts": [later.origin],
                    }
                }
            ),
            "KBDIAL_BOT__QUESTIONS_PER_MINUTE": '{"person": 100000, "channel": 100000}',
            "KBDIAL_BOT__DEFAULTS__KNOWLEDGE_BASE": "shop",
        }
        with running(environment, "-m", "bot", "migrate") as migration:
            migration.wait()
        closing.enter_context(running(environment, "-m", "engine", "serve"))
        closing.enter_context(running(environment, "-m", "bot", "serve"))
        until_ready(f"http://127.0.0.1:{engine_port}/readyz")
        until_ready(f"http://127.0.0.1:{bot_port}/readyz")
        _beside_slack(bot_port, slack.response_url(), later, options.rounds)
        _all_at_once(bot_port, later, options.groups, options.messages)


def _beside_slack(port: int, response_url: str, later: LaterReplies, rounds: int) -> None:
    wecom, slack = Wecom(port, later), http.client.HTTPConnection("127.0.0.1", port)
    times: dict[str, list[float]] = {
        "Slack, /ask to its answer": [],
        "WeCom, callback to finished stream": [],
    }
    polled = 0
    for number in range(rounds + WARM):
        question = QUESTIONS[number % len(QUESTIONS)]
        began = time.perf_counter()
        _ask_slack(slack, question, number, response_url)
        through_slack = (time.perf_counter() - began) * 1000
        asked = wecom.ask(question, group="G1", message=f"one-{number}")
        if number >= WARM:  # the first rounds warm everything up
            polled += asked.polls > 0
            for name, spent in zip(times, (through_slack, asked.finished_ms), strict=True):
                times[name].append(spent)
    print(f"\n{rounds} rounds, ms              median      p99")
    for name, series in times.items():
        print(f"{name:36}{statistics.median(series):8.2f}{statistics.quantiles(series, n=100)[98]:9.2f}")
    print(f"of these streams needed a poll: {polled}")


def _all_at_once(port: int, later: LaterReplies, groups: int, messages: int) -> None:
    gate = threading.Barrier(messages)

    def one(number: int) -> Asked:
        wecom = Wecom(port, later)
        gate.wait()
        question = QUESTIONS[number % len(QUESTIONS)]
        return wecom.ask(question, group=f"R{number % groups}", message=f"all-{number}")

    began = time.perf_counter()
    with ThreadPoolExecutor(messages) as people:
        asked = list(people.map(one, range(messages)))
    seconds = time.perf_counter() - began
    first, finished = [one.first_ms for one in asked], [one.finished_ms for one in asked]
    answered = sum("知识库 shop" in one.content for one in asked)
    print(f"\n{messages} messages at once from {groups} groups, all done after {seconds:.2f} s")
    print(
        f"first answer, ms: median {statistics.median(first):.0f}, slowest {max(first):.0f} (platform: 5000)"
    )
    print(f"finished, ms: median {statistics.median(finished):.0f}, slowest {max(finished):.0f}")
    print(f"answered {answered}, later replies (would be a second answer) {later.count}")
    print(f"polls: {sum(one.polls for one in asked)}, at most {max(one.polls for one in asked)} for one")
    assert answered == messages
    assert max(first) < 5_000
    assert later.count == 0


def _ask_slack(connection: http.client.HTTPConnection, question: str, number: int, response_url: str) -> None:
    fields = {"trigger_id": f"ask.{number}", "response_url": response_url}
    body, timestamp = urlencode(a_command("/ask", question) | fields).encode(), str(int(time.time()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(body, timestamp, SECRET),
    }
    connection.request("POST", "/slack/commands", body, headers)
    response = connection.getresponse()
    assert b"blocks" in response.read(), "the answer did not come with the response"


if __name__ == "__main__":
    main()
