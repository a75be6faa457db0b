from __future__ import annotations

import gzip
import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bot import web
from bot.domain import Channel, Delivery, Document, IncomingMessage, Reply, Text
from bot.metrics import Metrics
from bot.platforms.kit import RejectedMessages, not_saved
from bot.platforms.slack import routes
from bot.platforms.slack.inbound import Inbound
from bot.platforms.slack.parser import BotIdentity
from bot.platforms.slack.signature import Verifier
from bot.store import Accepted, StoreError
from bot.web.clock_skew import ClockWatch
from tests.support.slack_people import SECRET, SlackPeople, a_click, a_command, an_event, signature

NOW = 1_760_000_000
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class OpenDesk:
    """Takes every message once, and answers what it was told to."""

    def __init__(self) -> None:
        self.taken: list[IncomingMessage] = []
        self.aside: list[tuple[str, str, str, str]] = []
        self.reply: Reply | None = None

    def accept(self, message: IncomingMessage) -> Accepted:
        known = [i for i, one in enumerate(self.taken) if set(one.keys) & set(message.keys)]
        if known:
            return Accepted(known[0], is_new=False)
        self.taken.append(message)
        return Accepted(len(self.taken) - 1, is_new=True)

    def answer_within(
        self, message: IncomingMessage, *, accepts: Callable[[Delivery], bool] = lambda _: True, **_: object
    ) -> tuple[Accepted, Delivery | None]:
        accepted = self.accept(message)
        if self.reply is None or not accepted.is_new:
            return accepted, None
        now = datetime.fromtimestamp(NOW, UTC)
        delivery = Delivery(
            1, message.channel, message.address, self.reply, lease=1, attempt=1, decided_at=now
        )
        return accepted, delivery if accepts(delivery) else None

    def quarantine(self, platform: str, tenant: str, reason: str, body: str) -> None:
        self.aside.append((platform, tenant, reason, body))


class ClosedDesk(OpenDesk):
    """Its store is full, locked or gone."""

    def accept(self, message: IncomingMessage) -> Accepted:
        raise StoreError("disk full")

    def quarantine(self, platform: str, tenant: str, reason: str, body: str) -> None:
        raise StoreError("disk full")


def a_client(desk: OpenDesk, *secrets: str, metrics: Metrics | None = None) -> FlaskClient:
    blueprint = routes.blueprint(
        verifier=Verifier(secrets or (SECRET,), now=lambda: NOW),
        inbound=Inbound(
            desk,
            RejectedMessages(
                "slack",
                quarantine=desk.quarantine,
                clock_watch=ClockWatch(),
                metrics=metrics or Metrics(),
            ),
        ),
        in_response=lambda reply: {"text": getattr(reply, "body", "")},
        identity=lambda _: BotIdentity(),
    )
    return web.create([blueprint]).test_client()


def people(desk: OpenDesk, **given: Any) -> SlackPeople:
    return SlackPeople(a_client(desk), now=lambda: NOW, **given)


@pytest.fixture
def desk() -> OpenDesk:
    return OpenDesk()


@pytest.fixture
def say(desk: OpenDesk) -> SlackPeople:
    return people(desk)


def outcome(response: TestResponse) -> tuple[int, bytes]:
    return response.status_code, response.data


def test_an_event_is_taken_and_answered_with_an_empty_200(say: SlackPeople, desk: OpenDesk) -> None:
    assert outcome(say.says("reset my password")) == (200, b"")
    assert [message.text for message in desk.taken] == ["reset my password"]


def test_a_redelivery_is_200_and_taken_once(say: SlackPeople, desk: OpenDesk) -> None:
    retry = {"X_Slack_Retry_Num": "1", "X_Slack_Retry_Reason": "http_timeout"}
    body = json.dumps(an_event()).encode()
    assert [
        say.post("/slack/events", body, JSON, **headers).status_code for headers in ({}, retry, retry)
    ] == [200] * 3
    assert len(desk.taken) == 1


def test_a_retry_whose_first_delivery_was_lost_is_taken(say: SlackPeople, desk: OpenDesk) -> None:
    say.post("/slack/events", json.dumps(an_event()).encode(), JSON, X_Slack_Retry_Num="1")
    assert len(desk.taken) == 1


def test_a_command_is_answered_in_the_response_when_ready(say: SlackPeople, desk: OpenDesk) -> None:
    assert outcome(say.command("/threshold", "0.65")) == (200, b"")
    desk.reply = Text("Threshold is now 0.65.", "en")
    response = say.command("/threshold", "0.65")
    assert (response.status_code, response.mimetype, response.json) == (
        200,
        JSON,
        {"text": "Threshold is now 0.65."},
    )


def test_a_click_is_taken(say: SlackPeople, desk: OpenDesk) -> None:
    assert outcome(say.clicks({"action_id": "dial:up", "value": "a1:0.45"})) == (200, b"")
    assert desk.taken[0].address["message_ts"] == "1700000000.000009"


