"""Other wordings of an entry, as tables and objects hold them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import SourceError
from engine.extract.columns import split_wordings
from engine.source import ManagedSource, read


def wordings(folder: Path, name: str, content: str) -> list[tuple[str, tuple[str, ...]]]:
    (folder / name).write_text(content, encoding="utf-8")
    return [(entry.text, entry.wordings) for entry in read(name, folder).entries]


@pytest.mark.parametrize(
    "column",
    [
        "wordings",
        "Similar Questions",
        "similar",
        "alternatives",
        "aliases",
        "相似问",
        "相似问题",
        "相似问法",
        "扩展问",
    ],
)
@pytest.mark.parametrize("between", ["\n", "|", "｜", ";", "；", " | ", "\r\n"])
def test_a_column_holds_other_wordings(tmp_path: Path, column: str, between: str) -> None:
    content = f'question,{column}\nWhere is it?,"Has it left?{between}Not here yet"\n'
    (found,) = wordings(tmp_path, "a.csv", content)
    assert found == ("Where is it?", ("Has it left?", "Not here yet"))


def test_numbered_columns_are_taken_together_and_are_no_fields(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "问题,相似问1,答案,相似问 2,相似问3\n怎么退？,能退吗,七天内,,退货\n", encoding="utf-8"
    )
    (entry,) = read("a.csv", tmp_path).entries
    assert (entry.wordings, entry.answer, entry.fields) == (("能退吗", "退货"), "七天内", {})


def test_a_list_of_an_object_is_taken_as_it_is(tmp_path: Path) -> None:
    row = {"text": "a|b", "aliases": ["c;d", 7, "", None], "similar": "e|f"}
    assert wordings(tmp_path, "a.jsonl", json.dumps(row)) == [("a|b", ("c;d", "7", "e", "f"))]


def test_the_text_may_be_a_list_whose_first_is_the_entrys_own(tmp_path: Path) -> None:
    row = {"question": ["Lost card?", "My card is gone"], "answer": "Call.", "wordings": ["Card stolen"]}
    assert wordings(tmp_path, "a.jsonl", json.dumps(row)) == [
        ("Lost card?", ("My card is gone", "Card stolen"))
    ]


def test_a_wording_that_says_nothing_new_is_none(tmp_path: Path) -> None:
    row = {"text": "My  card", "wordings": ["ｍｙ card", "My card", "？！", "other", " other "]}
    assert wordings(tmp_path, "a.jsonl", json.dumps(row)) == [("My  card", ("ｍｙ card", "other"))]


@pytest.mark.parametrize("value", [{"a": 1}, [["x"]], True])
def test_what_is_no_wording_is_refused_by_line(tmp_path: Path, value: object) -> None:
    with pytest.raises(SourceError, match=r'^a\.jsonl:1: "similar" holds wordings'):
        wordings(tmp_path, "a.jsonl", json.dumps({"text": "x", "similar": value}))


def test_the_managed_list_keeps_wordings_and_reads_lists_of_before(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    managed.add("kb", b'{"text": ["one", "eins"]}', "application/jsonl")
    assert [entry.wordings for entry in managed.entries("kb")] == [("eins",)]


@given(
    st.lists(st.text(alphabet="ab 问？", min_size=1).map(str.strip).filter(bool)), st.sampled_from("\n|｜;；")
)
def test_what_was_parted_comes_back(parts: list[str], between: str) -> None:
    assert split_wordings(between.join(parts)) == parts
