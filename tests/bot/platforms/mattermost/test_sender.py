from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import Channel, Delivery, Document, Person, PlatformError, Reply, Text
from bot.platforms.kit import ResponseOrigins
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.presenter import Presenter
from bot.platforms.mattermost.sender import MattermostPlatform, key_of
from bot.platforms.mattermost.web_api import MattermostRefusal, WebApi
from tests.bot.platforms.mattermost.answers import HOST, NOW, SECRET, a_match, an_answer
from tests.support.mattermost import BOT_TOKEN, BROKEN, LOST, Fault
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.mattermost_requests import Answered
from tests.support.wecom_api import VirtualClock

URL = "https://kb.example.com/mattermost/actions"
HOOK = re.compile(r"/hooks/commands/[a-z0-9]+")
FILES = {"d1": b"\x89PNG picture"}


class World:
    """A server with a room, two people and our platform beside it."""

    def __init__(self, mattermost: IntegratedMattermost, clock: VirtualClock) -> None:
        self.server = mattermost
        self.clock = clock
        self.lin = mattermost.add_user("lin")
        self.room = mattermost.add_channel("support", self.lin)
        self.question = str(mattermost.say(self.lin, "@kbdial fig", self.room)["id"])
        api = WebApi(mattermost.url, BOT_TOKEN, clock=clock)
        self.platform = MattermostPlatform(
            api,
            Presenter(ActionSigner(SECRET), URL),
            own_id=lambda: mattermost.bot,
            responses=ResponseOrigins([mattermost.url], path=HOOK),
            contents=FILES.get,
        )

    def delivery(self, reply: Reply, **changed: Any) -> Delivery:
        address = changed.pop(
            "address", {"user": self.lin, "root_id": self.question, "question": self.question}
        )
        delivery = Delivery(
            7,
            Channel("mattermost", HOST, self.room),
            address,
            reply,
            lease=1,
            attempt=1,
            decided_at=NOW,
            person=Person("mattermost", HOST, self.lin, "lin"),
        )
        return replace(delivery, **changed)

    def send(self, reply: Reply, **changed: Any) -> str:
        return self.platform.send(self.delivery(reply, **changed))

    def seen(self, room: str = "") -> list[dict[str, Any]]:
        return self.server.seen(room or self.room)

    def messages(self, room: str = "") -> list[str]:
        return [post["message"] for post in self.seen(room)]

    def response_url(self, text: str = "status", room: str = "") -> str:
        """The address that came with a command which nobody has answered yet."""
        self.server.register("http://127.0.0.1/mattermost/commands", trigger=f"t{len(self.server.commands)}")
        trigger = f"t{len(self.server.commands) - 1}"
        return str(
            self.server.type_command(self.lin, text, room or self.room, trigger=trigger)["response_url"]
        )


def nobody(*_: object) -> Answered:
    """An integration that answers nothing in its response."""
    return Answered(200, b"{}")


@pytest.fixture
def world() -> Iterator[World]:
    clock = VirtualClock()
    with IntegratedMattermost(now=lambda: clock.seconds, call=nobody) as mattermost:
        yield World(mattermost, clock)


def failing(world: World, reply: Reply, **changed: Any) -> PlatformError:
    with pytest.raises(PlatformError) as failed:
        world.send(reply, **changed)
    return failed.value


def test_an_answer_is_a_post_of_ours_in_the_thread_of_its_question(world: World) -> None:
    receipt = world.send(an_answer())
    (post,) = world.seen()
    assert (post["id"], post["root_id"], post["user_id"]) == (receipt, world.question, world.server.bot)
    assert post["props"]["attachments"][0]["color"] == "#0b5d1e"


def test_the_repeat_of_a_send_within_half_a_minute_makes_no_second_post(world: World) -> None:
    assert world.send(an_answer()) == world.send(an_answer())
    world.clock.wait(31)
    world.send(an_answer())
    assert len(world.seen()) == 2


@pytest.mark.parametrize("fault", [LOST, Fault(502, stores=True)])
@pytest.mark.parametrize("is_threaded", [True, False])
@pytest.mark.parametrize("late", [0, 40])
def test_what_may_have_arrived_is_looked_for_before_it_is_sent_again(
    fault: Fault, is_threaded: bool, late: float, world: World
) -> None:
    address = None if is_threaded else {"user": world.lin, "question": world.question}
    kept = {"address": address} if address else {}
    world.server.will("POST", "posts", fault)
    failed = failing(world, an_answer(), **kept)
    assert (failed.permanent, failed.maybe_sent) == (False, True)
    world.clock.wait(late)
    world.send(an_answer(), uncertain=True, **kept)
    assert len(world.seen()) == 1


