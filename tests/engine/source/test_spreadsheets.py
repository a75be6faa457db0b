"""Spreadsheets give what the sheet shows; what is hidden or was never computed is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import SourceContents
from engine.extract.number_format import format_number
from engine.source import read
from tests.support.documents import a_zip, an_xlsx, xlsx_parts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def text(reference: str, value: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'


def workbook(
    folder: Path, rows: str, *, before: str = "", after: str = "", formats: str = ""
) -> SourceContents:
    parts = xlsx_parts({"FAQ": [["x"]]})
    parts["xl/worksheets/sheet1.xml"] = sheet(rows, before=before, after=after)
    if formats:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{MAIN}">{formats}</styleSheet>'
    (folder / "a.xlsx").write_bytes(a_zip(parts))
    return read("a.xlsx", folder)


HEAD = f'<row r="1">{text("A1", "问题")}{text("B1", "答案")}</row>'


def answers(reading: SourceContents) -> list[tuple[str, str | None]]:
    return [(entry.text, entry.answer) for entry in reading.entries]


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        ("0.85", "0%", "85%"),
        ("0.125", "0.0%", "12.5%"),
        ("1200", '"¥"#,##0.00', "¥1,200.00"),
        ("1200.5", "[$€-2] #,##0.00", "€ 1,200.50"),
        ("-5.5", "0.00;(0.00)", "(5.50)"),
        ("-5.5", "0.00;[Red]-0.00", "-5.50"),
        ("0", '0;-0;"-"', "-"),
        ("1067", "000000", "001067"),
        ("13800138000", "000-0000-0000", "138-0013-8000"),
        ("3600000", '0.0,,"M"', "3.6M"),
        ("0.00012", "0.00E+00", "1.20E-04"),
        ("150", '[>=100]"many";0" left"', "many"),
        ("15", '[>=100]"many";0" left"', "15 left"),
        ("1.005", "0.00", "1.01"),
        ("0.30000000000000004", "General", "0.3"),
        ("6222021234567890", "General", "6222021234567890"),
        ("6.22202123456789E+15", "General", "6222021234567890"),
        ("46082.75", "yyyy/m/d h:mm", "2026/3/1 18:00"),
        ("46082.75", 'yyyy"年"m"月"d"日"', "2026年3月1日"),
        ("46082", "[$-804]aaaa", "星期日"),
        ("46082.75", "h:mm AM/PM", "6:00 PM"),
        ("1.5", "[h]:mm", "36:00"),
        ("0.0007", "mm:ss.0", "01:00.5"),
        ("5", '0"件"', "5件"),
        ("5", "_ * #,##0_ ;_ * -#,##0_ ", "5"),
        ("7", "@", "7"),
        ("0.5", "# ?/?", "0.5"),
        ("-2.25", "# ??/100;(# ??/100)", "2.25"),
        ("0.125", "# ? / 8", "0.125"),
        ("12.5", "0.00元/kg", "12.50元/kg"),
        ("12.5", '0.00"元"/"次"', "12.50元/次"),
        ("1234", "#,##0/天", "1,234/天"),
        ("not a number", "0.00", "not a number"),
    ],
)
def test_a_number_is_shown_as_its_format_says(value: str, code: str, expected: str) -> None:
    assert format_number(value, code) == expected


numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@given(numbers, st.integers(min_value=0, max_value=4))
def test_decimals_and_thousands_are_those_of_commercial_rounding(number: Decimal, places: int) -> None:
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    code = "#,##0" + ("." + "0" * places if places else "")
    assert format_number(f"{number:f}", code) == f"{rounded + 0:,.{places}f}"


@given(st.integers(min_value=0, max_value=10**14), st.integers(min_value=1, max_value=18))
def test_zeros_in_front_are_kept(number: int, width: int) -> None:
    assert format_number(str(number), "0" * width) == f"{number:0{width}d}"


@given(st.integers(min_value=61, max_value=100_000), st.integers(min_value=0, max_value=86_399))
def test_dates_are_those_of_the_calendar(days: int, seconds: int) -> None:
    at = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    serial = f"{days + seconds / 86_400:.10f}"
    assert format_number(serial, "yyyy-mm-dd hh:mm:ss") == f"{at:%Y-%m-%d %H:%M:%S}"


@given(st.text(alphabet='0#?.,%E+-/[]"\\_*@;ymdhs$>=1 年', max_size=20), numbers)
def test_no_code_breaks_the_reader(code: str, number: Decimal) -> None:
    assert isinstance(format_number(str(number), code), str)


def test_cells_merged_over_rows_hold_their_value_in_each(tmp_path: Path) -> None:
    rows = HEAD + "".join(f'<row r="{n}">{text(f"A{n}", f"q{n}")}</row>' for n in range(2, 5))
    rows = rows.replace(text("A2", "q2"), text("A2", "q2") + text("B2", "same"))
    merged = '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>'
    assert answers(workbook(tmp_path, rows, after=merged)) == [("q2", "same"), ("q3", "same"), ("q4", None)]


def test_a_question_merged_over_rows_has_all_their_answers(tmp_path: Path) -> None:
    cells = [text("A2", "q") + text("B2", "one"), text("B3", "two"), text("A4", "r") + text("B4", "x")]
    rows = HEAD + "".join(f'<row r="{n}">{each}</row>' for n, each in enumerate(cells, 2))
    merged = '<mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
    assert answers(workbook(tmp_path, rows, after=merged)) == [("q", "one\ntwo"), ("r", "x")]


@pytest.mark.parametrize("hidden", [3, 4])
def test_what_a_hidden_row_of_a_merged_question_leaves_is_an_entry_of_its_own(
    tmp_path: Path, hidden: int
) -> None:
    cells = [text("A2", "q") + text("B2", "one"), text("A3", "r") + text("B3", "b3"), text("B4", "b4")]
    rows = HEAD + "".join(f'<row r="{n}">{each}</row>' for n, each in enumerate(cells, 2))
    rows = rows.replace(f'<row r="{hidden}">', f'<row r="{hidden}" hidden="1">')
    merged = '<mergeCells><mergeCell ref="A3:A4"/></mergeCells>'
    shown = "b4" if hidden == 3 else "b3"
    assert answers(workbook(tmp_path, rows, after=merged)) == [("q", "one"), ("r", shown)]


@pytest.mark.parametrize("kind", ["inlineStr", "str", "s"])
def test_characters_that_xml_cannot_hold_are_read_as_the_sheet_shows_them(tmp_path: Path, kind: str) -> None:
    written = "one_x000D_\ntwo _x005F_x000D_"
    value = (
        f"<is><t>{written}</t></is>" if kind == "inlineStr" else f"<v>{'0' if kind == 's' else written}</v>"
    )
    parts = xlsx_parts({"FAQ": [["x"]]})
    row = f'<row r="2">{text("A2", "q")}<c r="B2" t="{kind}">{value}</c></row>'
    parts["xl/worksheets/sheet1.xml"] = sheet(HEAD + row)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"><si><t>{written}</t></si></sst>'
    (tmp_path / "a.xlsx").write_bytes(a_zip(parts))
    assert answers(read("a.xlsx", tmp_path)) == [("q", "one\ntwo _x000D_")]


def test_an_empty_sheet_is_not_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(an_xlsx({"Sheet1": [["question"], ["q"]], "Sheet2": [], "说明": []}))
    found = read("a.xlsx", tmp_path)
    assert (answers(found), found.dropped) == ([("q", None)], ())


def test_a_sheet_of_formulas_alone_is_named_where_none_was_computed(tmp_path: Path) -> None:
    parts = xlsx_parts({"FAQ": [["question", "answer"], ["q", "a"]], "Copy": [["x"]]})
    row = '<row r="{0}"><c r="A{0}"><f>FAQ!A{0}</f></c><c r="B{0}"><f>FAQ!B{0}</f></c></row>'
    parts["xl/worksheets/sheet2.xml"] = sheet(row.format(1) + row.format(2))
    (tmp_path / "a.xlsx").write_bytes(a_zip(parts))
    found = read("a.xlsx", tmp_path)
    assert answers(found) == [("q", "a")]
    assert [(each.where, each.code) for each in found.dropped] == [
        ("a.xlsx: Copy row 1", "formula_without_value"),
        ("a.xlsx: Copy row 2", "formula_without_value"),
    ]


def test_a_merged_range_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    rows = HEAD + f'<row r="2">{text("A2", "q")}{text("B2", "a")}</row>'
    merged = '<mergeCells><mergeCell ref="A3:XFD1048576"/></mergeCells>'
    assert answers(workbook(tmp_path, rows, after=merged)) == [("q", "a")]


def test_hidden_rows_and_columns_are_passed_over_and_named(tmp_path: Path) -> None:
    rows = f'<row r="1">{text("A1", "问题")}{text("B1", "底价")}{text("C1", "答案")}</row>'
    for number in range(2, 7):
        cells = "".join(text(f"{column}{number}", f"{column}{number}") for column in "ABC")
        hidden = ' hidden="1"' if number in {3, 4, 6} else ""
        rows += f'<row r="{number}"{hidden}>{cells}</row>'
    found = workbook(tmp_path, rows, before='<cols><col min="2" max="2" hidden="1"/></cols>')
    assert answers(found) == [("A2", "C2"), ("A5", "C5")]
    assert [(each.where, each.code) for each in (*found.dropped, *found.notes)] == [
        ("a.xlsx: rows 3 to 4", "hidden_row"),
        ("a.xlsx: row 6", "hidden_row"),
        ("a.xlsx: column B", "hidden_column"),
    ]
    assert all("底价" not in entry.fields for entry in found.entries)


@pytest.mark.parametrize("cell", ["<f>1+1</f>", "<f>1+1</f><v></v>", "<v>#REF!</v>"])
def test_a_formula_without_a_value_is_named_by_its_row(tmp_path: Path, cell: str) -> None:
    kind = ' t="e"' if "REF" in cell else ""
    rows = HEAD + f'<row r="2">{text("A2", "q")}<c r="B2"{kind}>{cell}</c></row>'
    rows += f'<row r="3">{text("A3", "r")}<c r="B3"><f>1+1</f><v>2</v></c></row>'
    found = workbook(tmp_path, rows)
    assert answers(found) == [("r", "2")]
    assert [(each.where, each.code) for each in found.dropped] == [("a.xlsx: row 2", "formula_without_value")]


def test_formats_of_the_workbook_are_followed(tmp_path: Path) -> None:
    formats = (
        '<numFmts><numFmt numFmtId="170" formatCode="&quot;NT$&quot;#,##0"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="10"/></cellXfs>'
    )
    rows = HEAD + f'<row r="2">{text("A2", "q")}<c r="B2" s="1"><v>9800</v></c></row>'
    rows += f'<row r="3">{text("A3", "r")}<c r="B3" s="2"><v>0.0725</v></c></row>'
    assert answers(workbook(tmp_path, rows, formats=formats)) == [("q", "NT$9,800"), ("r", "7.25%")]


@pytest.mark.parametrize("name", ["说明", "填写须知", "Read me", "Sheet1"])
def test_a_sheet_of_instructions_is_passed_over_and_named(tmp_path: Path, name: str) -> None:
    sheets: dict[str, list[list[str | float]]] = {
        name: [["How to fill this in"], [], ["One question a row"]],
        "FAQ": [["question", "answer"], ["q", "a"]],
    }
    (tmp_path / "a.xlsx").write_bytes(an_xlsx(sheets))
    found = read("a.xlsx", tmp_path)
    assert answers(found) == [("q", "a")]
    assert [(each.where, each.code) for each in found.dropped] == [(f"a.xlsx: {name}", "instructions")]


def test_titles_above_the_header_are_no_entries(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["Help desk 2026"],
        ["by Li", 2026.0],
        [],
        ["No.", "Question *", "Answer (required)", "team"],
        [1.0, "Where?", "Here", "A"],
    ]
    (tmp_path / "a.xlsx").write_bytes(an_xlsx({"FAQ": rows}))
    found = read("a.xlsx", tmp_path)
    assert answers(found) == [("Where?", "Here")]
    assert found.entries[0].fields["team"] == "A"
    assert {each.code for each in found.dropped} == {"above_header"}
