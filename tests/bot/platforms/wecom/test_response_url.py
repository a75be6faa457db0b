from __future__ import annotations

import pytest
import requests

from bot.domain import PlatformError
from bot.platforms.wecom.response_url import ResponseAddresses
from tests.support.wecom_api import VirtualClock, WeComApi

HOST = "https://qyapi.weixin.qq.com"
MESSAGE = {"msgtype": "markdown", "markdown": {"content": "答复"}}


class Side:
    def __init__(self, *hosts: str) -> None:
        self.wecom = WeComApi(VirtualClock())
        session = requests.Session()
        session.mount("https://", self.wecom)
        session.mount("http://", self.wecom)
        self.addresses = ResponseAddresses(session, hosts or (HOST,))


def test_an_address_is_used_up_by_one_reply() -> None:
    side = Side()
    address = side.wecom.response_url("group:g1")
    side.addresses.send(address, MESSAGE)
    with pytest.raises(PlatformError) as failed:
        side.addresses.send(address, MESSAGE)
    assert failed.value.permanent
    assert [(sent.to, sent.text) for sent in side.wecom.seen] == [("group:g1", "答复")]


def test_an_address_ends_after_an_hour() -> None:
    side = Side()
    address = side.wecom.response_url("group:g1")
    side.wecom.clock.wait(3600)
    with pytest.raises(PlatformError) as failed:
        side.addresses.send(address, MESSAGE)
    assert failed.value.permanent


@pytest.mark.parametrize(
    "address",
    [
        "http://qyapi.weixin.qq.com/x",
        "https://qyapi.weixin.qq.com:22/x",
        "https://qyapi.weixin.qq.com:443/x",
        "http://169.254.169.254/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://qyapi.weixin.qq.com.evil.test/",
        "https://evil.test@qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com@evil.test/",
        "https://qyapi.weixin.qq.com\\@evil.test/",
        "https://qyapi.weixin.qq.com/\\..\\x",
        "https://qyapi.weıxin.qq.com/",
        "https://qyapi.weixin.qq.com./",
        "https://QYAPI.weixin.qq.com/",
        "https://qyapi.weixin.qq.com",
        "https://qyapi.weixin.qq.com?x",
        " https://qyapi.weixin.qq.com/",
        "https://qyapi.weixin.qq.com/\r\nHost: evil.test",
        "https://qyapi.weixin.qq.com/\n",
        "file:///etc/passwd",
        "",
    ],
)
def test_no_other_spelling_is_connected_to(address: str) -> None:
    side = Side()
    with pytest.raises(PlatformError) as failed:
        side.addresses.send(address, MESSAGE)
    assert failed.value.permanent
    assert side.wecom.calls == []


def test_a_host_of_the_operator_is_allowed_by_its_exact_name() -> None:
    side = Side("http://127.0.0.1:9000/")
    assert side.addresses.allows("http://127.0.0.1:9000/cgi-bin/aibot/response?response_code=1")
    assert not side.addresses.allows("http://127.0.0.1:9001/cgi-bin/aibot/response")


@pytest.mark.parametrize("fault", ["reset", "502", "timeout after", "redirect", "html", -1, 45009])
def test_a_try_that_may_have_used_the_address_is_the_last(fault: object) -> None:
    side = Side()
    side.wecom.fail("aibot/response", fault)  # type: ignore[arg-type]  # one of its faults
    address = side.wecom.response_url("group:g1")
    with pytest.raises(PlatformError) as failed:
        side.addresses.send(address, MESSAGE)
    assert failed.value.permanent
    assert side.wecom.calls == ["aibot/response"]
    assert "response_code" not in failed.value.reason


def test_where_nothing_was_reached_the_address_is_still_good() -> None:
    side = Side()
    side.wecom.fail("aibot/response", "refuse")
    address = side.wecom.response_url("group:g1")
    with pytest.raises(PlatformError) as failed:
        side.addresses.send(address, MESSAGE)
    assert not failed.value.permanent
    side.addresses.send(address, MESSAGE)
    assert len(side.wecom.seen) == 1
