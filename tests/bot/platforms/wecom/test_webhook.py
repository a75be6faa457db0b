from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

import pytest
import requests

from bot.domain import PlatformError
from bot.platforms.wecom.webhook import Webhook
from tests.support.wecom_api import VirtualClock, WeComApi

URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY1"


class Side:
    def __init__(self, url: str = URL) -> None:
        self.clock = VirtualClock()
        self.wecom = WeComApi(self.clock)
        session = requests.Session()
        session.mount("https://", self.wecom)
        self.webhook = Webhook(url, session, self.clock)


def test_thirty_alerts_are_spaced_and_none_is_refused() -> None:
    side = Side()
    for number in range(30):
        side.webhook.markdown(f"{number}")
    times = [sent.at for sent in side.wecom.seen]
    assert [sent.text for sent in side.wecom.seen] == [str(number) for number in range(30)]
    assert all(after - before >= 3 for before, after in pairwise(times))


def test_who_waited_long_enough_waits_no_more() -> None:
    side = Side()
    side.webhook.text("a")
    side.clock.wait(60)
    before = side.clock.seconds
    side.webhook.text("b")
    assert side.clock.seconds == before


def test_a_file_is_uploaded_then_shown() -> None:
    side = Side()
    side.webhook.file("questions.csv", b"\xef\xbb\xbfa,b\r\n")
    (sent,) = side.wecom.seen
    assert side.wecom.files[sent.body["media_id"]] == ("questions.csv", b"\xef\xbb\xbfa,b\r\n")


def test_a_picture_carries_its_digest() -> None:
    side = Side()
    side.webhook.image(b"\x89PNG....")
    (sent,) = side.wecom.seen
    assert base64.b64decode(sent.body["base64"]) == b"\x89PNG...."
    assert sent.body["md5"] == hashlib.md5(b"\x89PNG....").hexdigest()  # noqa: S324 - the platform's choice


def test_a_long_text_is_parted() -> None:
    side = Side()
    side.webhook.text("字" * 1000)
    side.webhook.markdown("字" * 2000)
    assert [sent.kind for sent in side.wecom.seen] == ["text", "text", "markdown", "markdown"]


def test_over_the_limit_the_next_call_waits_for_the_window() -> None:
    side = Side()
    side.wecom.fail("webhook/send", 45009)
    with pytest.raises(PlatformError) as failed:
        side.webhook.text("a")
    assert failed.value.retry_after_seconds == 60
    before = side.clock.seconds
    side.webhook.text("b")
    assert side.clock.seconds - before == 60


def test_a_wrong_key_is_permanent_and_not_told() -> None:
    side = Side(URL.replace("KEY1", "SECRETKEY"))
    with pytest.raises(PlatformError) as failed:
        side.webhook.text("a")
    assert failed.value.permanent
    assert "SECRETKEY" not in failed.value.reason


@pytest.mark.parametrize(
    "url", ["", "KEY1", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "ftp://x?key=1"]
)
def test_an_address_without_a_key_is_no_webhook(url: str) -> None:
    with pytest.raises(ValueError, match="key="):
        Side(url)


@pytest.mark.parametrize("size", [5, 2 * 1024 * 1024 + 1])
def test_a_picture_that_would_be_refused_is_not_sent(size: int) -> None:
    side = Side()
    with pytest.raises(PlatformError):
        side.webhook.image(b"x" * size)
    assert side.wecom.calls == []
