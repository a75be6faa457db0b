"""A week of a shop's help desk: people ask and click, and in the end the channel has its own threshold.

Two thirds of the labelled questions are asked in the chat, and answered "helpful" or "not
helpful" as the label says. The rest is held back, and judges what /tune came to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Answer, Channel, Document, Query, Text
from engine.config import Model
from engine.encoder import load
from tests.bot.store.building import HandClock
from tests.support.at_rest import until_at_rest
from tests.support.mattermost_program import a_mattermost_program
from tests.support.program import Program, a_program, samples
from tests.support.wecom import Bubble
from tests.support.wecom_program import a_wecom_program

DAY = 24 * 3600.0
HOUR = 3600.0
QUERIES = Path(__file__).parents[1] / "engine/source/shop_queries.jsonl"
DEFAULT = Decimal("0.40")
Asked = dict[str, Any]

everything: list[Asked] = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
held_back = everything[::3]
asked_in_chat = [query for number, query in enumerate(everything) if number % 3]


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock(1_795_420_800.0)  # Monday, 23 November 2026, 08:00 in UTC


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, clock: HandClock) -> Iterator[Program]:
    with a_program(
        tmp_path_factory.mktemp("week"),
        *samples(),
        encoder=lambda: load(Model()),
        clock=clock,
        questions_per_minute={"person": 1000, "channel": 1000},
    ) as program:
        yield program


def f1_on_held_back(program: Program, threshold: Decimal) -> float:
    """F1 of all matches that replies show: shown and right, over all shown and all that should be."""
    right = shown = wanted = 0
    for query in held_back:
        for match in program.app.engine.search(Query(query["text"], "shop", -1.0, 5)).matches:
            is_right = match.entry_id in query["relevant"]
            is_shown = match.score >= float(threshold)
            wanted += is_right
            shown += is_shown
            right += is_right and is_shown
    return 2 * right / (shown + wanted)


def week(queries: Sequence[Asked]) -> Iterator[Sequence[Asked]]:
    """The questions of each of seven days."""
    for day in range(7):
        yield queries[day::7]


def test_a_week_in_slack_ends_with_a_threshold_of_the_channels_own(
    program: Program, clock: HandClock
) -> None:
    people, slack = program.people, program.slack
    channel = {"channel_id": "C9"}
    people.command("/kb", "use shop", **channel)
    people.command("/threshold", "0.30", **channel)  # a generous week: what is not shown cannot be judged
    people.command("/gaps", "digest daily 09:00", **channel)
    number = 0
    for day in week(asked_in_chat):
        for query in day:
            number += 1
            ts = f"1795420800.{number:06d}"
            people.says(query["text"], channel="C9", ts=ts)
            answer = posted(program, in_thread(ts))
            for menu, entry_id in votes_of(answer):
                verdict = "up" if entry_id in query["relevant"] else "down"
                picked = next(one for one in menu["options"] if one["value"].startswith(verdict))
                people.clicks(
                    {"action_id": menu["action_id"], "type": "overflow", "selected_option": picked},
                    **in_room("C9", answer["ts"]),
                    response_url=slack.response_url(f"vote-{number}-{entry_id}"),
                )
        # What goes out a day late makes its room wait for seconds that nobody lets pass here.
        until_at_rest(program.app, is_sent=True)
        clock.go_on(DAY)

    # As a mention, because a command that is quick is answered in the response.
    people.says("tune", channel="C9", ts="1795420800.900001")
    suggestion = posted(program, lambda message: "Labelled answers" in str(message["text"]))
    slack.until(lambda: len(slack.files) == 1)
    assert slack.files[0][1].startswith(b"\x89PNG")
    button = next(
        element
        for block in suggestion["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id", "").startswith("run")
    )
    assert button["value"].startswith("/threshold ")
    people.clicks(button, **in_room("C9", suggestion["ts"]), response_url=slack.response_url("apply"))
    slack.until(lambda: any("set the threshold here from 0.30" in text for text in slack.texts()))

    tuned = program.app.responder._settings.of(Channel("slack", "T1", "C9")).threshold
    assert tuned is not None
    assert button["value"] == f"/threshold {tuned}"
    assert f1_on_held_back(program, tuned) >= f1_on_held_back(program, DEFAULT)

    people.says("do you sell hamsters", channel="C9", ts="1795420801.000001")
    posted(program, in_thread("1795420801.000001"))
    clock.go_on(HOUR * 2)
    for _ in range(2):
        program.app.scheduled_messages.look()
    digest = posted(program, lambda message: "The digest of this channel." in str(message["text"]))
    assert digest["channel"] == "C9"
    assert "do you sell hamsters" in digest["text"]
    people.command("/status", **channel)  # in the same channel, so everything before it is done
    assert sum("The digest" in text for text in slack.texts()) == 1


def posted(program: Program, is_it: Callable[[Asked], bool]) -> Asked:
    program.slack.until(lambda: any(map(is_it, program.slack.posted)))
    return next(message for message in program.slack.posted if is_it(message))


def in_thread(ts: str) -> Callable[[Asked], bool]:
    return lambda message: message.get("thread_ts") == ts


def in_room(room: str, ts: str) -> dict[str, Any]:
    return {
        "channel": {"id": room, "name": "shop"},
        "container": {"type": "message", "message_ts": ts, "channel_id": room},
        "message": {"ts": ts},
    }


def votes_of(message: Asked) -> list[tuple[Asked, str]]:
    """The menu beside each match, and the entry it is about."""
    menus = [block["accessory"] for block in message["blocks"] if "accessory" in block]
    return [(menu, menu["options"][0]["value"].split(":", 2)[2]) for menu in menus]


def test_a_week_in_the_terminal_ends_with_a_threshold_of_the_rooms_own(program: Program) -> None:
    def say(text: str) -> Answer | Text:
        reply = program.say(text, room="shop")[0]
        assert not isinstance(reply, Document)
        return reply

    say("/kb use shop")
    say("/threshold 0.30")
    first = say("/tune")
    assert isinstance(first, Text)
    assert "Nobody has said yet" in first.body
    for query in asked_in_chat:
        answer = say(f"/ask {query['text']}")
        assert isinstance(answer, Answer)
        for match in answer.matches:
            word = "yes" if match.entry_id in query["relevant"] else "no"
            say(f"/tune {word} {answer.id} {match.rank}")
    tuned = say("/tune precision 0.8")
    assert isinstance(tuned, Text)
    assert "with 95 % confidence" in tuned.body
    tuned = say("/tune")
    assert isinstance(tuned, Text)
    assert "█" in tuned.body
    (button,) = tuned.buttons
    say(button.command)
    threshold = program.app.responder._settings.of(Channel("terminal", "local", "shop")).threshold
    assert threshold is not None
    assert f1_on_held_back(program, threshold) >= f1_on_held_back(program, DEFAULT)

    gaps = say("/gaps")
    assert isinstance(gaps, Text)
    closing = gaps.buttons[0].command
    assert "dismissed" in str(say(closing))
    seen = say("/inspect 怎么退货")
    assert isinstance(seen, Text)
    assert seen.body.startswith("bundled: 512 dimensions, norm 1.0000")
    assert "█" in seen.body


def test_a_week_in_wecom_ends_with_a_threshold_of_the_groups_own(tmp_path: Path, program: Program) -> None:
    with a_wecom_program(tmp_path, *samples(), encoder=lambda: load(Model())) as desk:

        def say(text: str) -> Bubble:
            return desk.wecom.say(f"@知识库助手 {text}", chat="G9")

        say("/kb use shop")
        say("/threshold 0.30")
        for query in asked_in_chat:
            bubble = say(query["text"])
            assert bubble.card is not None
            for option in bubble.card.get("button_selection", {"option_list": []})["option_list"]:
                word = "up" if option["id"] in query["relevant"] else "down"
                desk.wecom.press(bubble, f"vote:{word}", chosen=option["id"])
        desk.settle()
        seen = len(desk.wecom.api.seen)
        bubble = say("/tune")

        def suggestion() -> str:
            """In the bubble, or behind it where its time was up."""
            said = [bubble.text, *(message.text for message in desk.wecom.api.seen[seen:])]
            return next((text for text in said if "F1 最高" in text), "")

        desk.settle(lambda: bool(suggestion()))
        desk.settle(lambda: any("黑线是当前阈值" in message.text for message in desk.wecom.api.seen[seen:]))
        say(command_in(suggestion()))  # there is no button: it is typed
        threshold = desk.app.responder._settings.of(Channel("wecom", "AIBOT1", "group:G9")).threshold
        assert threshold is not None
        assert f1_on_held_back(program, threshold) >= f1_on_held_back(program, DEFAULT)


def test_a_week_in_mattermost_ends_with_a_threshold_of_the_channels_own(
    tmp_path: Path, program: Program
) -> None:
    clock = HandClock(1_795_420_800.0)
    with a_mattermost_program(tmp_path, *samples(), encoder=lambda: load(Model()), clock=clock) as desk:
        desk.answer_to(desk.say("kb use shop", "shop"))
        desk.answer_to(desk.say("threshold 0.30", "shop"))
        desk.answer_to(desk.say("gaps digest daily 09:00", "shop"))
        for query in asked_in_chat:
            answer = desk.answer_to(desk.say(query["text"], "shop"))
            for press in pressed_for(answer, query["relevant"]):
                desk.server.click(desk.person("li"), answer["id"], *press)
        asked = desk.say("tune", "shop")
        suggestion = desk.answer_to(asked)
        picture = desk.answer_to(asked, 1)
        assert picture["file_ids"]
        (button,) = actions_of(suggestion)
        desk.server.click(desk.person("li"), suggestion["id"], button["id"])
        settings = desk.app.responder._settings
        channel = Channel("mattermost", "127.0.0.1", desk.room("shop"))
        desk.settle(lambda: settings.of(channel).threshold != Decimal("0.30"))
        tuned = settings.of(channel).threshold
        assert tuned is not None
        assert button["integration"]["context"]["x"] == f"/threshold {tuned}"
        assert f1_on_held_back(program, tuned) >= f1_on_held_back(program, DEFAULT)

        clock.go_on(DAY)
        desk.answer_to(desk.say("do you sell hamsters", "shop"))
        clock.go_on(HOUR * 2)
        for _ in range(2):
            desk.app.scheduled_messages.look()
        room = desk.room("shop")

        def is_digest_there() -> bool:
            clock.go_on(1)  # one message in three seconds is what a room is sent
            return any("The digest of this channel." in text for text in desk.seen(room))

        desk.settle(is_digest_there)
        desk.answer_to(desk.say("status", "shop"))
        assert sum("The digest" in text for text in desk.seen(room)) == 1
        assert desk.server.rung == []
        assert desk.server.errors == []


def actions_of(post: Asked) -> list[Asked]:
    attachments = post["props"].get("attachments") or []
    return [action for one in attachments for action in one.get("actions") or []]


def pressed_for(answer: Asked, relevant: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The controls that judge each match: a button each, or an option of one of two menus."""
    for action in actions_of(answer):
        context = action["integration"]["context"]
        if context["a"] == "vote":
            entry_id, _, word = context["x"].rpartition(":")
            if word == ("up" if entry_id in relevant else "down"):
                yield (action["id"],)
        elif context["a"] == "rate":
            for option in action["options"]:
                entry_id = option["value"].partition(":")[0]
                if context["x"] == ("up" if entry_id in relevant else "down"):
                    yield action["id"], option["value"]


def command_in(text: str) -> str:
    """The command that a reply without buttons tells to type."""
    (command,) = re.findall(r"/threshold [0-9.]+", text)
    return str(command)


def test_a_review_is_queued_decided_and_exported(program: Program) -> None:
    def say(text: str) -> str:
        replies = program.say(text, room="moderation")
        return "\n".join(
            reply.body if isinstance(reply, Text) else " ".join(reply.notes) for reply in replies
        )

    say("/kb use shop")
    assert "from 0.70 up" in say("/review 0.70 0.45")
    assert "In the review queue" in say("怎么申请退货")
    listed = say("/queue")
    number = listed.partition("#")[2].split()[0]
    assert "confirmed" in say(f"/queue confirm {number}")
    assert "already" in say(f"/queue dismiss {number}")
    assert "kbdial-queue" in say("/queue export")
