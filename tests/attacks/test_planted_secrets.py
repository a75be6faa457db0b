"""SEC21: every configured secret is a marked string, every way to fail is taken, and nothing is found."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from bot.cli.serve import secrets_of
from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.process import logs
from tests.attacks import planted
from tests.attacks.planted import Planted, a_planted_program, hits, repeats_the_token
from tests.support import wecom_codec
from tests.support.at_rest import until_at_rest
from tests.support.console import LIN, a_visitor
from tests.support.engine_server import answer, hangs_up
from tests.support.mattermost_requests import hook_payload, trigger_id
from tests.support.slack import BROKEN_AFTER_STORING, HTML, LOST, Fault, RecordingSlack, error, too_fast


@dataclass
class Left:
    """Whatever left the program, by where it went."""

    log: str = ""
    records: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    metrics: str = ""
    letters: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    database: bytes = b""
    sent: list[str] = field(default_factory=list)


class _Records(logging.Handler):
    """The log before its secrets are masked: everything but what stands in a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {record.__dict__}")


@contextmanager
def _logging_to(stream: io.StringIO, secrets: list[str]) -> Iterator[_Records]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # Without this, force=True would close pytest's own.
    root.handlers[:] = []
    logs.set_up(secrets, "DEBUG", stream)
    records = _Records()
    root.addHandler(records)
    try:
        yield records
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    folder = tmp_path_factory.mktemp("planted")
    left, log = Left(), io.StringIO()
    with a_planted_program(folder) as everything:
        with _logging_to(log, secrets_of(everything.program.settings.bot)) as records:
            _wrong_requests(everything, left)
            _failing_engine(everything, left)
            _failing_slack(everything, left)
            _failing_wecom(everything, left)
            _failing_mattermost(everything, left)
            _console(everything, left)
            left.letters = str(everything.program.app.operations["letters"]({}, lambda _: None))
            for path in ("/metrics", "/readyz", "/healthz", "/nowhere"):
                left.answers.append(everything.program.client.get(path).text)
            left.metrics = everything.program.app.metrics.text().decode()
            everything.program.app.stop()
        left.log, left.records = log.getvalue(), records.said
        slack = everything.program.slack
        left.replies = [json.dumps(each) for each in [*slack.posted, *(body for _, body in slack.responses)]]
        left.sent = [
            *everything.wecom.asked,
            *everything.mattermost.heard,
            *(str(each) for each in slack.headers),
            *(path for path, _ in slack.responses),
            *(str(heard.headers) for heard in everything.engine.heard),
        ]
    left.database = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return left


def _console(everything: Planted, left: Left) -> None:
    """Every page, to the one person who sees everything, while the engine fails and tells."""
    lin = a_visitor(everything.program, LIN)
    for rule in everything.program.app.flask.url_map.iter_rules():
        path = rule.rule.replace("<name>", "default").replace("<kb>", "default")
        if path.startswith("/console") and "GET" in (rule.methods or ()) and "<" not in path:
            query = "channel=slack:T1:C1&q=apple&kb=default&text=apple&code=x&state=y"
            left.pages[path] = lin.get(f"{path}?{query}").text
    stranger = {"X-Remote-User": "lin", "X-Kbdial-Proxy-Secret": "wrong"}
    left.answers.append(lin.get("/console/dial", **stranger).text)


def _wrong_requests(everything: Planted, left: Left) -> None:
    client, people = everything.program.client, everything.program.people
    for path in ("/slack/events", "/slack/commands", "/slack/interactions"):
        wrong = {"X-Slack-Request-Timestamp": "1700000000", "X-Slack-Signature": "v0=" + "0" * 64}
        left.answers.append(client.post(path, data=b"{}", headers=wrong).text)
        left.answers.append(people.post(path, b"{", "application/json").text)
        left.answers.append(people.post(path, b"payload=%7B", "application/x-www-form-urlencoded").text)
    left.answers.append(
        people.event({"type": "event_callback", "team_id": "T1", "event": {"type": "message"}}).text
    )
    left.answers.append(people.command("/threshold", channel_id="<bad>").text)
    left.answers.append(people.clicks({"action_id": "dial:up", "value": "never written"}).text)
    left.answers.append(everything.old.says("/threshold").text)
    for name in ("robot/support", "app/support", "robot/nobody"):
        query = {"msg_signature": "0" * 40, "timestamp": "1700000000", "nonce": "n", "echostr": "AAAA"}
        for body in (b"{}", b"<xml/>", b'{"encrypt": "AAAA"}', b"<xml><Encrypt>AAAA</Encrypt></xml>"):
            left.answers.append(client.post(f"/wecom/{name}", query_string=query, data=body).text)
        left.answers.append(client.get(f"/wecom/{name}", query_string=query).text)


