from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain import BadValue
from engine.evaluation import queries


def a_file(folder: Path, *lines: str) -> Path:
    path = folder / "queries.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


RIGHT = '{"id": "q1", "text": "return it", "in_scope": true, "relevant": ["e1"]}'


def test_relevant_wins_over_group_and_out_of_scope_over_both(tmp_path: Path) -> None:
    one, other, outside = queries.read(
        a_file(
            tmp_path,
            RIGHT,
            "",
            '{"id": "q2", "text": "track it", "in_scope": true, "group": "g"}',
            '{"id": "q3", "text": "love", "in_scope": false, "group": "g", "kind": "oos"}',
        )
    )
    assert [one.is_answered_by("e1", {}), one.is_answered_by("e2", {"group": "g"})] == [True, False]
    assert [other.is_answered_by("e2", {"group": "g"}), other.is_answered_by("e2", {})] == [True, False]
    assert not outside.is_answered_by("e2", {"group": "g"})


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([RIGHT, "{"], ":2: Invalid JSON"),
        ([RIGHT, '{"id": "q", "text": "x"}'], ":2: in_scope: Field required"),
        (['{"id": "q", "text": "x", "in_scope": true}'], ":1: a question in scope needs relevant or group"),
        (['{"id": "q", "text": "", "in_scope": false}'], ":1: text"),
        (["[" * 100_000], ":1: "),
        (["", " "], "holds no questions"),
        (["{"] * 9, "and 4 more"),
    ],
)
def test_a_wrong_line_refuses_the_whole_file_and_is_named(
    tmp_path: Path, lines: list[str], says: str
) -> None:
    with pytest.raises(BadValue) as refused:
        queries.read(a_file(tmp_path, *lines))
    assert says in refused.value.message


@pytest.mark.parametrize("character", ["\u2028", "\x85"])
def test_a_question_ends_where_its_line_ends_and_not_at_what_json_takes(
    tmp_path: Path, character: str
) -> None:
    line = f'{{"id": "q", "text": "return{character}it", "in_scope": false}}'
    (one,) = queries.read(a_file(tmp_path, f"{line}\r", ""))
    assert one.text == f"return{character}it"


def test_a_file_that_is_not_there_or_not_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="No such file"):
        queries.read(tmp_path / "nowhere.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadValue, match="not UTF-8"):
        queries.read(tmp_path / "bytes.jsonl")


def test_entries_that_the_knowledge_base_lacks_are_found(tmp_path: Path) -> None:
    read = queries.read(a_file(tmp_path, RIGHT))
    assert queries.unknown_entries(read, {"e1"}) == []
    assert queries.unknown_entries(read, {"e2"}) == ["e1"]
