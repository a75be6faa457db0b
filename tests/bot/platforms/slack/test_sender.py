from __future__ import annotations

import logging
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain import (
    Answer,
    Button,
    Channel,
    Clock,
    Delivery,
    Document,
    Match,
    Person,
    PlatformError,
    Reply,
    Text,
)
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.web_api import LONGEST_WAIT_SECONDS
from bot.platforms.slack.workspace import Workspace
from tests.support.hang_guard import hang_guard
from tests.support.slack import (
    BOT_USER,
    BROKEN_AFTER_STORING,
    HTML,
    LOST,
    Fault,
    RecordingSlack,
    block_mistakes,
    error,
    recording_slack,
    too_fast,
)

NOW = 1_700_000_000.0
TOKEN = "xoxb-1"
HELLO = Text("hello", "en")
CHANNEL = Channel("slack", "T1", "C1")
QUICK = Outgoing(connect_seconds=1.0, total_seconds=0.5, limit_bytes=100_000)
ANSWER = Answer(
    id="a1", question="q?", language="en",
    matches=(Match(1, "e1", "<!channel> Oranges", 0.82),), total=1, best_score=0.82,
    threshold=Decimal("0.40"), threshold_source="default", limit=5, knowledge_base="default",
    snapshot="s", snapshot_at=datetime(2023, 11, 14, tzinfo=UTC), model="m",
)  # fmt: skip


@pytest.fixture
def slack() -> Iterator[RecordingSlack]:
    with recording_slack() as server:
        yield server


def platform(
    slack: RecordingSlack, *, token: str = TOKEN, files: Mapping[str, bytes] = MappingProxyType({})
) -> SlackPlatform:
    return SlackPlatform(
        token=token,
        api_url=slack.api_url,
        response_hosts=[slack.origin],
        clock=Clock(wall=lambda: NOW, monotonic=lambda: 0.0),
        contents=files.get,
        outgoing=QUICK,
    )


def a_delivery(reply: Reply = HELLO, /, **fields: Any) -> Delivery:
    address = fields.pop("address", {"user": "U1", "thread_ts": "5.5"})
    decided_at = datetime.fromtimestamp(NOW, UTC)
    whole: dict[str, Any] = {"id": 1, "channel": CHANNEL, "lease": 1, "attempt": 1, "decided_at": decided_at}
    return Delivery(reply=reply, address=address, **(whole | fields))


def failure(platform: SlackPlatform, delivery: Delivery) -> PlatformError:
    with pytest.raises(PlatformError) as failed:
        platform.send(delivery)
    return failed.value


def test_a_mention_is_answered_in_its_thread(slack: RecordingSlack) -> None:
    receipt = platform(slack).send(a_delivery(ANSWER))
    (call,) = slack.calls
    assert call[0] == "chat.postMessage"
    assert receipt == slack.posted[0]["ts"]
    asked = {
        name: call[1].get(name)
        for name in ("channel", "thread_ts", "unfurl_links", "unfurl_media", "parse", "link_names")
    }
    assert asked == {
        "channel": "C1", "thread_ts": "5.5", "unfurl_links": False, "unfurl_media": False,
        "parse": "none", "link_names": False,
    }  # fmt: skip
    assert call[1]["blocks"][0]["type"] == "section"
    assert slack.headers[0]["authorization"] == "Bearer xoxb-1"
    assert slack.rung == 0


@pytest.mark.parametrize("private", [False, True])
def test_a_very_long_answer_arrives_whole_in_several_messages(
    slack: RecordingSlack, *, private: bool
) -> None:
    told = " ".join(f"word{number}" for number in range(3_000))
    answer = replace(ANSWER, matches=(replace(ANSWER.matches[0], answer=told),), private=private)
    address = {"user": "U1", "thread_ts": "5.5", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(answer, address=address))
    method = "chat.postEphemeral" if private else "chat.postMessage"
    assert {call[0] for call in slack.calls} == {method}
    said = "".join(str(call[1]["blocks"]) for call in slack.calls)
    assert re.findall(r"word[0-9]+", said) == told.split()


def test_a_command_is_answered_through_its_response_address(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(Text("set to 0.65", "en"), address=address))
    platform(slack).send(a_delivery(Text("only you", "en", private=True), address=address))
    assert slack.calls == []
    assert [(given["response_type"], given["text"]) for _, given in slack.responses] == [
        ("in_channel", "set to 0.65"),
        ("ephemeral", "only you"),
    ]


