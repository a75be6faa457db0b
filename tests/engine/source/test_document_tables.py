"""Tables in documents: no row is torn, each value keeps its column, questions become entries."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Entry
from engine.extract import table
from engine.extract.table import Cell, table_of
from engine.source import read
from tests.support.documents import a_docx, a_table

HEADER = ["Model", "Power", "Warranty"]
ROWS = [[f"KB-{number}", f"{number * 3} W", f"{number % 4 + 1} years"] for number in range(60)]


def a_page(rows: list[list[str]], cell: str = "td") -> bytes:
    lines = "".join(
        "<tr>" + "".join(f"<{cell}>{escape(each)}</{cell}>" for each in row) + "</tr>" for row in rows
    )
    return f'<meta charset="utf-8"><h1>List</h1><table>{lines}</table>'.encode()


def a_markdown(rows: list[list[str]]) -> bytes:
    first, *others = (" | ".join(row) for row in rows)
    return "\n".join(["# List", "", first, " | ".join(["---"] * len(rows[0])), *others]).encode()


def a_document(rows: list[list[str]]) -> bytes:
    return a_docx("# List", a_table(rows))


KINDS = {"a.html": a_page, "a.md": a_markdown, "a.docx": a_document}


def entries(folder: Path, name: str, content: bytes) -> tuple[Entry, ...]:
    (folder / name).write_bytes(content)
    return read(name, folder).entries


def page_lines(folder: Path, rows: str) -> list[str]:
    (entry,) = entries(folder, "a.html", f'<meta charset="utf-8"><table>{rows}</table>'.encode())
    return entry.text.split("\n")


@pytest.mark.parametrize("name", KINDS)
def test_no_row_of_a_long_table_is_torn_and_each_value_keeps_its_column(tmp_path: Path, name: str) -> None:
    found = entries(tmp_path, name, KINDS[name]([HEADER, *ROWS]))
    assert len(found) > 3
    lines = [line for entry in found for line in entry.text.split("\n") if line != "List"]
    assert lines == [f"Model: {a} | Power: {b} | Warranty: {c}" for a, b, c in ROWS]
    assert max(len(entry.text) for entry in found) < 520
    assert {entry.title for entry in found} == {"List"}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("header", [("问题", "答案"), ("Question", "Answer"), ("*Q（必填）", "A")])
def test_a_table_of_questions_gives_an_entry_a_row(
    tmp_path: Path, name: str, header: tuple[str, str]
) -> None:
    rows = [[*header, "Team"], ["Where is it?", "On its way", "Sea"], ["Who pays?", "We do", "Air"]]
    found = entries(tmp_path, name, KINDS[name](rows))
    assert [(each.text, each.answer, each.title, each.fields["Team"]) for each in found] == [
        ("Where is it?", "On its way", "List", "Sea"),
        ("Who pays?", "We do", "List", "Air"),
    ]


@pytest.mark.parametrize("name", ["a.html", "a.docx"])
def test_a_table_without_a_header_whose_left_side_asks_is_one_of_questions(tmp_path: Path, name: str) -> None:
    rows = [["怎么退货？", "七天内"], ["Who pays?", "We do"]]
    found = entries(tmp_path, name, KINDS[name](rows))
    assert [(each.text, each.answer) for each in found] == [("怎么退货？", "七天内"), ("Who pays?", "We do")]
    both_ask = [["Who pays?", "Do you?"], ["Where?", "Here"]]
    assert len(entries(tmp_path, name, KINDS[name](both_ask))) == 1


def test_wordings_and_merged_questions_in_a_table_are_read_as_in_a_list(tmp_path: Path) -> None:
    rows = (
        "<tr><th>问题<th>相似问<th>答案</tr>"
        "<tr><td rowspan=2>退款多久到账？<td rowspan=2>钱何时回来<td>银行卡三天</tr><tr><td>余额一天</tr>"
        "<tr><td colspan=3>其他</tr><tr><td>谁出运费？<td><td>我们</tr>"
    )
    found = entries(tmp_path, "a.html", f'<meta charset="utf-8"><table>{rows}</table>'.encode())
    assert [(each.text, each.wordings, each.answer) for each in found] == [
        ("退款多久到账？", ("钱何时回来",), "银行卡三天\n余额一天"),
        ("谁出运费？", (), "我们"),
    ]


def test_what_is_merged_over_rows_stands_in_each_of_them(tmp_path: Path) -> None:
    rows = (
        "<tr><th>Zone<th>City<th>Fee</tr><tr><td rowspan=3>East<td>A<td>5</tr>"
        "<tr><td>B<td rowspan=2>6</tr><tr><td>C</tr><tr><td>West<td>D<td>7</tr>"
    )
    assert page_lines(tmp_path, rows) == [
        "Zone: East | City: A | Fee: 5",
        "Zone: East | City: B | Fee: 6",
        "Zone: East | City: C | Fee: 6",
        "Zone: West | City: D | Fee: 7",
    ]


def test_a_header_of_two_rows_names_each_column_by_both(tmp_path: Path) -> None:
    rows = (
        "<tr><td rowspan=2>City<td colspan=2>Fee</tr><tr><td>home<td>abroad</tr>"
        "<tr><td>A<td>5<td>50</tr><tr><td>B<td colspan=2>free</tr>"
    )
    assert page_lines(tmp_path, rows) == [
        "City: A | Fee home: 5 | Fee abroad: 50",
        "City: B | Fee home: free",
    ]


def test_what_covers_a_whole_row_is_said_in_front_of_those_below(tmp_path: Path) -> None:
    rows = (
        "<tr><th>City<th>Fee</tr><tr><td colspan=2>East</tr><tr><td>A<td>5</tr><tr><td>B<td>6</tr>"
        "<tr><td colspan=2>West</tr><tr><td>C<td>7</tr><tr><td colspan=2>Tax included</tr>"
    )
    assert page_lines(tmp_path, rows) == [
        "East | City: A | Fee: 5",
        "East | City: B | Fee: 6",
        "West | City: C | Fee: 7",
        "Tax included",
    ]


def test_names_and_their_values_are_no_header_and_rows(tmp_path: Path) -> None:
    rows = "<tr><td>Company<td>ACME</tr><tr><td>Phone<td>400-123</tr><tr><td>Post code<td>100 000</tr>"
    assert page_lines(tmp_path, rows) == ["Company | ACME", "Phone | 400-123", "Post code | 100 000"]
    fees = "<tr><td>Country<td>Fee</tr><tr><td>China<td>¥10.50</tr><tr><td>Japan<td>30 元</tr>"
    assert page_lines(tmp_path, fees) == ["Country: China | Fee: ¥10.50", "Country: Japan | Fee: 30 元"]


def test_a_table_that_the_end_of_a_page_has_cut_is_one(tmp_path: Path) -> None:
    again = a_docx(a_table([HEADER, *ROWS[:2]]), "", a_table([HEADER, *ROWS[2:4]]))
    continued = a_docx(a_table([HEADER, *ROWS[:2]]), a_table(ROWS[2:4]))
    lines = [f"Model: {a} | Power: {b} | Warranty: {c}" for a, b, c in ROWS[:4]]
    for content in (again, continued):
        (entry,) = entries(tmp_path, "a.docx", content)
        assert entry.text.split("\n") == lines
    (apart,) = entries(tmp_path, "a.docx", a_docx(a_table([HEADER, *ROWS[:2]]), "And:", a_table(ROWS[2:4])))
    assert "And:" in apart.text


def test_merged_cells_of_a_docx_are_filled(tmp_path: Path) -> None:
    merged = "<w:tcPr><w:vMerge{}/></w:tcPr>"
    rows = [
        ["分类", "问题", "答案"],
        [
            merged.format(' w:val="restart"') + "物流",
            "怎么查？",
            merged.format(' w:val="restart"') + "订单页",
        ],
        [merged.format(""), "到哪了？", merged.format("")],
        ["支付", "能刷卡吗？", "可以"],
    ]
    found = entries(tmp_path, "a.docx", a_docx(a_table(rows)))
    assert [(each.text, each.answer, each.fields["分类"]) for each in found] == [
        ("怎么查？", "订单页", "物流"),
        ("到哪了？", "订单页", "物流"),
        ("能刷卡吗？", "可以", "支付"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td>left<td>right</tr>",
        "<tr><td>only</tr><tr><td>column</tr>",
        "<tr><td><h2>left</h2>text<td>right</tr><tr><td>a<td>b</tr>",
        "<tr><td><table><tr><td>left<td>right</tr><tr><td>a<td>b</tr></table><td>x</tr><tr><td>a<td>b</tr>",
    ],
)
def test_a_table_that_only_places_things_is_read_as_text(tmp_path: Path, rows: str) -> None:
    page = f"<table>{rows}</table>".encode()
    assert not any(": " in entry.text for entry in entries(tmp_path, "a.html", page))


def test_hidden_rows_and_cells_of_a_page_are_not_read(tmp_path: Path) -> None:
    rows = (
        "<tr><th>City<th>Fee<th hidden>Cost</tr><tr><td>A<td>5<td hidden>1</tr>"
        "<tr style='display:none'><td>B<td>6<td>1</tr><tr><td>C<td>7<td hidden>1</tr>"
    )
    assert page_lines(tmp_path, rows) == ["City: A | Fee: 5", "City: C | Fee: 7"]


def test_spans_without_end_cost_no_more_than_a_table(tmp_path: Path) -> None:
    row = "<tr><td colspan=999999999 rowspan=999999999>x</tr>"
    found = entries(tmp_path, "a.html", f"<table>{row * 300}</table>".encode())
    assert {line for entry in found for line in entry.text.split("\n")} == {"x"}


words = st.text(alphabet="ab退货 ?1:|", max_size=6)
cells = st.builds(
    Cell, words, st.integers(min_value=0, max_value=4), st.integers(min_value=0, max_value=4), st.booleans()
)
tables = st.lists(st.lists(cells, max_size=5), max_size=8)


@given(tables)
def test_any_table_is_as_wide_in_each_row_and_loses_no_value(written: list[list[Cell]]) -> None:
    rows = table_of(written)
    assert len({len(row.cells) for row in rows}) <= 1
    names = [" ".join(cell.split()) for row in table.header_of(rows) for cell in row.cells]
    said = "\n".join([*table.lines(rows), *names]) if rows else ""
    for each in (cell for line in written for cell in line):
        assert " ".join(each.text.split()) in said


@given(st.lists(st.lists(words, min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_table_without_merged_cells_has_its_cells_in_place(written: list[list[str]]) -> None:
    rows = table_of([Cell(text) for text in row] for row in written)
    assert [list(row.cells) for row in rows] == [row for row in written if any(row)]
    assert not any(row.above or row.beside for row in rows)


def test_a_docx_without_tables_is_read_as_before(tmp_path: Path) -> None:
    assert [entry.text for entry in entries(tmp_path, "a.docx", a_docx("# A", "b"))] == ["A\nb"]