def _failing_engine(everything: Planted, left: Left) -> None:
    people, engine = everything.program.people, everything.engine
    for number, behave in enumerate(
        [repeats_the_token(401), repeats_the_token(404), repeats_the_token(422), repeats_the_token(429),
         answer(200, planted.ENGINE_TOKEN.encode()), hangs_up, repeats_the_token(500)]
    ):  # fmt: skip
        engine.answers.extend([behave] * 3)
        for command, text in (
            ("/ask", "what"),
            ("/status", ""),
            ("/refresh", ""),
            ("/kb", "add a => b"),
            ("/kb", "list"),
        ):
            left.answers.append(people.command(command, text, channel_id=f"CE{number}").text)
    people.says("where", channel="CE9")
    left.answers.append(people.command("/export", channel_id="CE9").text)
    left.answers.append(people.command("/settings", channel_id="CE9").text)


def _has_posted_more(slack: RecordingSlack, before: int) -> bool:
    return slack.methods().count("chat.postMessage") > before


def _failing_slack(everything: Planted, left: Left) -> None:
    """A word that no command is gets help at once, and each time the answer is lost in another way."""
    people, slack = everything.program.people, everything.program.slack
    for number, fault in enumerate(
        [LOST, HTML, too_fast("1"), BROKEN_AFTER_STORING, Fault(404), Fault(302), error("invalid_auth"),
         error("channel_not_found"), error("of_a_new_kind"), Fault(body="not json")]
    ):  # fmt: skip
        slack.will("chat.postMessage", fault)
        slack.will("response_url", fault)
        posted = slack.methods().count("chat.postMessage")
        left.answers.append(people.says("/threshold", channel=f"CS{number}").text)
        slack.until(partial(_has_posted_more, slack, posted))
        pressed = {"type": "button", "action_id": "more", "value": "a1:5"}
        left.answers.append(people.clicks(pressed, channel={"id": f"CS{number}"}).text)


def _failing_wecom(everything: Planted, left: Left) -> None:
    """The robot's later reply, the application's API and the webhook, each failing in every way."""
    program = everything.program
    for number in range(planted.WEBHOOKS):
        for channel, address in (
            (
                Channel("wecom", "AIBOT1", f"group:G{number}"),
                {"robot": "support", "response_url": _later_address()},
            ),
            (Channel("wecom", "ww1", f"app:1000002:u{number}"), {"app": "support", "user": f"u{number}"}),
            (Channel("wecom", "AIBOT1", f"group:W{number}"), {"webhook": f"alerts{number}"}),
        ):
            message = IncomingMessage(
                channel=channel,
                person=Person("wecom", channel.tenant, "zhangsan"),
                keys=(MessageKey("msgid", channel.key),),
                surface=Surface.MESSAGE,
                text="/threshold",
                is_direct=True,
                address=address,
            )
            program.app.inbox.accept(message)
    until_at_rest(program.app)
    encrypted = wecom_codec.encrypt(planted.WECOM_KEY, json.dumps({"response_url": _later_address()}), "")
    timestamp = str(int(program.edges.clock.now().timestamp()))
    query = {"timestamp": timestamp, "nonce": "n"}
    query["msg_signature"] = wecom_codec.signature(planted.WECOM_TOKEN, timestamp, "n", encrypted)
    broken = program.client.post(
        "/wecom/robot/support", query_string=query, data=json.dumps({"encrypt": encrypted}).encode()
    )
    left.answers.append(f"{broken.status_code} {broken.text}")