def test_after_five_uses_a_command_is_answered_through_the_web_api(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    for number in range(7):
        platform(slack).send(a_delivery(Text(f"{number}", "en"), address=address))
    platform(slack).send(a_delivery(Text("private", "en", private=True), address=address))
    assert slack.texts() == ["0", "1", "2", "3", "4", "5", "6", "private"]
    assert slack.methods() == ["chat.postMessage", "chat.postMessage", "chat.postEphemeral"]
    assert slack.posted[-1]["user"] == "U1"


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


def test_without_a_token_only_response_addresses_are_used(slack: RecordingSlack) -> None:
    sender = platform(slack, token="")
    sender.send(a_delivery(address={"response_url": slack.response_url()}))
    sender.send(
        a_delivery(address={"response_url": slack.response_url(), "message_ts": "1.1", "thread_ts": "0.1"})
    )
    assert [given.get("thread_ts") for _, given in slack.responses] == [None, "0.1"]
    failed = failure(sender, a_delivery())
    assert failed.permanent
    assert "bot_token" in failed.reason
    assert slack.calls == []


def test_a_turned_answer_is_replaced_where_it_stands(slack: RecordingSlack) -> None:
    sender = platform(slack)
    ts = sender.send(a_delivery(ANSWER))
    turned = replace(ANSWER, in_place=True, turned_by=(Person("slack", "T1", "U1", "ann"), Decimal("0.35")))
    address = {"user": "U1", "message_ts": ts, "thread_ts": "5.5"}
    assert sender.send(a_delivery(turned, address=address | {"response_url": slack.response_url()})) == ts
    assert slack.responses[0][1]["replace_original"] is True
    assert sender.send(a_delivery(turned, address=address)) == ts
    assert slack.methods() == ["chat.postMessage", "chat.update"]
    sender.send(a_delivery(turned, address=address | {"message_ts": "9.9"}))
    assert slack.methods()[2:] == ["chat.update", "chat.postMessage"]


def test_what_one_person_saw_stays_with_that_person(slack: RecordingSlack) -> None:
    sender = platform(slack)
    address = {"user": "U1", "message_ts": "1.1", "ephemeral": "1"}
    sender.send(a_delivery(ANSWER, address=address | {"response_url": slack.response_url()}))
    assert slack.responses[0][1]["response_type"] == "ephemeral"
    sender.send(a_delivery(ANSWER, address=address))
    sender.send(a_delivery(replace(ANSWER, in_place=True), address=address))
    assert slack.methods() == ["chat.postEphemeral", "chat.postEphemeral"]


def test_a_direct_message_is_private_as_it_is(slack: RecordingSlack) -> None:
    platform(slack).send(
        a_delivery(Text("x", "en", private=True), channel=replace(CHANNEL, id="D1"), address={"user": "U1"})
    )
    assert slack.methods() == ["chat.postMessage"]


def test_more_of_an_answer_goes_below_it(slack: RecordingSlack) -> None:
    platform(slack).send(
        a_delivery(ANSWER, address={"user": "U1", "message_ts": "7.7", "response_url": slack.response_url()})
    )
    assert slack.posted[0]["thread_ts"] == "7.7"


@pytest.mark.parametrize("code", [
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required",
    "channel_not_found", "is_archived", "not_in_channel", "posting_to_channel_denied", "restricted_action",
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
    for code in ("brand_new_error", "team_added_to_org", "team_access_not_granted"):
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


@pytest.mark.parametrize("fault", [LOST, BROKEN_AFTER_STORING])
@pytest.mark.parametrize("address", [{"thread_ts": "5.5"}, {}])
def test_what_may_have_arrived_is_looked_for_before_it_is_posted_again(
    slack: RecordingSlack, fault: Fault, address: dict[str, str]
) -> None:
    slack.will("chat.postMessage", fault)
    sender = platform(slack)
    delivery = a_delivery(ANSWER, address=address)
    assert failure(sender, delivery).maybe_sent
    again = replace(delivery, attempt=2, lease=2, uncertain=True)
    assert sender.send(again) == slack.posted[0]["ts"]
    assert len(slack.posted) == 1
    other = replace(again, id=2)
    sender.send(other)
    assert len(slack.posted) == 2


def test_a_parted_text_goes_on_where_it_was_broken_off(slack: RecordingSlack) -> None:
    long = Text("\n".join(f"line {number} " + "x" * 60 for number in range(200)), "en")
    slack.will("chat.postMessage", Fault(body='{"ok":true,"ts":"1.1"}', stores=True), too_fast("3"))
    sender = platform(slack)
    failed = failure(sender, a_delivery(long))
    assert (failed.retry_after_seconds, failed.maybe_sent) == (3, True)
    sender.send(a_delivery(long, uncertain=True, attempt=2))
    assert "\n".join(slack.texts()) == long.body.replace(" \n", "\n")


def test_where_nothing_can_be_looked_for_it_is_sent_twice_at_most(slack: RecordingSlack) -> None:
    sender = platform(slack)
    private = a_delivery(
        Text("x", "en", private=True), address={"user": "U1", "response_url": slack.response_url()}
    )
    slack.will("response_url", LOST, LOST)
    assert failure(sender, private).maybe_sent
    last = failure(sender, replace(private, uncertain=True, attempt=2))
    assert (last.permanent, last.maybe_sent) == (True, True)
    slack.will("conversations.replies", error("missing_scope", needed="channels:history"))
    slack.will("chat.postMessage", LOST)
    assert failure(sender, a_delivery(uncertain=True)).permanent
    assert len(slack.posted) == 3


def test_a_search_that_fails_leaves_it_as_uncertain_as_before(slack: RecordingSlack) -> None:
    slack.will("conversations.replies", HTML)
    failed = failure(platform(slack), a_delivery(uncertain=True))
    assert (failed.permanent, failed.maybe_sent, slack.posted) == (False, True, [])


def test_an_uncertain_answer_to_a_command_is_sent_where_it_can_be_found(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(address=address, uncertain=True))
    assert (slack.responses, slack.methods()) == ([], ["conversations.history", "chat.postMessage"])


@pytest.mark.parametrize(
    "code", ["msg_too_long", "no_text", "invalid_blocks", "invalid_arguments", "msg_blocks_too_long"]
)
def test_what_is_too_much_for_slack_arrives_as_plain_text(slack: RecordingSlack, code: str) -> None:
    slack.will("chat.postMessage", error(code))
    slack.will("response_url", Fault(400, code))
    platform(slack).send(a_delivery(ANSWER))
    platform(slack).send(a_delivery(ANSWER, address={"response_url": slack.response_url()}))
    assert ["blocks" in message for message in slack.posted] == [False, False]
    slack.will("chat.postMessage", error(code), error(code))
    assert failure(platform(slack), a_delivery(ANSWER)).permanent


def test_a_room_we_are_not_in_is_reached_through_the_response_address(slack: RecordingSlack) -> None:
    slack.will("chat.postMessage", error("not_in_channel"))
    platform(slack).send(
        a_delivery(ANSWER, address={"message_ts": "1.1", "response_url": slack.response_url()})
    )
    assert slack.responses[0][1]["thread_ts"] == "1.1"


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


def test_slack_says_who_we_are(slack: RecordingSlack) -> None:
    sender = platform(slack)
    assert sender.own_users(Workspace("", "T1")) == frozenset()
    assert sender.introduce() == "kbdial in Acme"
    assert sender.own_users(Workspace("", "T1")) == {BOT_USER}


def test_a_reply_may_be_the_body_of_the_response(slack: RecordingSlack) -> None:
    sender = platform(slack)
    body = sender.in_response(ANSWER)
    assert body["response_type"] == "in_channel"
    assert block_mistakes(body["blocks"]) == []
    assert sender.in_response(Text("<no>", "en", private=True)) == {
        "response_type": "ephemeral", "text": "&lt;no&gt;", "mrkdwn": False,
    }  # fmt: skip
    long = sender.in_response(Text("&" * 10_000, "en"))
    assert len(long["text"]) <= 3900
    assert block_mistakes(long["blocks"]) == []


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


# files and buttons

TABLE = Document(
    "d1", "a.csv", "text/csv", "3 rows <!here>", "en", link="To download: https://kb.example.com/x"
)
FILES = {"d1": b"\xef\xbb\xbfa,b\r\n\xff"}


def test_a_file_is_shared_in_three_steps_where_it_was_asked_for(slack: RecordingSlack) -> None:
    platform(slack, files=FILES).send(a_delivery(TABLE))
    ((shared, content),) = slack.files
    assert content == FILES["d1"]
    assert slack.methods() == ["files.getUploadURLExternal", "files.completeUploadExternal"]
    assert slack.calls[0][1] == {"filename": "a.csv", "length": str(len(content))}
    assert (shared["channel_id"], shared["thread_ts"]) == ("C1", "5.5")
    assert shared["initial_comment"] == "3 rows &lt;!here&gt;"
    assert slack.posted == []


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel"])
def test_where_files_are_not_allowed_the_link_is_given(slack: RecordingSlack, code: str) -> None:
    slack.will("files.completeUploadExternal", error(code))
    platform(slack, files=FILES).send(a_delivery(TABLE))
    assert slack.texts() == ["3 rows &lt;!here&gt;\nTo download: https://kb.example.com/x"]


def test_a_file_that_is_gone_and_a_platform_without_a_token_give_the_link(slack: RecordingSlack) -> None:
    platform(slack).send(a_delivery(TABLE))
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack, token="", files=FILES).send(a_delivery(TABLE, address=address))
    assert len(slack.texts()) == 2
    assert slack.files == []


def test_a_file_that_may_have_been_shared_is_shared_twice_at_most(slack: RecordingSlack) -> None:
    slack.will("files.completeUploadExternal", LOST, LOST)
    sender = platform(slack, files=FILES)
    first = failure(sender, a_delivery(TABLE))
    assert (first.maybe_sent, first.permanent) == (True, False)
    assert failure(sender, a_delivery(TABLE, uncertain=True)).permanent


def test_a_reply_in_words_carries_its_buttons(slack: RecordingSlack) -> None:
    said = Text("Tuned.", "en", buttons=(Button("Apply 0.65", "/threshold 0.65"),))
    platform(slack).send(a_delivery(said))
    (message,) = slack.posted
    assert block_mistakes(message["blocks"]) == []
    (button,) = message["blocks"][-1]["elements"]
    assert (button["text"]["text"], button["value"], button["action_id"]) == (
        "Apply 0.65",
        "/threshold 0.65",
        "run:0",
    )
