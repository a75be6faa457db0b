"""What `read` promises for documents: pieces under their headings, rows, and a sentence for the rest."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Dropped, Entry, SourceError
from engine.source import DEFAULT_LIMITS, Limits, read
from engine.source.documents import Documents
from engine.source.gather import gather
from engine.source.kinds import KINDS
from tests.support.documents import a_docx, a_pdf, a_zip, an_encrypted_pdf, an_xlsx, docx_parts, xlsx_parts

MARKDOWN = """---
author: nobody
---
# Shop

Welcome to *our* [shop](https://shop.test).

## Returns

### Refunds

Money comes **back** within `five` days.
<!-- not for customers -->

| country | days |
| --- | --- |
| 中国 | 3 |

## 保修

- 一年
- 两年
"""
PAGE = """<!doctype html><html><head><title>Help</title><style>p {}</style></head><body>
<nav>Menu</nav><h1>Returns</h1><p>Send   it
back.</p><h2>Refunds</h2><ul><li>cash<li>card</ul><script>alert(1)</script>
<table><tr><td>a</td><td>b</td></tr></table><p hidden>secret</p><p style="display: none">secret</p>
<footer>Imprint</footer></body></html>"""


TAGS = [
    "<p>",
    "</p>",
    "<h1>",
    "</h1>",
    "<table>",
    "<tr>",
    "<td>",
    "<li>",
    "<pre>",
    "a",
    "<!--",
    "-->",
    "<main>",
    "<body>",
    "<br>",
    "&amp;",
    "&#0;",
    "退",
]


def found(folder: Path, name: str, content: bytes) -> list[tuple[str | None, str]]:
    (folder / name).write_bytes(content)
    return [(entry.title, entry.text) for entry in read(name, folder).entries]


def refusal(folder: Path, name: str, content: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    (folder / name).write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(name, folder, limits)
    return caught.value.message


def test_markdown_becomes_pieces_under_their_headings(tmp_path: Path) -> None:
    assert found(tmp_path, "help.md", MARKDOWN.encode()) == [
        ("Shop", "Shop\nWelcome to our shop (https://shop.test)."),
        (
            "Shop › Returns › Refunds",
            "Refunds\nMoney comes back within five days.\n\ncountry: 中国 | days: 3",
        ),
        ("Shop › 保修", "保修\n一年\n两年"),
    ]


def test_a_page_is_read_as_a_person_sees_it(tmp_path: Path) -> None:
    assert found(tmp_path, "help.html", PAGE.encode()) == [
        ("Returns", "Returns\nSend it back."),
        ("Returns › Refunds", "Refunds\ncash\ncard\n\na | b"),
    ]


def test_a_page_without_a_heading_has_its_title(tmp_path: Path) -> None:
    page = b"<title>Opening hours</title><p>Nine to five."
    assert found(tmp_path, "hours.htm", page) == [("Opening hours", "Opening hours\nNine to five.")]


@pytest.mark.parametrize("charset", ["gb2312", "utf-8", "big5"])
def test_a_page_is_read_in_the_charset_it_names(tmp_path: Path, charset: str) -> None:
    page = f'<meta charset="{charset}"><h1>退回</h1>'.encode(charset)
    assert found(tmp_path, "a.html", page) == [("a", "退回")]


def test_a_docx_keeps_its_headings(tmp_path: Path) -> None:
    content = a_docx("# Returns", "Send it back.", "## Refunds", "In five days.", "# 保修", "一年。")
    assert found(tmp_path, "policy.docx", content) == [
        ("Returns", "Returns\nSend it back."),
        ("Returns › Refunds", "Refunds\nIn five days."),
        ("保修", "保修\n一年。"),
    ]


def test_a_pdf_says_the_page_and_follows_its_outline(tmp_path: Path) -> None:
    content = a_pdf(
        ["Before all.", "Returns", "Send it", "back."],
        ["Refunds take five days."],
        outline=[("Returns", 1), ("Money", 2)],
    )
    (tmp_path / "manual.pdf").write_bytes(content)
    entries = read("manual.pdf", tmp_path).entries
    assert [(entry.title, entry.text, dict(entry.fields)) for entry in entries] == [
        ("manual", "Before all.", {"document": "manual.pdf", "piece": "1 of 3", "page": "1"}),
        ("Returns", "Returns\nSend it back.", {"document": "manual.pdf", "piece": "2 of 3", "page": "1"}),
        (
            "Money",
            "Money\nRefunds take five days.",
            {"document": "manual.pdf", "piece": "3 of 3", "page": "2"},
        ),
    ]


def test_a_page_that_is_only_a_picture_is_reported(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(a_pdf(["Words."], []))
    reading = read("scan.pdf", tmp_path)
    assert [each.where for each in reading.dropped] == ["scan.pdf: page 2"]
    assert "text recognition" in refusal(tmp_path, "all.pdf", a_pdf([]))


def test_a_long_section_is_split_between_sentences_and_each_piece_keeps_its_heading(tmp_path: Path) -> None:
    text = " ".join(f"Sentence number {number} says something else." for number in range(60))
    (tmp_path / "long.md").write_text(f"# Shop\n## Rules\n{text}\n")
    entries = read("long.md", tmp_path).entries
    assert len(entries) > 3
    assert {entry.title for entry in entries} == {"Shop › Rules"}
    assert all(entry.text.startswith("Rules\nSentence") and entry.text.endswith(".") for entry in entries)
    assert max(len(entry.text) for entry in entries) < 520
    assert [entry.fields["piece"] for entry in entries][:2] == [
        f"1 of {len(entries)}",
        f"2 of {len(entries)}",
    ]


def test_ids_belong_to_document_and_piece_and_survive_what_happens_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\nsame words\n# B\nother words\n")
    before = {entry.title: entry.id for entry in read("a.md", tmp_path).entries}
    (tmp_path / "a.md").write_text("# New\nnew words\n# B\nother words\n# A\nsame words\n")
    after = {entry.title: entry.id for entry in read("a.md", tmp_path).entries}
    (tmp_path / "b.md").write_text("# A\nsame words\n")
    elsewhere = read("b.md", tmp_path).entries[0].id
    assert (after["A"], after["B"]) == (before["A"], before["B"])
    assert len({elsewhere, *before.values(), *after.values()}) == 4


def test_a_piece_that_stands_twice_in_a_document_is_dropped_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\nsame\n# A\nsame\n")
    reading = read("a.md", tmp_path)
    assert len(reading.entries) == 1
    assert reading.dropped == (Dropped("a.md: piece 2", "repeats a.md: piece 1"),)


def test_a_sheet_with_a_known_header_reads_like_csv(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [
        ["问题", "答案", "id", "team"],
        ["怎么退货？", "七天内。", 7.0, "a"],
        [],
        ["Hours?", "", 8.5, ""],
    ]
    (tmp_path / "faq.xlsx").write_bytes(an_xlsx({"FAQ": rows}))
    assert read("faq.xlsx", tmp_path).entries == (
        Entry(
            "7",
            "怎么退货？",
            "七天内。",
            source="faq.xlsx",
            fields={"document": "faq.xlsx", "piece": "row 2", "team": "a"},
        ),
        Entry("8.5", "Hours?", source="faq.xlsx", fields={"document": "faq.xlsx", "piece": "row 4"}),
    )


def test_of_any_other_sheet_each_row_is_an_entry_and_hidden_sheets_are_reported(tmp_path: Path) -> None:
    sheets: dict[str, list[list[str | float]]] = {
        "Prices": [["apple", 2.0, "kg"], ["pear", 3.5]],
        "FAQ": [["text"], ["one"]],
        "Old": [["no"]],
    }
    (tmp_path / "a.xlsx").write_bytes(an_xlsx(sheets, hidden=["Old"]))
    reading = read("a.xlsx", tmp_path)
    assert [(entry.text, entry.fields["piece"]) for entry in reading.entries] == [
        ("apple | 2 | kg", "Prices row 1"),
        ("pear | 3.5", "Prices row 2"),
        ("one", "FAQ row 2"),
    ]
    assert reading.dropped == (Dropped("a.xlsx: Old", "is a hidden sheet"),)


def test_two_rows_with_one_id_are_both_kept_and_the_row_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(an_xlsx({"FAQ": [["id", "text"], ["1", "one"], ["1", "two"]]}))
    reading = read("a.xlsx", tmp_path)
    assert [entry.text for entry in reading.entries] == ["one", "two"]
    assert reading.entries[0].id == "1"
    assert [each.where for each in reading.notes] == ["a.xlsx: row 3"]


def test_a_workbook_of_too_many_rows_is_refused_at_the_row(tmp_path: Path) -> None:
    content = an_xlsx({"FAQ": [["text"], *([str(number)] for number in range(30))]})
    assert refusal(tmp_path, "a.xlsx", content, Limits(rows=20)) == (
        "a.xlsx: row 22 is past the limit of 20 rows; split the source"
    )


def test_a_folder_of_all_kinds_is_read_by_one_process(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.md").write_text("one")
    (tmp_path / "kb" / "b.html").write_text("two")
    (tmp_path / "kb" / "c.docx").write_bytes(a_docx("three"))
    (tmp_path / "kb" / "d.pdf").write_bytes(a_pdf(["four"]))
    (tmp_path / "kb" / "e.xlsx").write_bytes(an_xlsx({"S": [["five"]]}))
    (tmp_path / "kb" / "f.txt").write_text("six")
    assert [entry.text for entry in read("kb", tmp_path).entries] == [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
    ]


def bomb(kind: str) -> bytes:
    parts = docx_parts("x") if kind == "docx" else xlsx_parts({"S": [["x"]]})
    name = "word/document.xml" if kind == "docx" else "xl/worksheets/sheet1.xml"
    return a_zip({**parts, name: b"<a>" + b" " * 50_000_000})


def test_what_inflates_a_thousand_times_is_refused_unopened(tmp_path: Path) -> None:
    for kind in ("docx", "xlsx"):
        assert "more than any honest document" in refusal(tmp_path, f"a.{kind}", bomb(kind))


def test_what_lies_about_its_size_costs_only_the_reader(tmp_path: Path) -> None:
    # The directory says ten bytes, the part itself holds fifty million.
    content = bomb("docx").replace((50_000_003).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert refusal(tmp_path, "a.docx", content).startswith("a.docx is ")


def test_a_sheet_of_astronomic_extent_costs_what_it_holds(tmp_path: Path) -> None:
    parts = xlsx_parts({"S": [["x"]]})
    sheet = str(parts["xl/worksheets/sheet1.xml"])
    row = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    content = a_zip(
        {**parts, "xl/worksheets/sheet1.xml": sheet.replace("</sheetData>", f"{row}</sheetData>")}
    )
    assert [text for _, text in found(tmp_path, "a.xlsx", content)] == ["x", "1"]


@pytest.mark.parametrize("name", ["../../evil.xml", "/etc/passwd", "a\\..\\..\\b", "C:/x"])
def test_a_part_that_leads_out_of_the_file_is_refused(tmp_path: Path, name: str) -> None:
    content = a_zip({**docx_parts("x"), name: "x"})
    assert "leads out of the file" in refusal(tmp_path, "a.docx", content)


def test_a_link_in_a_document_is_refused(tmp_path: Path) -> None:
    written = BytesIO(a_docx("x"))
    with zipfile.ZipFile(written, "a") as archive:
        link = zipfile.ZipInfo("word/media/image1.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "holds a link" in refusal(tmp_path, "a.docx", written.getvalue())


def test_what_wants_a_password_is_refused_with_what_to_do(tmp_path: Path) -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert refusal(tmp_path, "a.docx", old) == (
        "a.docx is encrypted or in the old binary format; save it without a password as .docx"
    )
    assert refusal(tmp_path, "a.pdf", an_encrypted_pdf()) == (
        "a.pdf is encrypted; save it without a password"
    )


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.docx", b"hello", "a.docx is no .docx file, or a damaged one"),
        ("a.xlsx", a_docx("x"), "a.xlsx is no .xlsx file: it has no xl/workbook.xml"),
        ("a.docx", a_docx("x")[:-30], "a.docx is no .docx file, or a damaged one"),
        ("a.pdf", b"hello", "a.pdf is no PDF file, or a damaged one"),
        ("a.md", b"\xff\xfe\0\0", "a.md:1 is UTF-32; save the file again as UTF-8"),
        ("a.html", b"ok\n\xff", "a.html is not utf-8 in line 2; save it as UTF-8"),
        ("a.html", b'<meta charset="rot13">x', 'a.html names the unknown charset "rot13"; save it as UTF-8'),
        ("a.md", b"<!-- nothing -->", "a.md holds no entry: 0 rows"),
        ("a.docx", a_docx(), "a.docx holds no entry: 0 rows"),
    ],
)
def test_what_is_no_such_document_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    assert refusal(tmp_path, name, content).startswith(says)


def test_entities_in_a_document_are_not_expanded(tmp_path: Path) -> None:
    parts = docx_parts("&a9;")
    document = str(parts["word/document.xml"]).replace("&amp;a9;", "&a9;")
    bombs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    parts["word/document.xml"] = f'<!DOCTYPE w [<!ENTITY a0 "ha">{bombs}]>{document}'
    assert refusal(tmp_path, "a.docx", a_zip(parts)).startswith("a.docx ")


def test_a_picture_from_elsewhere_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    page = f'<p>see <img src="file://{tmp_path}/secret.txt" alt=""><object data="secret.txt">x</object></p>'
    assert found(tmp_path, "a.html", page.encode()) == [("a", "see")]


def test_a_page_may_be_nested_as_deep_as_it_likes(tmp_path: Path) -> None:
    assert found(tmp_path, "a.html", b"<div>" * 5_000 + b"deep") == [("a", "deep")]


def test_a_document_that_takes_too_long_is_cut_off_and_named(tmp_path: Path) -> None:
    content = ("[" * 3000 + "\n").encode() * 30
    assert refusal(tmp_path, "a.md", content, Limits(document_seconds=0.001)) == (
        "a.md took longer than 0.001 s to read"
    )


def test_a_document_that_takes_too_much_memory_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>hello" * 3_000_000)
    said = refusal(tmp_path, "a.html", b"<p>hello" * 3_000_000, Limits(document_memory_bytes=250_000_000))
    assert "memory" in said


some_bytes = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.text(alphabet="#>-*`|[]()<!a\\ \t\r\n0:&~_=", max_size=200).map(str.encode),
    st.lists(st.sampled_from(TAGS), max_size=40).map("".join).map(str.encode),
)
broken = st.builds(
    lambda whole, at, byte: whole[: at % len(whole)] + bytes([byte]) + whole[at % len(whole) + 1 :],
    st.sampled_from([a_docx("# A", "b"), an_xlsx({"S": [["text", "id"], ["b", 1.0]]}), a_pdf(["a"])]),
    st.integers(min_value=0),
    st.integers(min_value=0, max_value=255),
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Documents]:
    with Documents() as documents:
        yield documents


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.read is None])
@given(content=some_bytes | broken)
def test_any_bytes_are_read_or_refused_in_a_sentence(reader: Documents, kind: str, content: bytes) -> None:
    try:
        reading = gather("", reader.records(f"a.{kind}", kind, content))
    except SourceError as error:
        assert error.message.startswith(f"a.{kind}")  # noqa: PT017 - either way is right
        assert "\n" not in error.message  # noqa: PT017 - either way is right
    else:
        assert len({entry.id for entry in reading.entries}) == len(reading.entries)
        assert all(entry.text.strip() and entry.source == f"a.{kind}" for entry in reading.entries)


def test_the_next_reading_starts_anew_after_one_that_broke(tmp_path: Path) -> None:
    refusal(tmp_path, "a.xlsx", b"no")
    assert found(tmp_path, "b.md", b"fine") == [("b", "fine")]


def test_a_reader_whose_owner_is_gone_ends_by_itself() -> None:
    header = b'{"kind": "html", "bytes": 500000, "seconds": 0.2}\n'
    ended = subprocess.run(
        [sys.executable, "-m", "engine.extract", "2000000000"],
        input=header + b"<div>" * 100_000,
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGALRM
