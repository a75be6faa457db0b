"""Folders as people keep them: a bad file takes no other along, and what it held goes on being served."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain import SourceContents, SourceSpec
from engine.source import Sources, read
from tests.support.documents import an_xlsx
from tests.support.engine import SettableClock


def folder(base: Path, **files: str | bytes) -> Path:
    (base / "kb").mkdir(exist_ok=True)
    for name, content in files.items():
        path = base / "kb" / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return base


def refresh(base: Path, *, confirmed: bool = False) -> SourceContents:
    specs = [SourceSpec(path="kb", base=base)]
    return Sources("kb", specs, base / "kept", now=SettableClock()).read(confirmed=confirmed)


def texts(reading: SourceContents) -> list[str]:
    return sorted(entry.text for entry in reading.entries)


@pytest.mark.parametrize("empty", [b"", b"\n\n ", b"\xef\xbb\xbf", "\u3000\n".encode()])
def test_an_empty_file_is_passed_over_at_the_first_reading(tmp_path: Path, empty: bytes) -> None:
    reading = refresh(folder(tmp_path, a__txt="one\n", 新建__txt=empty))
    assert texts(reading) == ["one"]
    assert "kb/新建.txt" in {each.where.partition(":")[0] for each in reading.dropped}
    assert reading.failed == ()


BROKEN = {
    "b__csv": b"colour,size\nred,5\n",
    "b__jsonl": b'{"text": "x"}\n{"text": \n',
    "b__xlsx": b"no workbook",
    "b__txt": b"text\0with a zero\n",
    "b__docx": b"PK",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_served(tmp_path: Path, name: str) -> None:
    reading = refresh(folder(tmp_path, a__txt="one\n", **{name: BROKEN[name]}))
    assert texts(reading) == ["one"]
    (failed,) = reading.failed
    assert failed.source == f"kb/{name.replace('__', '.')}"
    assert failed.reason.startswith(failed.source)
    assert (failed.kept, failed.since, reading.is_old) == (0, None, False)


def test_the_last_good_content_of_a_broken_file_is_served_and_said_since_when(tmp_path: Path) -> None:
    refresh(folder(tmp_path, a__txt="one\n", b__jsonl='{"text": "two", "answer": "2"}\n'))
    folder(tmp_path, a__txt="one\nthree\n", b__jsonl='{"text": "two", "answer": "2"}\n{"text":')
    for _ in range(2):
        reading = refresh(tmp_path)
        assert texts(reading) == ["one", "three", "two"]
        (failed,) = reading.failed
        assert (failed.source, failed.kept) == ("kb/b.jsonl", 1)
        assert failed.since is not None
    folder(tmp_path, b__jsonl='{"text": "four"}\n')
    mended = refresh(tmp_path, confirmed=True)
    assert (texts(mended), mended.failed) == (["four", "one", "three"], ())


def test_a_file_that_has_become_empty_is_held_until_that_is_confirmed(tmp_path: Path) -> None:
    refresh(folder(tmp_path, a__txt="one\n", b__txt="two\n"))
    folder(tmp_path, b__txt="")
    reading = refresh(tmp_path)
    assert texts(reading) == ["one", "two"]
    assert [(each.source, each.code, each.kept) for each in reading.failed] == [("kb/b.txt", "emptied", 1)]
    confirmed = refresh(tmp_path, confirmed=True)
    assert (texts(confirmed), confirmed.failed) == (["one"], ())


NUMBERED = ("id,question,answer\n1,Close my account?,Settings\n2,Pay by cheque?,No\n",
            "id,question,answer\n1,Change address?,Orders\n2,Invoice?,Later\n")  # fmt: skip


def test_lists_that_number_from_one_lose_nothing(tmp_path: Path) -> None:
    base = folder(tmp_path, a__csv=NUMBERED[0], b__csv=NUMBERED[1])
    together = refresh(base)
    specs = [SourceSpec(path=f"kb/{name}.csv", base=base) for name in "ab"]
    listed = Sources("other", specs, base / "listed", now=SettableClock()).read()
    for reading in (together, listed):
        assert len({entry.id for entry in reading.entries}) == 4
        assert reading.dropped == ()
    assert {entry.id for entry in together.entries} == {entry.id for entry in listed.entries}


def test_sheets_that_number_from_one_lose_nothing(tmp_path: Path) -> None:
    head: list[str | float] = ["id", "text"]
    sheets: dict[str, list[list[str | float]]] = {"A": [head, [1.0, "one"]], "B": [head, [1.0, "two"]]}
    (tmp_path / "a.xlsx").write_bytes(an_xlsx(sheets))
    reading = read("a.xlsx", tmp_path)
    assert texts(reading) == ["one", "two"]
    assert len({entry.id for entry in reading.entries}) == 2


def test_a_second_answer_is_told_with_both(tmp_path: Path) -> None:
    base = folder(tmp_path, a__csv="text,answer\nWho pays?,You\nWhere?,Here\nWho  pays?,We\n")
    (told,) = refresh(base).dropped
    assert (told.where, told.code) == ("kb/a.csv:4", "other_answer")
    assert dict(told.details) == {
        "first": "kb/a.csv:2", "text": "Who  pays?", "kept": "You", "left_out": "We"
    }  # fmt: skip


def test_a_wording_of_two_entries_stays_with_both_and_is_told(tmp_path: Path) -> None:
    content = '{"text": "a", "similar": "x"}\n{"text": "b", "similar": "x|a"}\n'
    reading = refresh(folder(tmp_path, a__jsonl=content))
    assert [entry.wordings for entry in reading.entries] == [("x",), ("x", "a")]
    assert [each.code for each in reading.notes] == ["same_wording", "same_wording"]


@pytest.mark.parametrize("mark", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200e"])
def test_texts_that_look_equal_are_one(tmp_path: Path, mark: str) -> None:
    base = folder(tmp_path, a__txt=f"wi{mark}re?\nwire?\nnon\u2011stop\nnon-stop\n")
    assert len(refresh(base).entries) == 2
