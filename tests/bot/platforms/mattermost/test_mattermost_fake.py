"""The double of Mattermost behaves like the sheet, where the bot's own tests do not show it.

It was also tried with two clients that are not ours: `mattermostautodriver` 11.11.1 (REST, the challenge)
and `@mattermost/client` 11.9.0 (REST, the same pending id twice, a connection that is lost and forgotten).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bot.platforms.mattermost.web_api import WebApi
from tests.support.mattermost import BOT_TOKEN, Mattermost, a_mattermost
from tests.support.mattermost_mentions import rings
from tests.support.wecom_api import VirtualClock


@pytest.fixture
def server() -> Iterator[Mattermost]:
    with a_mattermost() as mattermost:
        yield mattermost


def opened(server: Mattermost, query: str = "", token: str = BOT_TOKEN) -> ClientConnection:
    headers = {"Authorization": f"Bearer {token}"} if token else None
    url = f"ws{server.url.removeprefix('http')}/api/v4/websocket{query}"
    return connect(url, additional_headers=headers)


def frame(connection: ClientConnection) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(connection.recv(timeout=10))
    return content


def test_who_shows_the_token_in_a_frame_begins_anew(server: Mattermost) -> None:
    with opened(server) as first:
        known = frame(first)["data"]["connection_id"]
    with opened(server, f"?connection_id={known}&sequence_number=1", token="") as second:
        second.send('{"seq":1,"action":"ping"}')
        assert frame(second)["status"] == "FAIL"
        challenge = {"seq": 2, "action": "authentication_challenge", "data": {"token": BOT_TOKEN}}
        second.send(json.dumps(challenge))
        assert frame(second) == {"status": "OK", "seq_reply": 2}
        assert frame(second)["data"]["connection_id"] != known


def test_who_comes_back_in_time_is_sent_the_rest_without_a_greeting(server: Mattermost) -> None:
    li = server.add_user("li")
    room = server.add_channel("help", li)
    with opened(server) as first:
        known = frame(first)["data"]["connection_id"]
        for number in range(5):
            server.say(li, str(number), room)
        assert [frame(first)["seq"] for _ in range(5)] == [1, 2, 3, 4, 5]
    server.say(li, "5", room)
    with opened(server, f"?connection_id={known}&sequence_number=5") as second:
        assert [frame(second)["seq"] for _ in range(2)] == [5, 6]


@pytest.mark.parametrize("query", ["?connection_id=short&sequence_number=1", "?connection_id={known}"])
def test_a_way_back_that_is_not_whole_is_closed(server: Mattermost, query: str) -> None:
    with opened(server) as first:
        known = frame(first)["data"]["connection_id"]
    with opened(server, query.format(known=known)) as second, pytest.raises(ConnectionClosed):
        second.recv(timeout=10)


def test_only_whom_it_concerns_is_told_of_a_mention(server: Mattermost) -> None:
    li = server.add_user("li")
    room = server.add_channel("help", li)
    with opened(server) as connection:
        frame(connection)
        told = []
        for text in ("@kbdial a", "b", "`@kbdial` c", "@channel d", "@kbdialer e"):
            server.say(li, text, room)
            told.append(frame(connection)["data"].get("mentions"))
    mine = json.dumps([server.bot])
    assert told == [mine, None, None, mine, None]


def test_what_changed_since_comes_with_holes(server: Mattermost) -> None:
    li = server.add_user("li")
    room = server.add_channel("help", li)
    for number in range(6):
        server.say(li, str(number), room)
    api = WebApi(server.url, BOT_TOKEN, clock=VirtualClock())
    found = api._call("GET", f"channels/{room}/posts", params={"since": 0})
    assert len(found["order"]) < len(api.find_posts(room)) == 6


# The sheet's table; U+200B and U+2060 are written as they are named there.
RINGS = {
    "@channel": {"channel"}, "@Channel!": {"channel"}, "x@channel": set(), "see.@here": {"here"},
    "-@all-": {"all"}, "@channel.": {"channel"}, "@all:": {"all"}, "(@here)": {"here"}, "**@here**": {"here"},
    "[@all](http://x.example)": {"all"}, "user@channel.example": set(), "<!channel>": set(),
    r"\@channel": {"channel"}, "&#64;channel": {"channel"}, "&#x40;all": {"all"},
    "&commat;channel": {"channel"}, "`@channel`": set(), "@\u200bchannel": set(), "@\u2060all": set(),
    "@chan\u200bnel": set(), "\uff20channel": set(), "@ channel": set(), "@here-is-it": set(),
}  # fmt: skip


@pytest.mark.parametrize("text", RINGS)
def test_it_rings_whom_the_sheet_says(text: str) -> None:
    assert rings(text) == RINGS[text]
