"""Calls to Slack: refusals and silences told apart, and nobody called but Slack."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Any

import pytest

from bot.domain import Clock, Delivery, PlatformError
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.web_api import LONGEST_WAIT_SECONDS
from tests.bot.platforms.slack.sending import QUICK, a_delivery, failure, platform
from tests.support.hang_guard import hang_guard
from tests.support.slack import BROKEN_AFTER_STORING, HTML, LOST, Fault, RecordingSlack, error, too_fast


@pytest.mark.parametrize(
    "spelling",
    ["http://hooks.slack.com/x", "https://hooks.slack.com:22/x", "http://169.254.169.254/", "https://[::ffff:127.0.0.1]/",
     "https://2130706433/", "https://hooks.slack.com.evil.test/", "https://evil.test@hooks.slack.com/",
     "https://hooks.slack.com@evil.test/", "https://hооks.slack.com/x", "https://hooks.slack.com./x",
     "https://hooks.slack.com\\@evil.test/", "https:/hooks.slack.com/x", "//hooks.slack.com/x",
     "https://hooks.slack.com",
     "https://hooks.slack.com/x\r\nHost: evil.test", "https://hooks.slack.com/x y", "HTTPS://HOOKS.SLACK.COM/x",
     "file:///etc/passwd"],
)  # fmt: skip
def test_a_response_address_elsewhere_is_never_connected_to(slack: RecordingSlack, spelling: str) -> None:
    class Recording(Outgoing):
        def post(self, url: str, *rest: Any) -> Any:
            assert url.startswith(slack.origin), url
            return super().post(url, *rest)

    sender = SlackPlatform(
        token="xoxb-1", api_url=slack.api_url, response_hosts=["https://hooks.slack.com"], clock=Clock(),
        outgoing=Recording(),
    )  # fmt: skip
    sender.send(a_delivery(address={"user": "U1", "response_url": spelling}))
    assert slack.methods() == ["chat.postMessage"]


def test_a_redirect_is_not_followed(slack: RecordingSlack) -> None:
    slack.will("response_url", Fault(302, headers={"Location": slack.response_url("inside")}))
    platform(slack).send(a_delivery(address={"user": "U1", "response_url": slack.response_url()}))
    assert [path for path, _ in slack.responses] == ["/commands/r1"]
    assert slack.texts() == ["hello"]
    slack.will("chat.postMessage", Fault(302, headers={"Location": slack.api_url + "/auth.test"}))
    assert not failure(platform(slack), a_delivery()).permanent
    assert slack.methods() == ["chat.postMessage", "chat.postMessage"]


@pytest.mark.parametrize("code", [
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required",
    "channel_not_found", "is_archived", "not_in_channel", "posting_to_channel_denied", "restricted_action",
    "team_access_not_granted",
])  # fmt: skip
def test_what_cannot_be_helped_is_permanent(slack: RecordingSlack, code: str) -> None:
    slack.will("chat.postMessage", error(code))
    failed = failure(platform(slack), a_delivery())
    assert (failed.permanent, failed.maybe_sent) == (True, False)


def test_a_missing_scope_is_named(slack: RecordingSlack) -> None:
    slack.will("chat.postMessage", error("missing_scope", needed="chat:write", provided="commands"))
    failed = failure(platform(slack), a_delivery())
    assert failed.permanent
    assert "chat:write" in failed.reason


def test_an_unknown_refusal_is_tried_again(slack: RecordingSlack) -> None:
    for code in ("brand_new_error", "team_added_to_org"):
        slack.will("chat.postMessage", error(code))
        failed = failure(platform(slack), a_delivery())
        assert (failed.permanent, failed.maybe_sent) == (False, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), ("1.5", 1.5), ("0", 1), ("nonsense", 30), (None, 30), ("-5", 30),
     ("99999", LONGEST_WAIT_SECONDS),
     ("Tue, 14 Nov 2023 22:14:00 GMT", 40), ("Tue, 14 Nov 2023 22:10:00 GMT", 1), ("Tue, 99 Nov", 30)],
)  # fmt: skip
def test_slack_is_obeyed_when_it_asks_to_slow_down(
    slack: RecordingSlack, header: str | None, seconds: float
) -> None:
    slack.will("chat.postMessage", too_fast(header))
    slack.will("response_url", too_fast(header))
    with hang_guard():
        for address in ({"thread_ts": "1.1"}, {"response_url": slack.response_url()}):
            failed = failure(platform(slack), a_delivery(address=address))
            assert (failed.retry_after_seconds, failed.permanent, failed.maybe_sent) == (
                seconds,
                False,
                False,
            )


@pytest.mark.parametrize(
    "fault", [LOST, BROKEN_AFTER_STORING, HTML, error("internal_error"), error("fatal_error")]
)
def test_an_answer_that_tells_nothing_may_mean_it_was_sent(slack: RecordingSlack, fault: Fault) -> None:
    slack.will("chat.postMessage", fault)
    failed = failure(platform(slack), a_delivery())
    assert (failed.permanent, failed.maybe_sent) == (False, True)


def test_slack_away_is_tried_again() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{closed.getsockname()[1]}"
        sender = SlackPlatform(token="x", api_url=away, response_hosts=[away], clock=Clock(), outgoing=QUICK)
        for address in ({}, {"response_url": f"{away}/x"}):
            failed = failure(sender, a_delivery(address=address))
            assert (failed.permanent, failed.maybe_sent) == (False, False)


@pytest.mark.parametrize(
    "says", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", b"HTTP/1.1 200 OK\r\nX: "]
)
def test_a_slack_that_hangs_or_drips_is_left_in_time(says: bytes) -> None:
    with dripping(says) as origin:
        sender = SlackPlatform(
            token="x", api_url=origin, response_hosts=[origin], clock=Clock(), outgoing=QUICK
        )
        with hang_guard():
            failed = failure(sender, a_delivery())
            assert (failed.permanent, failed.maybe_sent) == (False, True)


def test_an_answer_without_end_is_cut(slack: RecordingSlack) -> None:
    slack.will("chat.postMessage", Fault(body="x" * 200_000))
    assert failure(platform(slack), a_delivery()).maybe_sent


def test_a_body_cut_short_is_no_answer(slack: RecordingSlack) -> None:
    slack.will("chat.postMessage", Fault(body='{"ok":true}', headers={"Content-Length": "500"}))
    assert failure(platform(slack), a_delivery()).maybe_sent


def test_neither_token_nor_address_is_ever_logged(
    slack: RecordingSlack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = platform(slack, token="xoxb-marked-token")
    address = {"user": "U1", "response_url": slack.response_url("marked-address")}
    reasons = ""
    for fault in (
        LOST,
        HTML,
        too_fast("1"),
        Fault(404),
        Fault(302),
        error("invalid_auth"),
        Fault(body="not json"),
    ):
        slack.will("chat.postMessage", fault)
        slack.will("response_url", fault)
        for one in (address, {"thread_ts": "1.1"}):
            reasons += _reason(sender, a_delivery(address=one))
    assert reasons
    records = [str(record.__dict__) + record.getMessage() for record in caplog.records]
    assert records
    assert not [said for said in [*records, reasons] if "marked" in said]


def _reason(sender: SlackPlatform, delivery: Delivery) -> str:
    try:
        sender.send(delivery)
    except PlatformError as failed:
        return failed.reason
    return ""


class dripping:  # noqa: N801 - it reads as what the server does
    """A server that says this, and then one byte every now and then."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(self._says)
                while not self._done.wait(0.05):
                    if self._says:
                        connection.sendall(b"x")
            except OSError:
                self._done.wait()
