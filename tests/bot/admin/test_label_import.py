"""Labels in and out of a channel, from the command line, with and without a running bot."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.admin.label_import import Labelling
from bot.cli import operator
from bot.domain import Answer, Channel, Person
from bot.platforms.registry import channel_named
from bot.process.lock import CannotStart
from bot.store import Labels, Settings
from engine.config import KnowledgeBase
from tests.support.program import Program, a_program

ROOM = Channel("terminal", "local", "terminal")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    source = tmp_path / "fruit.txt"
    source.write_text("lemon\nlime\nfig\n", encoding="utf-8")
    with a_program(tmp_path / "bot", KnowledgeBase(name="default", source=str(source))) as program:
        yield program


def labels_of(program: Program) -> Labels:
    return Labels(program.app._database, program.edges.clock)


def move(program: Program, direction: str, path: Path, channel: str = "terminal") -> str:
    return operator.labels(program.settings, direction, path, channel=channel, person="lin")


def entry_of(program: Program, text: str) -> str:
    (answer,) = program.say(text)
    assert isinstance(answer, Answer)
    return answer.matches[0].entry_id


def a_file(folder: Path, *rows: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(["question,entry,relevant", *rows, ""]), encoding="utf-8")
    return path


def test_labels_go_in_and_out_again(program: Program, tmp_path: Path) -> None:
    lemon = entry_of(program, "lemon")
    path = a_file(tmp_path, f"what is sour?,{lemon},yes", f"what is sweet?,{lemon},no")
    assert move(program, "import", path) == "2 labels taken into terminal:local:terminal"
    given = {(past.label.question, past.label.relevant, past.person) for past in labels_of(program).of(ROOM)}
    lin = Person("terminal", "local", "lin", "lin")
    assert given == {("what is sour?", True, lin), ("what is sweet?", False, lin)}
    out = tmp_path / "out.csv"
    assert move(program, "export", out) == f"2 labels of terminal:local:terminal written to {out}"
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert sorted(row["question"] for row in csv.DictReader(file)) == ["what is sour?", "what is sweet?"]
    move(program, "import", out)
    assert labels_of(program).count(ROOM) == 2


def test_a_label_of_an_unknown_entry_lets_nothing_in(program: Program, tmp_path: Path) -> None:
    lemon = entry_of(program, "lemon")
    path = a_file(tmp_path, f"sour?,{lemon},yes", "sour?,nowhere,no")
    with pytest.raises(CannotStart) as refused:
        move(program, "import", path)
    assert str(refused.value) == (
        f'{path}: nothing was imported\n  line 3: there is no entry "nowhere" in the knowledge base default'
    )
    assert labels_of(program).count(ROOM) == 0


def test_a_channel_without_its_knowledge_base_takes_labels_of_another_that_is_there(
    program: Program, tmp_path: Path
) -> None:
    lemon = entry_of(program, "lemon")
    path = tmp_path / "labels.csv"
    path.write_text(
        f"question,entry,relevant,knowledge_base,model\nsour?,{lemon},yes,default,other\n", encoding="utf-8"
    )
    labelling = Labelling(
        labels_of(program),
        Settings(program.app._database),
        program.app.engine,
        default_knowledge_base="gone",
    )
    told = labelling.read(ROOM, path, "lin")
    assert told.startswith("1 labels taken into terminal:local:terminal\ntheir scores were made with other")


def test_nothing_of_one_channel_appears_in_another(program: Program, tmp_path: Path) -> None:
    path = a_file(tmp_path, f"sour?,{entry_of(program, 'lemon')},yes")
    move(program, "import", path, channel="slack:T1:C1")
    with pytest.raises(CannotStart, match="the channel terminal:local:terminal has no labels yet"):
        move(program, "export", tmp_path / "out.csv")


def test_without_a_running_bot_the_command_does_it_itself(program: Program, tmp_path: Path) -> None:
    lemon = entry_of(program, "lemon")
    path = a_file(tmp_path, f"sour?,{lemon},yes")
    move(program, "import", path)
    program.app.stop()
    assert move(program, "export", tmp_path / "out.jsonl").startswith("1 labels of")
    with pytest.raises(CannotStart, match="search is away"):
        move(program, "import", path)


def test_a_channel_is_named_by_its_key_or_by_its_room() -> None:
    assert channel_named("slack:T1:C1") == Channel("slack", "T1", "C1")
    assert channel_named("wecom:support:a:b") == Channel("wecom", "support", "a:b")
    assert channel_named("lunch") == Channel("terminal", "local", "lunch")
