"""Outlets out that the conformance suite does not take: files, spent cards, tables that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
import requests

from bot.domain import Answer, Channel, Delivery, Document, NotYet, Person, PlatformError, Reply, Text
from bot.platforms.websocket import WebSocketWire
from bot.platforms.wecom.app_api import AccessTokens, AppApi
from bot.platforms.wecom.long_connection import RobotConnection
from bot.platforms.wecom.outlets import Outlets
from bot.platforms.wecom.presenter import Presenter
from bot.platforms.wecom.response_url import ResponseAddresses
from bot.platforms.wecom.robot_api import RobotApi
from bot.platforms.wecom.sender import WecomPlatform
from bot.platforms.wecom.webhook import Webhook
from tests.bot.platforms.wecom.answers import NOW, an_answer
from tests.support.wecom_api import VirtualClock, WeComApi
from tests.support.wecom_socket import SocketWeCom

GROUP = Channel("wecom", "AIBOT1", "group:G1")
DIRECT = Channel("wecom", "ww1", "app:1000002:zhangsan")
ZHANGSAN = Person("wecom", "ww1", "zhangsan")
FILE = Document("f1", "问题.csv", "text/csv", "导出完成。", "zh", link="https://kb.test/files/f1")
PICTURE = Document("p1", "curve.png", "image/png", "曲线。", "zh")
API = "https://qyapi.weixin.qq.com"
APP = {"app": "support", "user": "zhangsan", "message": "1"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def api(clock: VirtualClock) -> WeComApi:
    return WeComApi(clock)


@pytest.fixture
def platform(api: WeComApi, clock: VirtualClock) -> WecomPlatform:
    session = requests.Session()
    session.mount("https://", api)
    tokens = AccessTokens(session, api_url=API, corp_id="ww1", secret="S1k7Qm2xRz", clock=clock)
    outlets = Outlets(
        later={"support": ResponseAddresses(session, [API])},
        apps={"support": AppApi(session, tokens, api_url=API, agent_id=1000002)},
        apps_by_id={("ww1", "1000002"): "support"},
        webhooks_by_channel={GROUP.key: "alerts"},
        webhooks={"alerts": Webhook(f"{API}/cgi-bin/webhook/send?key=KEY1", session, clock)},
    )
    presenter = Presenter(recall, name="知识库助手", webhooks={})
    return WecomPlatform(outlets, presenter, clock, {"f1": b"a,b,c\n1,2,3", "p1": b"\x89PNG....."}.get)


def recall(_: Channel, answer_id: str) -> Answer | None:
    return an_answer() if answer_id == an_answer().id else None


def a_delivery(reply: Reply, channel: Channel, address: Mapping[str, str]) -> Delivery:
    return Delivery(7, channel, address, reply, lease=1, attempt=1, decided_at=NOW, person=ZHANGSAN)


def test_a_file_goes_to_a_group_through_its_webhook(platform: WecomPlatform, api: WeComApi) -> None:
    for document in (FILE, PICTURE):
        platform.send(a_delivery(document, GROUP, {"webhook": "alerts"}))
    assert [sent.kind for sent in api.seen] == ["markdown", "file", "markdown", "image"]
    assert api.seen[0].text == "导出完成。"
    assert list(api.files.values()) == [("问题.csv", b"a,b,c\n1,2,3")]


def test_a_file_goes_to_the_user_of_an_application(platform: WecomPlatform, api: WeComApi) -> None:
    platform.send(a_delivery(FILE, DIRECT, APP))
    assert [sent.kind for sent in api.seen] == ["markdown", "file"]
    assert "https://" not in api.seen[0].text


def test_an_answer_is_recognised_by_the_platform_however_late_it_is_tried_again(
    platform: WecomPlatform, api: WeComApi, clock: VirtualClock
) -> None:
    """REL16: what it says of the age of the knowledge base must not grow meanwhile."""
    api.fail("message/send", "reset after")
    with pytest.raises(PlatformError):
        platform.send(a_delivery(an_answer(), DIRECT, APP))
    clock.wait(1_800)
    platform.send(replace(a_delivery(an_answer(), DIRECT, APP), uncertain=True))
    assert [sent.kind for sent in api.seen] == ["markdown", "template_card"]


def test_a_file_whose_answer_was_lost_twice_is_given_up(platform: WecomPlatform, api: WeComApi) -> None:
    """REL16: each upload is another file to the platform."""
    delivery = a_delivery(FILE, DIRECT, APP)
    for given in (delivery, replace(delivery, uncertain=True)):
        api.lose_answer_to("file")
        with pytest.raises(PlatformError) as failed:
            platform.send(given)
    assert failed.value.permanent
    assert [sent.kind for sent in api.seen] == ["markdown", "file", "file"]


def test_where_no_file_can_be_sent_its_address_is(platform: WecomPlatform, api: WeComApi) -> None:
    address = {"robot": "support", "response_url": api.response_url("group:G1")}
    platform.send(a_delivery(FILE, GROUP, address))
    assert "https://kb.test/files/f1" in api.seen[0].text


def test_a_pressed_card_is_brought_up_to_date_and_the_matches_follow(
    platform: WecomPlatform, api: WeComApi
) -> None:
    api.card_codes["code"] = "zhangsan"
    address = APP | {"task": f"dial@{an_answer().id}@1", "response_code": "code"}
    platform.send(a_delivery(an_answer(in_place=True), DIRECT, address))
    assert [sent.kind for sent in api.seen] == ["template_card", "markdown"]


def test_a_spent_card_is_followed_by_words(platform: WecomPlatform, api: WeComApi) -> None:
    address = APP | {"task": f"dial@{an_answer().id}@1", "response_code": "spent"}
    platform.send(a_delivery(Text("已记录。", "zh"), DIRECT, address))
    assert ["已记录。" in sent.text for sent in api.seen] == [True]


def test_a_long_answer_to_an_application_is_parted_below_its_limit(
    platform: WecomPlatform, api: WeComApi
) -> None:
    platform.send(a_delivery(Text("很长的一行。\n" * 400, "zh"), DIRECT, APP))
    assert len(api.seen) > 3
    assert all(len(sent.text.encode()) <= 2048 for sent in api.seen)


def test_an_answer_is_held_while_it_may_be_asked_for(platform: WecomPlatform, clock: VirtualClock) -> None:
    address = {"robot": "support", "stream": "s-1", "until": str(clock.seconds + 330)}
    with pytest.raises(NotYet) as wait:
        platform.send(a_delivery(an_answer(), GROUP, address))
    assert wait.value.until == clock.seconds + 335


@pytest.fixture
def socket(clock: VirtualClock) -> Iterator[SocketWeCom]:
    with SocketWeCom(clock) as wecom:
        yield wecom


@pytest.fixture
def connection(socket: SocketWeCom, clock: VirtualClock) -> Iterator[RobotConnection]:
    connection = RobotConnection(
        bot_id="AIBOT1",
        secret="S1k7Qm2xRz",
        open_wire=lambda: WebSocketWire(socket.url),
        clock=clock,
        on_call=lambda _: None,
        alarm=lambda _: None,
        read_seconds=0.02,
    )
    yield connection
    connection.stop()


@pytest.fixture
def connected(connection: RobotConnection, clock: VirtualClock) -> WecomPlatform:
    outlets = Outlets(connected={"inside": RobotApi(connection)}, robots_by_id={"AIBOT1": "inside"})
    return WecomPlatform(outlets, Presenter(recall, name="知识库助手", webhooks={}), clock, lambda _: None)


def test_an_answer_waits_for_the_process_that_keeps_the_connection(
    connected: WecomPlatform, connection: RobotConnection, socket: SocketWeCom, clock: VirtualClock
) -> None:
    """However often another one has it in hand: none of that is a failure."""
    delivery = a_delivery(Text("能。", "zh"), GROUP, {"robot": "inside"})
    with pytest.raises(NotYet) as wait:
        connected.send(delivery)
    assert wait.value.until == clock.seconds + 0.5
    connection.start()
    assert connection.becomes("live", wait_seconds=5)
    socket.say("能退吗")
    connected.send(delivery)
    connection.stop()
    assert [shown.text for shown in socket.shown] == ["能。"]
    with pytest.raises(NotYet):
        connected.send(delivery)


def test_what_nobody_asked_for_finds_its_way_by_its_channel(
    connected: WecomPlatform, connection: RobotConnection, socket: SocketWeCom
) -> None:
    connection.start()
    assert connection.becomes("live", wait_seconds=5)
    socket.say("能退吗")
    connected.send(a_delivery(Text("本周没有找到答复的问题", "zh"), GROUP, {}))
    assert [(shown.request, shown.chat) for shown in socket.shown] == [("", "G1")]


def test_a_digest_of_a_robot_that_only_answers_goes_out_through_the_webhook_of_its_group(
    platform: WecomPlatform, api: WeComApi
) -> None:
    for channel in (GROUP, DIRECT):
        platform.send(a_delivery(Text("本周没有找到答复的问题 <@all>", "zh"), channel, {}))
    assert [sent.to for sent in api.seen] == ["KEY1", "zhangsan"]
    assert api.rung == []
    elsewhere = Channel("wecom", "AIBOT1", "group:G2")
    with pytest.raises(PlatformError, match="can only answer") as refused:
        platform.send(a_delivery(Text("本周没有找到答复的问题", "zh"), elsewhere, {}))
    assert refused.value.permanent


def test_an_answer_waits_for_a_connection_that_was_lost(
    connected: WecomPlatform, connection: RobotConnection, socket: SocketWeCom, clock: VirtualClock
) -> None:
    """However long it takes: an outage makes no dead letter."""
    delivery = a_delivery(Text("能。", "zh"), GROUP, {"robot": "inside"})
    connection.start()
    assert connection.becomes("live", wait_seconds=5)
    socket.say("能退吗")
    socket.drop()
    assert connection.becomes("away", wait_seconds=5)
    with pytest.raises(NotYet) as wait:
        connected.send(delivery)
    assert wait.value.until == clock.seconds + 1.5
    clock.wait(1)
    assert connection.becomes("live", wait_seconds=5)
    connected.send(delivery)
    assert [shown.text for shown in socket.shown] == ["能。"]


@pytest.mark.parametrize("late", ["another connection", "six minutes"])
def test_an_answer_that_is_too_late_for_its_stream_is_pushed_with_the_commands_to_type(
    late: str, connected: WecomPlatform, connection: RobotConnection, socket: SocketWeCom, clock: VirtualClock
) -> None:
    connection.start()
    assert connection.becomes("live", wait_seconds=5)
    request = socket.say("能退吗")
    if late == "another connection":
        request = "req-of-yesterday"
    else:
        clock.wait(361)
    connected.send(a_delivery(an_answer(), GROUP, {"robot": "inside", "request": request, "stream": "s-1"}))
    (shown,) = socket.shown
    assert (shown.request, shown.kind) == ("", "markdown")
    assert shown.text.endswith("发送 @知识库助手 /threshold 0.60 或 @知识库助手 /threshold 0.70")


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (GROUP, {"robot": "gone", "response_url": "https://qyapi.weixin.qq.com/x"}),
        (GROUP, {"robot": "support"}),
        (GROUP, {"robot": "support", "response_url": "https://evil.test/x"}),
        (DIRECT, {"app": "gone", "user": "zhangsan"}),
        (GROUP, {"webhook": "gone"}),
    ],
)
def test_what_leads_nowhere_is_refused_for_good(
    channel: Channel, address: Mapping[str, str], platform: WecomPlatform, api: WeComApi
) -> None:
    with pytest.raises(PlatformError) as refused:
        platform.send(a_delivery(Text("hello", "en"), channel, address))
    assert refused.value.permanent
    assert api.calls == []
