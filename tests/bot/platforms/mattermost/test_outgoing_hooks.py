"""Outgoing webhooks beside the whole bot: in rooms that it is in, and in those that it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.engine import a_knowledge_base
from tests.support.mattermost import BROKEN
from tests.support.mattermost_program import (
    PUBLIC_URL,
    MattermostProgram,
    a_mattermost_program,
    readable,
)
from tests.support.mattermost_rest import Asked, Refused

ADDRESS = f"{PUBLIC_URL}/mattermost/webhook"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MattermostProgram]:
    folder = tmp_path_factory.mktemp("hooks")
    base = a_knowledge_base(folder / "texts", "lemon", "<!channel> @all fig", threshold=0.8)
    with a_mattermost_program(folder, base) as desk:
        desk.server.add_hook(desk.person("admin"), ADDRESS, "kbdial", "@kbdial")
        yield desk


def a_room_without_us(desk: MattermostProgram, name: str) -> str:
    room = desk.room(name, "li", "admin")
    desk.server.members[room].discard(desk.server.bot)
    return room


def ask(desk: MattermostProgram, text: str, room: str, **more: Any) -> dict[str, Any]:
    return desk.server.say(desk.person("li"), text, room, **more)


def comments(desk: MattermostProgram, room: str) -> list[dict[str, Any]]:
    admin = desk.person("admin")
    return [
        post for post in desk.server.posts.values() if post["channel_id"] == room and post["user_id"] == admin
    ]


def refuse(_: Asked) -> Any:
    raise Refused(403, "api.context.permissions.app_error")


def test_what_comes_both_ways_is_answered_once_in_its_thread(desk: MattermostProgram) -> None:
    room = desk.room("both", "li", "admin")
    post = ask(desk, "@kbdial lemon", room)
    desk.server.call_hooks(post["id"])
    assert "lemon" in readable(desk.answer_to(post))
    desk.settle()
    assert [one["root_id"] for one in desk.server.seen(room)] == [post["id"]]
    assert comments(desk, room) == []


def test_what_only_the_webhook_tells_of_is_answered_in_the_thread_of_its_post(
    desk: MattermostProgram,
) -> None:
    room = desk.room("words", "li", "wang")
    flat = ask(desk, "kbdial lemon", room)
    assert desk.answer_to(flat)["root_id"] == flat["id"]
    root = desk.server.say(desk.person("wang"), "a question for all", room)
    reply = ask(desk, "kbdial lemon", room, root_id=root["id"])
    assert "lemon" in readable(desk.answer_to(reply))


def test_where_we_are_not_the_answer_is_a_comment_that_rings_nobody(desk: MattermostProgram) -> None:
    room = a_room_without_us(desk, "elsewhere")
    post = ask(desk, "kbdial @kbdial <!channel> @all fig", room)
    (comment,) = comments(desk, room)
    assert comment["root_id"] == post["id"]
    assert "fig" in readable(comment)
    assert desk.server.rung == []
    click = desk.server.click(desk.person("li"), comment["id"], "up1")
    assert click.status == 200
    assert click.shown
    desk.server.call_hooks(post["id"])
    assert len(comments(desk, room)) == 1


def test_a_command_where_we_are_not_turns_that_rooms_dial(desk: MattermostProgram) -> None:
    room = a_room_without_us(desk, "turned")
    ask(desk, "kbdial threshold 0.95", room)
    ask(desk, "kbdial threshold", room)
    assert "0.95" in readable(comments(desk, room)[-1])


def test_what_bots_and_we_ourselves_post_asks_nothing(desk: MattermostProgram) -> None:
    room = desk.room("bots", "li", "admin")
    other = desk.server.add_user("other-bot", is_bot=True)
    desk.server.members[room].add(other)
    before = len(desk.server.hook_answers)
    ours = desk.server.say(desk.server.bot, "kbdial lemon", room)
    theirs = desk.server.say(other, "kbdial lemon", room)
    desk.settle()
    assert [answer.body.strip() for answer in desk.server.hook_answers[before:]] == [b"{}", b"{}"]
    assert {one["root_id"] for one in desk.server.seen(room)}.isdisjoint({ours["id"], theirs["id"]})


def test_a_room_shared_with_another_server_is_not_answered(desk: MattermostProgram) -> None:
    room = a_room_without_us(desk, "shared")
    desk.server.channels[room]["shared"] = True
    ask(desk, "kbdial lemon", room)
    assert comments(desk, room) == []


def test_where_we_may_not_even_look_who_asks_is_told_to_invite_us(desk: MattermostProgram) -> None:
    room = a_room_without_us(desk, "of-another-team")
    desk.server.route("GET", f"channels/{room}", refuse)
    ask(desk, "kbdial lemon", room)
    assert "invite me" in readable(comments(desk, room)[0])


def test_without_a_word_from_the_server_nothing_is_taken(desk: MattermostProgram) -> None:
    room = a_room_without_us(desk, "silent")
    desk.server.will("GET", f"channels/{room}", BROKEN, BROKEN)
    ask(desk, "kbdial lemon", room)
    assert desk.server.hook_answers[-1].status == 503
