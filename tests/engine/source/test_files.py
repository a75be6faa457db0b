"""What `read` promises for text files, folders and globs."""

from pathlib import Path

import pytest

from engine.domain import Dropped, Entry, SourceError
from engine.source import Limits, read

KINDS = ".txt, .csv, .tsv, .tab, .jsonl, .ndjson, .json, .md, .markdown, .html, .htm, .docx, .pdf, .xlsx"


def texts(spec: str, base: Path) -> list[str]:
    return [entry.text for entry in read(spec, base).entries]


def test_a_text_file_holds_one_entry_a_line(tmp_path: Path) -> None:
    (tmp_path / "fruit.txt").write_bytes("苹果好\n  香蕉 好 \r\n橙子好".encode())
    assert texts("fruit.txt", tmp_path) == ["苹果好", "香蕉 好", "橙子好"]


def test_the_mark_that_some_editors_put_in_front_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "with.txt").write_text("苹果好\n", encoding="utf-8-sig")
    (tmp_path / "without.txt").write_text("苹果好\n", encoding="utf-8")
    assert texts("with.txt", tmp_path) == texts("without.txt", tmp_path) == ["苹果好"]


def test_what_is_dropped_is_reported_with_line_and_reason(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\n ——！—— \ntwo\n one\n\u3000\n", encoding="utf-8")
    reading = read("a.txt", tmp_path)
    assert [entry.text for entry in reading.entries] == ["one", "two"]
    assert reading.read == 4  # a blank line is no row
    assert reading.dropped == (
        Dropped("a.txt:3", "no letter or digit in the text"),
        Dropped("a.txt:5", "repeats a.txt:1"),
    )


def test_texts_are_composed_and_otherwise_left_as_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "\ufeff\u200bCafe\u0301  Ｗｉｄｅ = yes，ＯＫ！\u200b \n", encoding="utf-8"
    )
    assert texts("a.txt", tmp_path) == ["Café  Ｗｉｄｅ = yes，ＯＫ！"]