CLICK = a_click({"action_id": "more", "value": "a:1", "action_ts": "1.1"})
ROUTES = [
    ("/slack/events", json.dumps(an_event()).encode(), JSON),
    ("/slack/commands", urlencode(a_command()).encode(), FORM),
    ("/slack/interactions", urlencode({"payload": json.dumps(CLICK)}).encode(), FORM),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "content_type"), ROUTES)
def test_what_is_not_authentic_is_401_and_leaves_one_line(
    path: str, body: bytes, content_type: str, desk: OpenDesk, caplog: pytest.LogCaptureFixture
) -> None:
    client, at = a_client(desk), str(NOW)
    right = signature(body, at)
    attempts: list[tuple[bytes, list[tuple[str, str]]]] = [
        (body, []),
        (body, [("X-Slack-Request-Timestamp", at)]),
        (body, [("X-Slack-Signature", right)]),
        (body, [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", "v0=" + "0" * 64)]),
        (body + b" ", [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", right)]),
        (
            body,
            [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", right), ("X-Slack-Signature", right)],
        ),
        (body, [("X-Slack-Request-Timestamp", "abc"), ("X-Slack-Signature", signature(body, "abc"))]),
        (body, [("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", "v0=é" + right[4:])]),
    ]
    for seconds in (-301, 301):
        then = str(NOW + seconds)
        attempts.append(
            (body, [("X-Slack-Request-Timestamp", then), ("X-Slack-Signature", signature(body, then))])
        )
    for sent, headers in attempts:
        caplog.clear()
        response = client.post(path, data=sent, headers=headers, content_type=content_type)
        assert outcome(response) == (401, b"")
        assert [(record.getMessage(), record.levelno) for record in caplog.records] == [
            ("auth_failed", logging.WARNING)
        ]
        assert "T1" not in str(caplog.records[0].__dict__)
    assert desk.taken == []


@pytest.mark.parametrize(("path", "body", "content_type"), ROUTES)
def test_header_names_may_be_written_in_any_case(
    path: str, body: bytes, content_type: str, desk: OpenDesk
) -> None:
    at = str(NOW - 299)
    for write in (str.lower, str.upper):
        headers = {write("X-Slack-Request-Timestamp"): at, write("X-Slack-Signature"): signature(body, at)}
        assert (
            a_client(desk).post(path, data=body, headers=headers, content_type=content_type).status_code
            == 200
        )
    assert len(desk.taken) == 1


def test_both_secrets_are_taken_while_one_is_replaced(desk: OpenDesk) -> None:
    for secret, status in (("new", 200), ("old", 200), ("older", 401)):
        say = SlackPeople(a_client(desk, "new", "old"), now=lambda: NOW, secret=secret)
        assert say.says("hi").status_code == status


def test_the_challenge_is_answered_only_when_signed(say: SlackPeople, desk: OpenDesk) -> None:
    asked = {"type": "url_verification", "token": "x", "challenge": "<b>3eZbrw1a</b>"}
    response = say.event(asked)
    assert outcome(response) == (200, b"<b>3eZbrw1a</b>")
    assert response.mimetype == "text/plain"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert a_client(desk).post("/slack/events", json=asked).status_code == 401


def test_the_certificate_check_is_answered_without_doing_anything(desk: OpenDesk) -> None:
    response = a_client(desk).post("/slack/commands", data=b"token=x&ssl_check=1", content_type=FORM)
    assert outcome(response) == (200, b"")
    assert desk.taken == []


@pytest.mark.parametrize(("path", "content_type"), [(route[0], route[2]) for route in ROUTES])
def test_too_much_is_refused_before_it_is_read(path: str, content_type: str, desk: OpenDesk) -> None:
    client = a_client(desk)
    too_much = b"x" * (web.BODY_LIMIT_BYTES + 1)
    assert outcome(client.post(path, data=too_much, content_type=content_type)) == (413, b"")

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.read_bytes += len(buffer)
            return len(buffer)

    stream = Endless()
    claimed = {"wsgi.input": stream, "CONTENT_LENGTH": str(10**10)}
    assert client.post(path, content_type=content_type, environ_overrides=claimed).status_code == 413
    assert stream.read_bytes == 0
    chunked = {
        "wsgi.input": stream,
        "CONTENT_LENGTH": "",
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    assert client.post(path, content_type=content_type, environ_overrides=chunked).status_code == 413
    assert stream.read_bytes <= web.BODY_LIMIT_BYTES + 64 * 1024


def signed(say: SlackPeople, path: str, body: bytes, content_type: str, **headers: str) -> TestResponse:
    response = say.post(path, body, content_type, **headers)
    if response.status_code >= 400:
        assert (response.data, response.headers["X-Slack-No-Retry"]) == (b"", "1")
    return response


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("/slack/events", b"{", JSON, 400),
        ("/slack/events", b"", JSON, 400),
        ("/slack/events", b"[]", JSON, 400),
        ("/slack/events", b"\xff\xfe", JSON, 400),
        ("/slack/events", b"[" * 100_000, JSON, 400),
        ("/slack/events", b'{"a":' * 40_000, JSON, 400),
        ("/slack/events", b'{"a":' + b"9" * 5000 + b"}", JSON, 400),
        ("/slack/events", b"{}", FORM, 415),
        ("/slack/events", b"{}", "text/plain", 415),
        ("/slack/events", b"{}", "", 415),
        ("/slack/events", b"{}", JSON, 200),
        ("/slack/commands", b'{"command":"/x"}', JSON, 415),
        ("/slack/commands", b'{"command":"/x"}', FORM, 400),
        ("/slack/commands", b"", FORM, 400),
        ("/slack/commands", b"a=b", FORM, 400),
        ("/slack/commands", b"command=%2Fx&" + b"&".join(b"a=1" for _ in range(300)), FORM, 400),
        ("/slack/commands", b"command=\xff", FORM, 400),
        ("/slack/commands", b"command=%FF%2Fx", FORM, 200),
        ("/slack/commands", b"command=%2Flimit&text=3&text=4", FORM, 400),
        ("/slack/interactions", b"a=b", FORM, 400),
        ("/slack/interactions", b"payload=" + b"[" * 100_000, FORM, 400),
        ("/slack/interactions", b"payload=1", FORM, 400),
        ("/slack/interactions", b"payload=%7B%22type%22%3A%22block_actions%22%7D", FORM, 200),
        ("/slack/interactions", b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 415),
    ],
)
def test_signed_nonsense_is_refused_for_good(  # noqa: PLR0917 - a table
    say: SlackPeople, desk: OpenDesk, path: str, body: bytes, content_type: str, status: int
) -> None:
    assert signed(say, path, body, content_type).status_code == status
    assert say.says("still alive").status_code == 200
    assert len(desk.taken) == 1


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_a_body_that_says_that_it_is_as_it_is_is_read(say: SlackPeople, encoding: str) -> None:
    assert signed(say, "/slack/events", b"{}", JSON, Content_Encoding=encoding).status_code == 200


def test_nothing_is_inflated(say: SlackPeople) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert signed(say, "/slack/events", bomb, JSON, Content_Encoding="gzip").status_code == 415


def test_a_broken_shape_is_200_and_put_aside(say: SlackPeople, desk: OpenDesk) -> None:
    assert outcome(say.event(an_event(channel=5))) == (200, b"")
    assert outcome(say.command("", "x", response_url="https://hooks.slack.com/secret")) == (200, b"")
    assert [entry[:3] for entry in desk.aside] == [
        ("slack", "T1", "channel is not an id"),
        ("slack", "T1", "no command"),
    ]
    assert "secret" not in desk.aside[1][3]


def test_what_is_not_for_us_is_200_and_counted(desk: OpenDesk) -> None:
    metrics = Metrics()
    say = SlackPeople(a_client(desk, metrics=metrics), now=lambda: NOW)
    not_for_us: list[dict[str, Any]] = [
        {"bot_id": "B1"},
        {"type": "reaction_added"},
        {"type": "message", "subtype": "channel_join"},
    ]
    for fields in not_for_us:
        assert outcome(say.event(an_event(**fields))) == (200, b"")
    assert desk.taken == []
    assert b'kbdial_bot_ignored_total{platform="slack",reason="a bot"} 1.0' in metrics.text()


def test_a_store_that_fails_is_503_for_events() -> None:
    say = people(ClosedDesk())
    for response in (say.says("hi"), say.event(an_event(channel=5))):
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert "X-Slack-No-Retry" not in response.headers


def test_a_store_that_fails_is_told_to_the_person_behind_a_command_or_click() -> None:
    say = people(ClosedDesk())
    for response in (say.command("/limit", "3"), say.clicks({"action_id": "more", "value": "a:5"})):
        assert response.status_code == 200
        assert response.json == {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": not_saved("en"),
        }


def test_routes_that_are_not_built_are_404_and_wrong_methods_405(desk: OpenDesk) -> None:
    client = a_client(desk)
    assert [client.get(path).status_code for path in ("/slack/install", "/slack/oauth_redirect")] == [
        404,
        404,
    ]
    assert client.get("/slack/events").status_code == 405


@settings(max_examples=100)
@given(
    st.sampled_from(ROUTES),
    st.binary(max_size=200),
    st.sampled_from([JSON, FORM, "text/plain"]),
    st.booleans(),
)
def test_no_request_is_ever_answered_with_500(
    route: tuple[str, bytes, str], body: bytes, content_type: str, is_json: bool
) -> None:
    say = people(OpenDesk())
    sent = (
        json.dumps({"type": "event_callback", "event": body.decode("latin-1")}).encode() if is_json else body
    )
    assert say.post(route[0], sent, content_type).status_code in {200, 400, 415}


def test_channels_of_different_workspaces_are_different(say: SlackPeople, desk: OpenDesk) -> None:
    say.command("/limit", "3", team_id="T1")
    say.command("/limit", "3", team_id="T2")
    assert [message.channel for message in desk.taken] == [
        Channel("slack", "T1", "C1"),
        Channel("slack", "T2", "C1"),
    ]


def test_a_file_never_goes_out_with_the_response(say: SlackPeople, desk: OpenDesk) -> None:
    desk.reply = Document("d1", "a.csv", "text/csv", "3 rows", "en")
    assert outcome(say.command("/export", "")) == (200, b"")