def _failing_mattermost(everything: Planted, left: Left) -> None:
    """Posts, changes and response addresses, each failing in every way; commands and clicks of any shape."""
    program, url = everything.program, everything.mattermost.url
    for number in range(8):
        user, post = f"user{number:022d}", f"post{number:022d}"
        later = f"{url}/hooks/commands/{planted.MATTERMOST_ADDRESS}"
        message = IncomingMessage(
            channel=Channel("mattermost", "127.0.0.1", f"room{number:022d}"),
            person=Person("mattermost", "127.0.0.1", user),
            keys=(MessageKey("post", post),),
            surface=Surface.MESSAGE,
            # Every other one is answered to the asker alone.
            text="/threshold" if number % 2 else "/threshold high",
            address={"user": user, "root_id": post, "response_url": later},
        )
        program.app.inbox.accept(message)
    until_at_rest(program.app)
    user = "user".ljust(26, "0")
    right = {"token": planted.MATTERMOST_COMMAND, "user_id": user}
    right["trigger_id"] = trigger_id(user, time.time())
    for form in (right, right | {"channel_id": "?"}, {"token": "wrong"}, right | {"trigger_id": "old"}):
        answered = program.client.post("/mattermost/commands", data=form)
        left.answers.append(f"{answered.status_code} {answered.text}")
    hook = hook_payload(
        token=planted.MATTERMOST_WEBHOOK, timestamp=int(time.time() * 1000), text="kbdial lemon"
    )
    for payload in (hook, hook | {"post_id": "?"}, hook | {"timestamp": 1}, hook | {"token": "wrong"}):
        answered = program.client.post("/mattermost/webhook", json=payload)
        left.answers.append(f"{answered.status_code} {answered.text}")
    click = {"user_id": user, "context": {"m": planted.MATTERMOST_ACTION, "a": "dial"}, "channel_id": "c"}
    answered = program.client.post("/mattermost/actions", json=click)
    left.answers.append(f"{answered.status_code} {answered.text}")


def _later_address() -> str:
    return f"https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code={planted.WECOM_ADDRESS}"


def test_every_secret_was_shown_to_those_it_is_for(left: Left) -> None:
    """SEC21: or else finding none would prove nothing."""
    assert set(hits(*left.sent)) == {
        planted.SLACK_TOKEN,
        planted.ENGINE_TOKEN,
        planted.WECOM_APP_SECRET,
        planted.WECOM_WEBHOOK_KEY,
        planted.SLACK_ADDRESS,
        planted.WECOM_ADDRESS,
        planted.MATTERMOST_TOKEN,
        planted.MATTERMOST_ADDRESS,
    }


def test_no_secret_stands_in_the_log(left: Left) -> None:
    """SEC21: as it is written, at its most talkative."""
    assert left.log.count("\n") > 50
    assert hits(left.log) == []


def test_no_secret_is_even_handed_to_the_log(left: Left) -> None:
    """SEC21: the mask is the second wall and not the first."""
    assert hits(*left.records) == []


def test_no_secret_stands_in_an_answer_a_reply_or_a_file(left: Left) -> None:
    """SEC21."""
    assert len(left.replies) > 20
    assert hits(*left.answers, *left.replies) == []


def test_no_secret_stands_in_the_metrics_or_the_dead_letters(left: Left) -> None:
    """SEC21."""
    assert "kbdial_bot_dead_letters_total" in left.metrics
    assert "slack" in left.letters
    assert hits(left.metrics, left.letters) == []


def test_no_secret_stands_on_a_page_of_the_console(left: Left) -> None:
    """SEC21."""
    assert {"/console/channels", "/console/operators", "/console/questions", "/console/week"} <= set(
        left.pages
    )
    assert "slack" in left.pages["/console/operators"]
    assert hits(*left.pages.values()) == []


def test_nothing_configured_is_stored(left: Left) -> None:
    """SEC21: addresses that came with a message are kept for the answer; what was configured is not."""
    assert b"SQLite format 3" in left.database
    assert set(hits(left.database)) <= {
        planted.SLACK_ADDRESS,
        planted.WECOM_ADDRESS,
        planted.MATTERMOST_ADDRESS,
    }