def test_a_repeat_is_seen_through_width_and_blanks_and_not_through_case(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("my  card\nｍｙ ｃａｒｄ\nMy card\n", encoding="utf-8")
    assert texts("a.txt", tmp_path) == ["my  card", "My card"]


def test_a_line_is_what_an_editor_calls_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one\u2028still\x0cone\rtwo\r\nthree".encode())
    assert len(texts("a.txt", tmp_path)) == 3


def test_entries_say_where_they_were_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("one\n")
    assert read("sub/a.txt", tmp_path).entries[0].source == "sub/a.txt"
    assert read(str(tmp_path / "sub" / "a.txt"), tmp_path / "sub").entries[0].source == "a.txt"


def test_ids_survive_reordering_and_edits_of_other_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\nthree\n")
    before = {entry.text: entry.id for entry in read("a.txt", tmp_path).entries}
    (tmp_path / "a.txt").write_text("three\n\nfour\n  one\n")
    after = {entry.text: entry.id for entry in read("a.txt", tmp_path).entries}
    assert after["one"] == before["one"]
    assert after["three"] == before["three"]
    assert len(set(before.values()) | set(after.values())) == 4


def test_the_id_of_a_text_is_the_same_in_every_version(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("怎么退货？\n", encoding="utf-8")
    assert read("a.txt", tmp_path).entries == (Entry(id="i6ze3e3obsu5", text="怎么退货？", source="a.txt"),)


def test_a_folder_is_read_whole_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "kb" / "deep").mkdir(parents=True)
    (tmp_path / "kb" / ".git").mkdir()
    (tmp_path / "kb" / "b.csv").write_text("text\ntwo\n")
    (tmp_path / "kb" / "a.TXT").write_text("one\n")
    (tmp_path / "kb" / "deep" / "c.jsonl").write_text('{"text": "three"}\n')
    (tmp_path / "kb" / "notes.pptx").write_text("no\n")
    (tmp_path / "kb" / "~$open.docx").write_text("no\n")
    (tmp_path / "kb" / ".hidden.txt").write_text("no\n")
    (tmp_path / "kb" / ".git" / "x.txt").write_text("no\n")
    reading = read("kb", tmp_path)
    assert [(entry.text, entry.source) for entry in reading.entries] == [
        ("one", "kb/a.TXT"),
        ("two", "kb/b.csv"),
        ("three", "kb/deep/c.jsonl"),
    ]
    assert reading.dropped == (Dropped("kb/notes.pptx", f"is none of {KINDS}"),)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.txt").write_text("one\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "kb" / "b.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "kb" / "c.txt").symlink_to(tmp_path / "kb" / "a.txt")
    reading = read("kb", tmp_path)
    assert [entry.text for entry in reading.entries] == ["one"]
    assert reading.dropped == (
        Dropped("kb/b.txt", "is a link that leads out of the folder"),
        Dropped("kb/c.txt:1", "repeats kb/a.txt:1"),
    )


def test_a_glob_takes_what_it_matches(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for name in ("b.txt", "a.txt", "x/c.txt", "d.csv"):
        (tmp_path / name).write_text(f"text\n{name}\n")
    assert texts("*.txt", tmp_path) == ["text", "a.txt", "b.txt"]
    assert texts("**/*.txt", tmp_path) == ["text", "a.txt", "b.txt", "x/c.txt"]
    assert texts(f"{tmp_path}/?.csv", Path("/")) == ["d.csv"]


def test_a_file_whose_name_looks_like_a_glob_is_read(tmp_path: Path) -> None:
    (tmp_path / "faq[1].txt").write_text("one\n")
    assert texts("faq[1].txt", tmp_path) == ["one"]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("missing.txt", "missing.txt does not exist in {base}"),
        ("*.md", "*.md matches no file in {base}"),
        ("empty", f"empty is a folder without any {KINDS} file"),
        ("nothing.txt", "nothing.txt:1 is empty"),
        ("blank.txt", "blank.txt holds no entry: 2 rows, none with a letter or digit in its text"),
        ("notes.pptx", f"notes.pptx is none of {KINDS}"),
        (
            "https://a.test/faq.csv",
            "https://a.test/faq.csv is an address; a source is a file, a folder or a glob",
        ),
        ("\0/*.txt", "'\\x00/*.txt' is not a path: embedded null byte"),
    ],
)
def test_a_source_that_is_not_there_is_named(tmp_path: Path, spec: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.txt").write_text("\n")
    (tmp_path / "blank.txt").write_text("--\n!!\n")
    (tmp_path / "notes.pptx").write_text("x")
    with pytest.raises(SourceError) as caught:
        read(spec, tmp_path)
    assert str(caught.value) == says.format(base=tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "怎么退货\n能退吗\n".encode() + b"\xff\n",
            "a.txt:3 is not UTF-8 (byte 0xff); save the file again as UTF-8 (in a spreadsheet: CSV UTF-8)",
        ),
        (
            "怎么退货".encode()[:-1],
            "a.txt:1 ends in the middle of a character: it was cut off, or is still being copied",
        ),
        (b"one\ntwo\0\n", "a.txt:2 holds a NUL byte, so it is no text file; export it again as UTF-8 text"),
    ],
)
def test_a_wrong_encoding_names_file_and_line_and_what_to_do(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read("a.txt", tmp_path)
    assert str(caught.value) == says


def test_limits_refuse_the_whole_source_and_name_the_place(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "kb" / "b.txt").write_text("three\nfour\n")
    with pytest.raises(SourceError, match=r"^kb/b\.txt:2 is past the limit of 3 rows; split the source$"):
        read("kb", tmp_path, Limits(rows=3))
    reading = read("kb", tmp_path, Limits(bytes=18))
    assert [each.reason for each in reading.failed] == [
        "kb/b.txt goes past the limit of 18 bytes for one source"
    ]
    assert read("kb", tmp_path, Limits(cell_characters=4)).dropped == (
        Dropped("kb/b.txt:1", '"text" has 5 characters; a cell may have 4'),
    )
    assert len(read("kb", tmp_path, Limits(bytes=19, rows=4, cell_characters=5)).entries) == 4


def test_more_than_half_a_million_rows_are_refused_by_default(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("\n".join(map(str, range(500_010))))
    with pytest.raises(
        SourceError, match=r"^many\.txt:500001 is past the limit of 500000 rows; split the source$"
    ):
        read("many.txt", tmp_path)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    with pytest.raises(SourceError, match=r"loop\.txt"):
        read("loop.txt", tmp_path)