def test_what_did_not_arrive_is_sent_again(world: World) -> None:
    world.server.will("POST", "posts", BROKEN)
    assert failing(world, an_answer()).maybe_sent
    world.send(an_answer(), uncertain=True)
    assert len(world.seen()) == 1


def test_a_first_try_that_is_still_being_saved_is_waited_for(world: World) -> None:
    world.server.saving.add(f"{world.server.bot}:{key_of(world.delivery(an_answer()))}.0")
    failed = failing(world, an_answer())
    assert (failed.permanent, failed.maybe_sent, failed.retry_after_seconds) == (False, True, 2.0)


def test_of_a_reply_in_parts_only_the_missing_ones_are_sent_again(world: World) -> None:
    long = Text("字" * 40_000, "zh")
    world.server.will("POST", "posts", Fault(200, stores=True), LOST)
    with pytest.raises(PlatformError) as failed:
        world.send(long)
    assert failed.value.maybe_sent
    world.clock.wait(60)
    world.send(long, uncertain=True)
    assert [len(message) for message in world.messages()] == [16_383, 16_383, 7_234]


def test_who_looks_in_vain_knows_as_little_as_before(world: World) -> None:
    world.server.will("GET", r"posts/\w+/thread", BROKEN)
    failed = failing(world, an_answer(), uncertain=True)
    assert (failed.permanent, failed.maybe_sent) == (False, True)
    assert world.seen() == []


def test_a_server_that_asks_for_time_says_how_much(world: World) -> None:
    world.server.limited_until = world.clock.seconds + 30
    failed = failing(world, an_answer())
    assert (failed.permanent, failed.maybe_sent, failed.retry_after_seconds) == (False, False, 30.0)


@pytest.mark.parametrize(
    ("what", "is_permanent"),
    [
        (Fault(401, "api.context.session_expired.app_error"), True),
        (Fault(403, "api.context.permissions.app_error"), True),
        (Fault(404, "app.channel.get.existing.app_error"), True),
        (Fault(400, "api.post.create_post.can_not_post_to_deleted.error"), True),
        (Fault(500, "app.broken"), False),
    ],
)
def test_a_refusal_says_whether_trying_again_can_help(what: Fault, is_permanent: bool, world: World) -> None:
    world.server.will("POST", "posts", what)
    failed = failing(world, an_answer())
    assert isinstance(failed, MattermostRefusal)
    assert (failed.permanent, failed.maybe_sent) == (is_permanent, not is_permanent)


def test_to_a_question_that_was_taken_back_nothing_more_is_said(world: World) -> None:
    world.server.take_back(world.question)
    assert world.send(an_answer()) == ""
    assert world.seen() == []


def test_a_turned_dial_changes_the_pressed_post(world: World) -> None:
    post_id = world.send(an_answer())
    turned = an_answer(a_match(), a_match(2), in_place=True)
    assert world.send(turned, address={"post_id": post_id}) == post_id
    (post,) = world.seen()
    assert post["message"] == "找到 2 条，最高 0\\.8732"
    assert len(post["props"]["attachments"]) == 3


def test_a_pressed_post_that_is_gone_is_answered_anew(world: World) -> None:
    post_id = world.send(an_answer())
    with world.server.lock:
        world.server.delete(world.server.posts[post_id])
    world.send(an_answer(in_place=True), address={"user": world.lin, "post_id": post_id})
    assert len(world.seen()) == 1


def test_more_is_said_in_the_thread_of_the_pressed_post(world: World) -> None:
    post_id = world.send(an_answer())
    world.send(
        an_answer(a_match(6), offset=5, total=6), address={"user": world.lin, "post_id": post_id}, id=8
    )
    assert world.seen()[1]["root_id"] == world.question


def test_between_two_an_answer_stands_flat_and_needs_no_echo(world: World) -> None:
    room = world.server.direct(world.lin)
    asked = str(world.server.say(world.lin, "fig", room)["id"])
    channel = Channel("mattermost", HOST, room)
    world.send(an_answer(), channel=channel, address={"user": world.lin, "question": asked, "direct": "1"})
    (post,) = world.seen(room)
    assert post["root_id"] == ""
    assert not post["props"]["attachments"][0]["text"].startswith(">")


