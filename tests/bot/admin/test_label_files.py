from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.admin.label_files import (
    MOST_ROWS,
    LabelFileError,
    Row,
    read,
    write,
)
from bot.domain import Label, Person, RecordedLabel

HEAD = "question,entry,relevant\n"
T = datetime(2026, 11, 23, tzinfo=UTC)

words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=20)
labels = st.builds(
    Label,
    question=words,
    entry_id=words,
    relevant=st.booleans(),
    source=st.just("vote"),
    knowledge_base=st.just("default"),
    origin=words,
    score=st.none() | st.floats(-1, 1),
    model=st.just("m"),
    fingerprint=st.just("f"),
    snapshot=st.just("s"),
)


def a_file(folder: Path, content: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_labels=st.lists(labels, min_size=1, max_size=5, unique_by=lambda label: label.question))
def test_what_is_exported_can_be_imported(tmp_path: Path, name: str, given_labels: list[Label]) -> None:
    path = tmp_path / name
    path.unlink(missing_ok=True)
    write(path, [RecordedLabel(label, Person("slack", "T1", "U1", "Ann"), T) for label in given_labels])
    told = [(row.question, row.entry, row.relevant, row.score, row.person) for row in read(path)]
    assert told == [
        (label.question, label.entry_id, label.relevant, label.score, "slack:T1:U1") for label in given_labels
    ]


def test_three_columns_are_enough_in_any_order_and_both_forms(tmp_path: Path) -> None:
    rows = [Row(2, "is it sour?", "e1", True), Row(3, "甜吗？", "e2", False)]
    content = "\ufeffEntry,Relevant,Question\r\ne1,yes,is it  sour?\r\ne2,没用,甜吗？\r\ne2,0,甜吗？\r\n"
    assert read(a_file(tmp_path, content)) == rows
    lines = [
        {"question": "is it sour?", "entry": "e1", "relevant": True},
        {"question": "甜吗？", "entry": "e2", "relevant": 0},
    ]
    content = "\n".join(json.dumps(line) for line in lines)
    assert [row.relevant for row in read(a_file(tmp_path, content, "l.jsonl"))] == [True, False]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no labels"),
        (HEAD, "holds no labels"),
        ("question,id\na,b\n", "must name the columns question, entry, relevant (missing: entry, relevant)"),
        (HEAD + "a,e1,maybe\n", 'line 2: relevant must be yes or no (got "maybe")'),
        (HEAD + "a,e1,yes\na,e1,no\n", "line 3: says the opposite of line 2"),
        (HEAD + ",e1,yes\n", "line 2: wanted a question"),
        (HEAD + "a,e1\n", 'line 2: relevant must be yes or no (got "none")'),
        (HEAD + "x" * 2001 + ",e1,yes\n", "longer than 2000 characters"),
        (HEAD.strip() + ",score\na,e1,yes,nan\n", 'score must be a number from -1 to 1 (got "nan")'),
        (HEAD.strip() + ",score\na,e1,yes,high\n", 'score must be a number from -1 to 1 (got "high")'),
        (HEAD.strip() + ",model\na,e1,yes,m1\nb,e1,yes,m2\n", "several models: m1 (1 labels), m2 (1 labels)"),
        (HEAD + 'a,"e1,yes\n', "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(LabelFileError) as refused:
        read(a_file(tmp_path, content))
    assert says in str(refused.value)
    assert "labels.csv" in str(refused.value)


def test_many_mistakes_are_counted_and_the_first_are_told(tmp_path: Path) -> None:
    with pytest.raises(LabelFileError, match=r"line 6: .*\n  … and 95 lines more"):
        read(a_file(tmp_path, HEAD + "a,e1,maybe\n" * 100))


def test_a_file_of_a_million_rows_is_refused_before_it_is_read_through(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEAD + "a,e1,yes\n" * 1_000_000)
    with pytest.raises(LabelFileError, match=f"more than {MOST_ROWS} labels; split it"):
        read(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "question,entry,relevant\n问,e,是".encode("gb18030")])
def test_another_encoding_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(LabelFileError, match="is not UTF-8"):
        read(path)


def test_broken_json_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for content in ("{", "[1]", '"a"', "[" * 100_000, "1e999"):
        with pytest.raises(LabelFileError):
            read(a_file(tmp_path, content, "labels.jsonl"))
    with pytest.raises(LabelFileError, match="cannot be read: No such file"):
        read(tmp_path / "none.csv")


def test_an_export_overwrites_nothing(tmp_path: Path) -> None:
    path = a_file(tmp_path, "mine")
    with pytest.raises(LabelFileError, match="cannot be written: File exists"):
        write(path, [])
    assert path.read_text() == "mine"
