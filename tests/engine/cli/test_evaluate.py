from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from werkzeug.test import Client

from engine import app
from engine.__main__ import main
from engine.cli.evaluate import evaluate
from engine.domain import BadValue
from tests.support.asgi_bridge import AsgiBridge
from tests.support.engine import LetterEncoder, a_knowledge_base, some_settings

EDGES = app.Edges(load_encoder=lambda _model: LetterEncoder())


def queries(folder: Path, *, relevant: str) -> Path:
    path = folder / "queries.jsonl"
    lines = [
        {"id": "q1", "text": "=pleap", "in_scope": True, "relevant": [relevant]},
        {"id": "q2", "text": "zzz", "in_scope": False, "relevant": []},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def run(folder: Path, relevant: str) -> int:
    settings = some_settings(folder, a_knowledge_base(folder, "apple", "plum", threshold=0.5))
    return evaluate(
        settings,
        queries(folder, relevant=relevant),
        folder / "out",
        knowledge_base="default",
        precision=0.5,
        depth=2,
        edges=EDGES,
    )


def test_a_labelled_file_becomes_json_csv_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadValue, match='does not hold: "e9"'):
        run(tmp_path, "e9")
    assert [path.name for path in tmp_path.glob("out*")] == []
    known = json.loads((tmp_path / "queries.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert known["relevant"] == ["e9"]

    built = app.build(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")), EDGES)
    built.open()
    try:
        entries = (
            Client(AsgiBridge(built.web)).get("/v1/knowledge-bases/default/entries").get_json()["entries"]
        )
    finally:
        built.stop()
    apple = next(entry["id"] for entry in entries if entry["text"] == "apple")

    assert run(tmp_path, apple) == 0
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (figures["labels"], figures["relevant"], figures["model"]) == (4, 1, "letters")
    assert figures["best"]["f1"] == 1.0
    assert figures["current"]["threshold"] == 0.5
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["query"], row["rank"], row["relevant"]) for row in rows] == [
        ("q1", "1", "True"),
        ("q1", "2", "False"),
        ("q2", "1", "False"),
        ("q2", "2", "False"),
    ]
    assert rows[0]["text"] == "'=pleap"
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert "4 labels of 2 questions, 1 right" in said
    assert "best F1" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("evaluate", "--queries", "x", "--precision", "2"),
            "a number between 0 and 1, for example 0.95 (got 2)",
        ),
        (("evaluate", "--queries", "x", "--precision", "high"), "for example 0.95 (got high)"),
        (("evaluate", "--queries", "x", "--depth", "0"), "a whole number from 1 to 200 (got 0)"),
        (("evaluate", "--queries", "x", "--depth", "few"), "a whole number from 1 to 200 (got few)"),
        (("search", "x", "--threshold", "high"), "a number from -1 to 1, for example 0.65 (got high)"),
        (("search", "x", "--threshold", "65"), "a number from -1 to 1, for example 0.65 (got 65)"),
        (("search", "x", "--limit", "-1"), "a whole number from 1 to 10000000 (got -1)"),
    ],
)
def test_a_wrong_number_is_wrong_usage_and_says_what_was_wanted(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(arguments, {})
    assert wrong.value.code == 2
    assert says in capsys.readouterr().err
