from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from bot.domain import PlatformError
from bot.platforms.wecom.app_api import AccessTokens, AppApi, mark
from bot.platforms.wecom.client import ErrorCode
from tests.support.wecom_api import VirtualClock, WeComApi

URL = "https://qyapi.weixin.qq.com"


class Side:
    """The application's side, and the WeCom it talks to."""

    def __init__(self, *, secret: str = "S1k7Qm2xRz", corp_id: str = "ww1") -> None:
        self.clock = VirtualClock()
        self.wecom = WeComApi(self.clock)
        session = requests.Session()
        session.mount("https://", self.wecom)
        self.tokens = AccessTokens(session, api_url=URL, corp_id=corp_id, secret=secret, clock=self.clock)
        self.api = AppApi(session, self.tokens, api_url=URL, agent_id=1000002)

    def say(self, content: str = "你好", user: str = "zhangsan") -> dict[str, Any]:
        return self.api.send(user, {"msgtype": "text", "text": {"content": content}})

    @property
    def heard(self) -> list[str]:
        return [sent.text for sent in self.wecom.seen]


def test_a_message_arrives_and_has_an_id() -> None:
    side = Side()
    assert side.say()["msgid"]
    assert side.heard == ["你好"]


def test_a_token_is_fetched_once_for_many_callers() -> None:
    side = Side()
    ready = threading.Barrier(8)

    def say(number: int) -> None:
        ready.wait()
        side.say(f"{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(8)))
    assert side.wecom.calls.count("gettoken") == 1
    assert len(side.heard) == 8


def test_a_token_is_renewed_five_minutes_before_it_ends() -> None:
    side = Side()
    first = side.tokens.current()
    side.clock.wait(7200 - 301)
    assert side.tokens.current() == first
    side.clock.wait(1)
    assert side.tokens.current() != first


@pytest.mark.parametrize("code", [40014, 42001])
def test_a_token_that_is_refused_is_renewed_once_and_the_call_repeated_once(code: int) -> None:
    side = Side()
    side.wecom.fail("message/send", code)
    side.say()
    assert side.wecom.calls == ["gettoken", "message/send", "gettoken", "message/send"]
    side.wecom.fail("message/send", code, code)
    with pytest.raises(ErrorCode) as refused:
        side.say("again")
    assert not refused.value.permanent


def test_a_withdrawn_token_is_renewed_by_one_of_those_who_notice() -> None:
    side = Side()
    old = side.tokens.current()
    side.wecom.withdraw_tokens()
    side.tokens.forget(old)
    new = side.tokens.current()
    side.tokens.forget(old)
    assert side.tokens.current() == new


@pytest.mark.parametrize(("side", "code"), [(Side(secret="wrong"), 40001), (Side(corp_id="ww9"), 40013)])
def test_a_wrong_secret_is_asked_about_once_a_minute_at_most(side: Side, code: int) -> None:
    for _ in range(3):
        with pytest.raises(ErrorCode) as refused:
            side.say()
        assert (refused.value.code, refused.value.permanent) == (code, True)
    assert side.wecom.calls == ["gettoken"]
    side.clock.wait(60)
    with pytest.raises(ErrorCode):
        side.say()
    assert side.wecom.calls == ["gettoken", "gettoken"]


@pytest.mark.parametrize("fault", ["reset after", "502 after", "timeout after", "html"])
def test_a_message_whose_answer_was_lost_is_sent_again_and_seen_once(fault: Any) -> None:
    side = Side()
    side.wecom.fail("message/send", fault)
    with pytest.raises(PlatformError) as failed:
        side.say("答复" + mark(7))
    assert not failed.value.permanent
    side.clock.wait(1800)
    side.say("答复" + mark(7))
    assert side.heard == ["答复" + mark(7)]


def test_the_same_words_of_two_deliveries_are_seen_twice() -> None:
    side = Side()
    side.say("阈值是 0.65" + mark(7))
    side.say("阈值是 0.65" + mark(8))
    assert len(side.heard) == 2
    assert {heard.rstrip("\u200b\u2060") for heard in side.heard} == {"阈值是 0.65"}


@pytest.mark.parametrize(
    ("fault", "permanent", "retry_after", "maybe_sent"),
    [
        (-1, False, None, False),
        (45009, False, 60.0, False),
        (45033, False, 5.0, False),
        (40058, True, None, False),
        (40008, True, None, False),
        (81013, True, None, False),
        (60020, True, None, False),
        (99999, False, None, False),
        ("502", False, None, True),
        ("html", False, None, True),
        ("redirect", False, None, True),
        ("reset", False, None, True),
        ("timeout after", False, None, True),
        ("refuse", False, None, False),
    ],
)
def test_every_error_says_whether_trying_again_can_help(
    fault: Any, permanent: bool, retry_after: float | None, maybe_sent: bool
) -> None:
    side = Side()
    side.wecom.fail("message/send", fault)
    with pytest.raises(PlatformError) as failed:
        side.say()
    error = failed.value
    assert (error.permanent, error.retry_after_seconds, error.maybe_sent) == (
        permanent,
        retry_after,
        maybe_sent,
    )
    assert "token-" not in error.reason


def test_an_untrusted_address_is_named_for_the_operator() -> None:
    side = Side()
    side.wecom.fail("message/send", 60020)
    with pytest.raises(PlatformError, match=r"add 203\.0\.113\.7 to the application's trusted addresses"):
        side.say()


def test_a_receiver_nobody_knows_is_permanent() -> None:
    side = Side()
    with pytest.raises(PlatformError) as failed:
        side.say(user="wangwu")
    assert failed.value.permanent


def test_a_file_is_uploaded_under_its_name() -> None:
    side = Side()
    media_id = side.api.upload("file", "问题.csv", b"a,b\r\n1,2\r\n")
    assert side.wecom.files[media_id][1] == b"a,b\r\n1,2\r\n"


@pytest.mark.parametrize("content", [b"", b"12345", b"x" * (20 * 1024 * 1024 + 1)])
def test_a_file_that_would_be_refused_is_not_sent(content: bytes) -> None:
    side = Side()
    with pytest.raises(PlatformError) as failed:
        side.api.upload("file", "x.csv", content)
    assert failed.value.permanent
    assert side.wecom.calls == []


def test_a_card_is_updated_with_its_code_once() -> None:
    side = Side()
    code = side.api.send("zhangsan", {"msgtype": "template_card", "template_card": {}})["response_code"]
    side.api.update_card(code, {"task_id": "t"}, "zhangsan")
    with pytest.raises(PlatformError):
        side.api.update_card(code, {"task_id": "t"}, "zhangsan")
