"""CSV and JSON Lines: parts, fields, broken rows."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain import Dropped, Entry, SourceError
from engine.source import read


def entries(tmp_path: Path, name: str, content: str | bytes) -> tuple[Entry, ...]:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(name, tmp_path).entries


def refusal(tmp_path: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(SourceError) as caught:
        entries(tmp_path, name, content)
    return str(caught.value)


FULL = Entry(
    id="7",
    text="怎么退货？",
    answer="七天内，\n可以。",
    title="退货",
    url="https://a.test/r",
    source="",
    fields={"类别": "售后", "owner": "Li"},
)


def test_a_table_gives_every_part_and_keeps_other_columns(tmp_path: Path) -> None:
    written = io.StringIO()
    csv.writer(written).writerows(
        [
            ["类别", "id", "question", "answer", "title", "url", "owner", "empty"],
            ["售后", "7", " 怎么退货？", "七天内，\n可以。", "退货", "https://a.test/r", "Li", ""],
        ]
    )
    (entry,) = entries(tmp_path, "a.csv", written.getvalue())
    assert entry == replace(FULL, source="a.csv")


def test_an_object_gives_every_part_and_keeps_other_keys(tmp_path: Path) -> None:
    row = {
        "text": " 怎么退货？",
        "id": 7,
        "answer": "七天内，\n可以。",
        "title": "退货",
        "url": "https://a.test/r",
    }
    (entry,) = entries(tmp_path, "a.jsonl", json.dumps(row | {"类别": "售后", "owner": "Li", "empty": None}))
    assert entry == replace(FULL, source="a.jsonl")


@pytest.mark.parametrize(
    "header", ["问题,答案,标题,编号,链接", "Question,Reply,TITLE,ID,Link", " 标准问 ,回答,title,id,网址"]
)
def test_columns_may_have_other_names(tmp_path: Path, header: str) -> None:
    (entry,) = entries(tmp_path, "a.csv", f"{header}\nq,a,t,i,u\n")
    assert (entry.text, entry.answer, entry.title, entry.id, entry.url) == ("q", "a", "t", "i", "u")


def test_of_two_names_for_the_text_the_documented_first_is_taken(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "a.csv", "内容,问题\nlong,short\n")
    assert (entry.text, entry.fields) == ("short", {"内容": "long"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_separated_as_spreadsheets_do(tmp_path: Path, delimiter: str) -> None:
    content = (
        "\ufeff\n"
        + delimiter.join(["text", "answer"])
        + "\r\n"
        + delimiter.join(["q", '"a,;\t""b"'])
        + "\r\n"
    )
    (entry,) = entries(tmp_path, "a.csv", content)
    assert (entry.text, entry.answer) == ("q", 'a,;\t"b')


def test_columns_without_a_name_are_numbered(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "a.csv", "text,,\nq,x,\n")
    assert entry.fields == {"column 2": "x"}


def test_rows_are_counted_by_the_line_they_begin_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,answer\none,"a\nb\nc"\n\n,x\nONE,\none,d\n')
    reading = read("a.csv", tmp_path)
    assert [entry.text for entry in reading.entries] == ["one", "ONE"]
    assert reading.read == 4
    assert reading.dropped == (
        Dropped("a.csv:6", "has an answer and no text"),
        Dropped("a.csv:8", "repeats a.csv:2 with another answer; the first is kept"),
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("answer,title\na,b\n", "a.csv:1 has no column for the text: name one of text, question, query, "),
        ("text,Text \na,b\n", 'a.csv:1 names the column "text" twice'),
        ('text\na\n"b\nc\nd\n', "a.csv:3 is no row of a CSV file: a quote is opened and never closed"),
        ('text\n"b"c\n', "a.csv:2 is no row of a CSV file: something follows a closing quote; "),
        (
            "text\n" + "x" * 5_000_000 + "\n",
            "a.csv:2 is no row of a CSV file: a cell is longer than 131072 characters",
        ),
        ("text\n" + "x" * 100_001 + "\n", 'a.csv holds no entry: a.csv:2 "text" has 100001 '),
        ("\ufeff\n\n", "a.csv:1 is empty"),
        ("text,answer\n", "a.csv holds no entry: 0 rows, none with a letter or digit in its text"),
    ],
)
def test_a_broken_table_names_file_and_row(tmp_path: Path, content: str | bytes, says: str) -> None:
    assert refusal(tmp_path, "a.csv", content).startswith(says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at character 2"),
        ("[1]", 'is not a JSON object such as {"text": "…", "answer": "…"}'),
        ('"text"', 'is not a JSON object such as {"text": "…", "answer": "…"}'),
        ('{"titel": "x"}', "has no text: one of the keys text, question, query, "),
        ('{"text": {"x": 1}}', '"text" is the text and must be a string'),
        ('{"text": "x", "id": true}', '"id" is the id and must be a string'),
        ('{"text": "\\ud800"}', "holds half a character"),
        ('{"text": "x", "\\udc00": 1}', "holds half a character"),
        ('{"text": "x", "n": ' + "9" * 5000 + "}", "holds a number with too many digits; put it into quotes"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_broken_object_names_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    told = refusal(tmp_path, "a.jsonl", '{"text": "ok", "id": 1}\n' + line + "\n")
    assert told.removeprefix("a.jsonl:2").lstrip(": ").startswith(says)
    assert told.startswith("a.jsonl:2")


def test_an_object_keeps_nested_values_as_json(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, "a.ndjson", '{"text": "x", "tags": ["甲", 1.5], "n": 2, "ok": true}\n\n')
    assert entry.fields == {"tags": '["甲", 1.5]', "n": "2", "ok": "true"}


def test_a_made_id_gives_way_to_a_given_one(tmp_path: Path) -> None:
    (alone,) = entries(tmp_path, "a.jsonl", '{"text": "x"}')
    both = entries(tmp_path, "a.jsonl", '{"text": "x"}\n{"text": "y", "id": "' + alone.id + '"}')
    assert both[1].id == alone.id
    assert both[0].id.startswith(alone.id)
    assert both[0].id != alone.id
