"""Tables and lists as offices and people write them: encodings, separators, titles, ragged rows, arrows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import SourceContents, SourceError
from engine.extract.columns import Columns, fold_name
from engine.source import read
from engine.source.encoding import decode
from engine.source.gather import gather
from engine.source.kinds import KINDS, POSTED
from engine.source.pairs import split_pair

words = st.from_regex(r"[a-z]{2,9}", fullmatch=True)
CHINESE = "问题,答案\n怎么修改收货地址？,发货前在订单页修改\n发票什么时候开？,确认收货后三天内\n"
TRADITIONAL = "問題,答案\n怎麼修改收貨地址？,發貨前在訂單頁修改\n發票什麼時候開？,確認收貨後三天內\n"
EUROPEAN = "Frage;question;answer\nx;Größe für Köln?;Über 5 € – möglich\n"


def reading(folder: Path, name: str, content: str | bytes) -> SourceContents:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(name, folder)


def pairs(folder: Path, name: str, content: str | bytes) -> list[tuple[str, str | None]]:
    return [(entry.text, entry.answer) for entry in reading(folder, name, content).entries]


@pytest.mark.parametrize(
    ("content", "encoding", "called"),
    [
        (CHINESE, "gbk", "GBK"),
        (CHINESE, "gb18030", "GBK"),
        (TRADITIONAL.replace("問題", "问题").replace("问题", "text"), "big5", "Big5"),
        (CHINESE, "utf-16", "UTF-16"),
        (CHINESE, "utf-16-le", "UTF-16-LE"),
        (EUROPEAN, "cp1252", "Windows-1252"),
    ],
)
def test_what_office_programs_write_is_read_and_said(
    tmp_path: Path, content: str, encoding: str, called: str
) -> None:
    found = reading(tmp_path, "a.csv", content.encode(encoding))
    assert found.entries == reading(tmp_path, "a.csv", content).entries
    assert len(found.entries) >= 1
    assert [(each.code, each.details["encoding"]) for each in found.notes] == [("read_as", called)]


@pytest.mark.parametrize("rest", ["", " "])
def test_a_stray_nul_makes_no_other_encoding_of_utf_8(rest: str) -> None:
    with pytest.raises(SourceError, match="a:1 holds a NUL byte"):
        decode("a", f"How do I return a par\0cel?{rest}\n在订单页".encode())


def test_columns_of_one_name_are_kept_beside_one_that_has_a_number(tmp_path: Path) -> None:
    found = reading(tmp_path, "a.csv", "question,note,note 2,note\nq,1,2,3\n")
    assert found.entries[0].fields == {"note": "1", "note 2": "2", "note 3": "3"}


@given(st.text(alphabet=st.characters(codec="gb18030", exclude_characters="\0\r"), max_size=40))
def test_the_text_of_a_utf_8_file_is_what_was_written(text: str) -> None:
    assert decode("a", text.encode("utf-8-sig")) == (text, "")
    assert decode("a", text.encode("utf-16")) == (text, "UTF-16")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.tab"])
@given(
    rows=st.lists(st.tuples(st.from_regex(r"[a-z]{2,9}", fullmatch=True), st.text(max_size=9)), max_size=5)
)
def test_any_separator_gives_the_cells_that_were_written(
    name: str, separator: str, rows: list[tuple[str, str]]
) -> None:
    rows = [(text, answer.replace("\0", "").replace("\r", "")) for text, answer in rows]
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows([("question", "answer"), *rows])
    kind = next(kind for kind in KINDS if f".{name.partition('.')[2]}" in kind.suffixes)
    assert kind.read is not None
    found = gather("", kind.read(name, written.getvalue().encode("utf-8", "surrogatepass")))
    assert {entry.text for entry in found.entries} == {text for text, _ in rows}


def test_the_separator_that_a_spreadsheet_names_is_taken(tmp_path: Path) -> None:
    assert pairs(tmp_path, "a.csv", "sep=;\r\ntext;answer\r\nWhere?;Here\r\n") == [("Where?", "Here")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("question,answer\nHow?,So,\nWhen?,Now\n", [("How?", "So"), ("When?", "Now")]),
        ("question,answer,\nHow?,So,\nWhen?,Now\n", [("How?", "So"), ("When?", "Now")]),
        ("question,answer,team\nHow?,So\nWhen?\n", [("How?", "So"), ("When?", None)]),
        ("FAQ of 2026\n\nquestion,answer\nHow?,So\n", [("How?", "So")]),
        ("常见问题,\n部门：物流,\n问题,答案\n怎么查？,订单页\n", [("怎么查？", "订单页")]),
        ("*问题（必填）,答案【必填】\n怎么查？,订单页\n", [("怎么查？", "订单页")]),
        ("Question (required):,Answer*\nHow?,So\n", [("How?", "So")]),
    ],
)
def test_a_table_is_read_as_it_is_meant(
    tmp_path: Path, content: str, expected: list[tuple[str, str | None]]
) -> None:
    assert pairs(tmp_path, "a.csv", content) == expected


def test_a_row_with_a_cell_too_many_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    found = reading(tmp_path, "a.csv", "question,answer\nHow?,By card, or cash\nWhen?,Now\n")
    assert [entry.text for entry in found.entries] == ["When?"]
    assert [(each.where, each.code) for each in found.dropped] == [("a.csv:2", "too_many_cells")]


@given(
    st.sampled_from(["问题", "question", "答案"]),
    st.sampled_from(["（必填）", "(required)", "*", "：", "【选填】", " #"]),
)
def test_marks_in_a_header_change_nothing(name: str, mark: str) -> None:
    assert fold_name(name + mark) == fold_name(mark + name) == name


def test_a_single_letter_is_no_header_below_another(tmp_path: Path) -> None:
    assert Columns.of(["Q", "A"]).parts == {"text": "Q", "answer": "A"}
    assert pairs(tmp_path, "a.csv", "text,,\nq,x,\n") == [("q", None)]


@pytest.mark.parametrize(
    "document",
    [
        [{"question": "How?", "answer": "So"}, {"question": "When?", "answer": "Now"}],
        {"version": 1, "items": [{"question": "How?", "answer": "So"}, {"text": "When?", "answer": "Now"}]},
        {"data": {"faq": [{"question": "How?", "answer": "So"}, {"text": "When?", "answer": "Now"}]}},
        {"How?": "So", "When?": "Now"},
    ],
)
def test_a_json_document_holds_a_list(tmp_path: Path, document: object) -> None:
    for name, indent in (("a.json", None), ("a.json", 2)):
        found = pairs(tmp_path, name, json.dumps(document, indent=indent))
        assert found == [("How?", "So"), ("When?", "Now")]


def test_json_lines_and_documents_are_read_under_each_others_name(tmp_path: Path) -> None:
    assert pairs(tmp_path, "a.json", '{"text": "a"}\n{"text": "b"}\n') == [("a", None), ("b", None)]
    assert pairs(tmp_path, "a.jsonl", '[{"text": "a"},\n {"text": "b"}]') == [("a", None), ("b", None)]


@pytest.mark.parametrize("content", ["{", '{"a": 1}', '{"a": [], "b": []}', "[1]", "7"])
def test_a_json_document_without_a_list_is_refused_by_name(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError, match=r"^a\.json"):
        reading(tmp_path, "a.json", content)


@pytest.mark.parametrize("arrow", ["=>", "＝＞", "=》", "＝》", "=＞", "⇒", "= >", "==>"])
@pytest.mark.parametrize("around", ["", " "])
def test_an_arrow_of_an_equals_sign_parts_text_and_answer(arrow: str, around: str) -> None:
    line = f"能预约吗{around}{arrow}{around}能，设置→预约"
    assert split_pair(line, eager=False) == ("能预约吗", "能，设置→预约")


@pytest.mark.parametrize(
    ("line", "eager", "expected"),
    [
        ("能预约吗？→能", False, ("能预约吗？", "能")),
        ("Where? -> Settings -> Account", False, ("Where?", "Settings -> Account")),
        ("新品上架 → 三月", True, ("新品上架", "三月")),
        ("设置→账号→注销", True, ("设置→账号→注销", "")),
        ("设置→账号", False, ("设置→账号", "")),
        ("a-b => c", False, ("a-b", "c")),
    ],
)
def test_a_plain_arrow_parts_where_it_cannot_be_a_path(
    line: str, eager: bool, expected: tuple[str, str]
) -> None:
    assert split_pair(line, eager=eager) == expected


def test_marked_questions_take_their_answers_along(tmp_path: Path) -> None:
    content = "问：怎么退货？\n答：七天内。\n保持完好。\n\nQ2. Where?\nA: Here\n问：没有答案？\nplain line\n"
    assert pairs(tmp_path, "a.txt", content) == [
        ("怎么退货？", "七天内。\n保持完好。"),
        ("Where?", "Here"),
        ("问：没有答案？", None),
        ("plain line", None),
    ]


def test_every_kind_is_found_by_its_names_once() -> None:
    suffixes = [suffix for kind in KINDS for suffix in kind.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert {"text/plain", "text/csv", "application/x-ndjson", "application/jsonl"} <= set(POSTED)