def test_what_is_private_goes_through_the_address_of_its_command(world: World) -> None:
    address = {"user": world.lin, "response_url": world.response_url()}
    assert world.send(an_answer(private=True), address=address) == ""
    (whisper,) = world.server.whispers
    assert (whisper.user_id, whisper.channel_id) == (world.lin, world.room)
    assert whisper.attachments[0]["text"].startswith("> 能退吗")
    assert [name for name in world.server.hook_headers[0] if name == "authorization"] == []
    assert world.seen() == []


def test_without_a_way_to_one_person_in_a_room_it_is_a_direct_message(world: World) -> None:
    url = world.response_url()
    world.clock.wait(1801)
    for address in ({"user": world.lin, "response_url": url}, {"user": world.lin, "root_id": world.question}):
        world.send(Text("only you", "en", private=True), address=address, id=len(address) + 10)
    assert world.seen() == []
    messages = world.messages(world.server.direct(world.lin))
    assert messages == ["About what you wrote or pressed in another channel:\u200b", "only you"]


def test_what_may_have_been_whispered_is_said_twice_at_most(world: World) -> None:
    address = {"user": world.lin, "response_url": world.response_url()}
    world.server.will("POST", "hooks/commands", LOST, LOST)
    first = failing(world, an_answer(private=True), address=address)
    second = failing(world, an_answer(private=True), address=address, uncertain=True)
    assert (first.permanent, second.permanent) == (False, True)
    assert len(world.server.whispers) == 2


def test_an_address_of_another_host_is_never_called(world: World) -> None:
    for url in ("http://evil.test/hooks/commands/x", f"{world.server.url}.evil.test/hooks/commands/x"):
        world.send(Text("mine", "en", private=True), address={"user": world.lin, "response_url": url})
    assert len(world.messages(world.server.direct(world.lin))) == 2


def test_in_a_room_that_we_are_not_in_the_command_is_answered_as_its_senders_post(world: World) -> None:
    url = world.response_url()
    world.server.leave(world.room)
    world.send(Text("Threshold is 0.65.", "en"), address={"user": world.lin, "response_url": url})
    (post,) = [one for one in world.server.posts.values() if one["props"].get("from_webhook")]
    assert post["user_id"] == world.lin
    assert "I am not in this channel" in post["message"]
    assert failing(world, Text("x", "en"), address={"user": world.lin}).permanent


def test_a_file_stands_in_the_thread_with_its_sentence(world: World) -> None:
    document = Document("d1", "curve.png", "image/png", "The curve.", "en", link="Download: https://x")
    world.send(document)
    (post,) = world.seen()
    (file_id,) = post["file_ids"]
    assert post["message"] == "The curve\\."
    assert post["root_id"] == world.question
    assert world.server.files[file_id]["name"] == "curve.png"
    assert world.server.files[file_id]["content"] == FILES["d1"]


def test_a_file_that_the_server_does_not_take_is_a_link(world: World) -> None:
    document = Document(
        "d1", "curve.png", "image/png", "The curve.", "en", link="Download: https://kb.test/x"
    )
    world.server.will("POST", "files", Fault(413, "api.file.upload_file.too_large.app_error"))
    world.send(document)
    assert "](<https://kb.test/x>)" in world.messages()[0]


def test_a_private_file_comes_directly(world: World) -> None:
    document = Document("d1", "export.csv", "text/csv", "3 questions.", "en", private=True)
    world.send(document)
    lead, post = world.seen(world.server.direct(world.lin))
    assert lead["file_ids"] == []
    assert len(post["file_ids"]) == 1


def test_an_unexpected_file_name_is_kept(world: World) -> None:
    world.send(Document("d1", '退货 "a"\r\n.csv', "text/csv", "x", "en"))
    (file,) = world.server.files.values()
    assert file["name"].startswith("退货")


def test_a_reply_to_nobody_in_private_says_so(world: World) -> None:
    assert failing(world, Text("x", "en", private=True), address={}, person=None).permanent


def test_something_nobody_asked_for_is_said_flat(world: World) -> None:
    world.send(Text("Digest", "en"), address={})
    assert world.seen()[0]["root_id"] == ""
    assert world.platform.speaks_first(Channel("mattermost", HOST, world.room))


def test_hostile_text_rings_nobody(world: World) -> None:
    text = "@channel @lin &#64;all <!here> [@all](http://x.test) \\@here"
    match = a_match(text=text, answer=text, title=text, bold=None)
    world.send(an_answer(match, question=text, notes=(text,)))
    world.send(Text(text, "en"), id=8)
    world.send(
        Text(text, "en", private=True), address={"user": world.lin, "response_url": world.response_url()}
    )
    assert world.server.rung == []
