from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain import Channel, IncomingMessage, MessageKey, Person, PlatformError, Surface
from bot.platforms.mattermost.forwarded import ForwardedPosts
from bot.platforms.mattermost.web_api import WebApi
from tests.support.mattermost import BOT_TOKEN, BROKEN, Mattermost
from tests.support.wecom_api import VirtualClock


class World:
    """A post of somebody in one room, which somebody forwards to another."""

    def __init__(self, server: Mattermost, clock: VirtualClock) -> None:
        self.server = server
        self.lin, self.wang = server.add_user("lin"), server.add_user("wang")
        self.room = server.add_channel("support", self.lin, self.wang)
        self.post_id = str(server.say(self.wang, "/threshold 0\x07 fig", self.room)["id"])
        self.forwarded = ForwardedPosts(WebApi(server.url, BOT_TOKEN, clock=clock))

    @property
    def link(self) -> str:
        return f"{self.server.url}/acme/pl/{self.post_id}"

    def text(self, text: str) -> str:
        message = IncomingMessage(
            channel=Channel("mattermost", "h", self.room),
            person=Person("mattermost", "h", self.lin, "lin"),
            keys=(MessageKey("post", "p"),),
            surface=Surface.MESSAGE,
            text=text,
        )
        return self.forwarded.resolve(message).text


@pytest.fixture
def world() -> Iterator[World]:
    clock = VirtualClock()
    with Mattermost(now=lambda: clock.seconds) as server:
        yield World(server, clock)


def test_whatever_was_forwarded_is_a_question(world: World) -> None:
    assert world.text(world.link) == "/ask /threshold 0 fig"
    assert world.text(f"\n{world.link}/ ") == "/ask /threshold 0 fig"


def test_ones_own_words_are_asked_as_they_are(world: World) -> None:
    for text in ("fig", f"what of {world.link}", f"{world.link}x", f"https://evil.test{world.link}", ""):
        assert world.text(text) == text
    assert ("GET", f"posts/{world.post_id}") not in world.server.calls


def test_nobody_is_read_to_what_they_could_not_read_there(world: World) -> None:
    world.server.members[world.room].discard(world.lin)
    assert world.text(world.link) == world.link
    world.server.members[world.room] |= {world.lin}
    world.server.members[world.room].discard(world.server.bot)
    assert world.text(world.link) == world.link


def test_a_post_that_is_gone_leaves_its_address(world: World) -> None:
    world.server.take_back(world.post_id)
    assert world.text(world.link) == world.link


def test_a_server_that_gives_no_answer_is_asked_again(world: World) -> None:
    world.server.will("GET", rf"posts/{world.post_id}", BROKEN)
    with pytest.raises(PlatformError):
        world.text(world.link)
