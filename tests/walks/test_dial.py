"""A team finds its threshold: preview, labels, strategies and export, in Slack and in the terminal."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Answer, Text
from engine.config import Model
from engine.encoder import load
from tests.support.program import Program, a_program, samples

QUESTIONS = ("夏天吃什么水果能补水？", "哪种水果维C含量高？", "能开发票吗，抬头写公司")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The real bundled model over the two knowledge bases that ship."""
    with a_program(tmp_path_factory.mktemp("dial"), *samples(), encoder=lambda: load(Model())) as program:
        yield program


def said(program: Program, text: str, room: str = "lunch") -> str:
    (reply,) = program.say(text, room)
    assert isinstance(reply, Text)
    return reply.body


def asked(program: Program, text: str, room: str = "lunch") -> Answer:
    (reply,) = program.say(text, room)
    assert isinstance(reply, Answer)
    return reply


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_preview_is_what_asking_again_gives(program: Program) -> None:
    answers = [asked(program, text) for text in QUESTIONS]
    preview = said(program, "/threshold try 0.65")
    assert asked(program, QUESTIONS[0]).threshold == answers[0].threshold  # it only tried
    program.say("/threshold 0.65", "lunch")
    again = [asked(program, text) for text in QUESTIONS]
    silent = sum(not answer.total for answer in again)
    mean = sum(answer.total for answer in again) / len(again)
    assert f"at 0.65: {silent} without a match, {mean:.1f} matches each on average" in preview
    lost = sum(bool(before.total) and not after.total for before, after in zip(answers, again, strict=True))
    assert preview.count("“") == lost


def test_two_changes_at_once_both_land_in_order_and_each_answer_tells_the_truth(program: Program) -> None:
    told: list[str] = []
    changes = [f"/threshold 0.{value}" for value in (51, 52, 53, 54)]
    threads = [
        threading.Thread(target=lambda text=text: told.append(said(program, text, "race")))
        for text in changes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = said(program, "/threshold", "race").splitlines()[1:]
    steps = [line.partition(": ")[2] for line in reversed(history)]
    assert len(steps) == len(told) == 4
    assert steps[0].startswith("no own value → ")
    for earlier, later in pairwise(steps):
        assert earlier.partition(" → ")[2] == later.partition(" → ")[0]
    for step in steps:
        old, _, new = step.partition(" → ")
        shown = "0.40 (knowledge base)" if old == "no own value" else old
        (one,) = [text for text in told if f"to {new} " in text]
        assert f"from {shown.split()[0]} " in one


def test_a_strategy_is_chosen_and_taken_back(program: Program) -> None:
    before = said(program, "/settings", "strategies").partition("\n")[2]
    chosen = said(program, "/strategy precise", "strategies")
    assert "→ 0.75" in chosen
    assert "our own for the model here (bundled)" in chosen
    assert asked(program, QUESTIONS[0], "strategies").threshold_source == "channel"
    said(program, "/strategy undo", "strategies")
    assert said(program, "/settings", "strategies").partition("\n")[2] == before
    assert "No strategy is chosen" in said(program, "/strategy", "strategies")


def test_keywords_are_said_to_be_missing_while_the_engine_has_none(program: Program) -> None:
    told = said(program, "/keywords 0.3", "keywords")
    answer = asked(program, QUESTIONS[0], "keywords")
    assert answer.matches
    assert ("does not rank by keywords" in told) == (answer.keyword_weight is None)


def test_the_terminal_writes_its_export_and_says_where(program: Program) -> None:
    answer = asked(program, "=1+1", "export")
    said(program, "/threshold 0.5", "export")
    told = said(program, "/export", "export")
    path = Path(told.splitlines()[-1])
    rows = rows_of(path.read_bytes())
    question = next(row for row in rows if row["record"] == "question")
    assert question["question"] == "'=1+1"
    assert float(question["threshold"]) == float(answer.threshold)
    matches = [row for row in rows if row["record"] == "match"]
    assert [(row["entry_id"], float(row["score"])) for row in matches[: len(answer.matches)]] == [
        (match.entry_id, match.score) for match in answer.matches
    ]
    assert len(matches) == answer.total
    assert [(row["setting"], row["new"]) for row in rows if row["record"] == "change"] == [
        ("threshold", "0.5")
    ]
    assert said(program, "/export", "an empty room").startswith("There is nothing")


def test_a_slack_channel_gets_its_own_rows_as_a_file_or_by_link(program: Program) -> None:
    slack, people = program.slack, program.people
    for channel, text in (("C1", "夏天吃什么水果能补水？"), ("C2", "secret of C2")):
        people.says(text, channel=channel, ts=f"1700000{channel[1]}00.000100")
    slack.until(lambda: {"C1", "C2"} <= {one.get("channel") for one in slack.posted})
    message = next(one for one in slack.posted if one["channel"] == "C1")
    vote = next(block["accessory"] for block in message["blocks"] if "accessory" in block)
    people.clicks(
        vote | {"selected_option": vote["options"][0]},
        channel={"id": "C1", "name": "support"},
        container={"type": "message", "message_ts": message["ts"], "channel_id": "C1"},
        message={"ts": message["ts"]},
    )
    people.command("/export", "", channel_id="C1")
    slack.until(lambda: bool(slack.files))
    ((shared, content),) = slack.files
    rows = rows_of(content)
    assert shared["channel_id"] == "C1"
    assert {row["question"] for row in rows if row["question"]} == {"夏天吃什么水果能补水？"}
    assert [row["verdict"] for row in rows if row["record"] == "feedback"] == ["helpful"]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for block in message["blocks"] for one in block.get("elements", []) if "action_id" in one]


def test_the_dial_in_slack_shows_its_effect_in_one_line(program: Program) -> None:
    slack, people = program.slack, program.people
    before = len(slack.posted)
    people.says("夏天吃什么水果能补水？", channel="C9", ts="1700000900.000100")
    slack.until(lambda: len(slack.posted) > before)
    message = slack.posted[before]
    up = next(one for one in buttons(message) if one["action_id"] == "dial:up")
    people.clicks(
        up,
        channel={"id": "C9", "name": "support"},
        container={"type": "message", "message_ts": message["ts"], "channel_id": "C9"},
        message={"ts": message["ts"]},
    )
    slack.until(lambda: len(slack.posted) > before + 1)
    after = slack.posted[before + 1]
    shown = [
        text["text"] for block in after["blocks"] if block["type"] == "context" for text in block["elements"]
    ]
    assert any(line.startswith("Last questions (1): 0 without a match, now 0;") for line in shown)
