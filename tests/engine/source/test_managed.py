import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.domain import BadValue, Contradicted, Dropped, Entry, SourceError
from engine.source import Limits, ManagedSource


def test_nothing_was_added_yet(tmp_path: Path) -> None:
    assert ManagedSource(tmp_path / "managed").entries("default") == ()
    assert not (tmp_path / "managed").exists()


def test_a_pasted_list_is_one_entry_a_line_with_or_without_an_answer(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    pasted = " 怎么退货？ => 七天内 => 可以 \n\n能开发票吗=>\n=> only\n付款方式\n怎么退货？ => 不行\n"
    done = managed.add("default", pasted.encode(), "text/plain")
    assert [(entry.text, entry.answer) for entry in done.added] == [
        ("怎么退货？", "七天内 => 可以"),
        ("能开发票吗", None),
        ("付款方式", None),
    ]
    assert done.repeated == ()
    assert done.dropped == (
        Dropped("list:4", "has an answer and no text"),
        Dropped("list:6", "repeats list:1 with another answer; the first is kept"),
    )
    assert {entry.source for entry in done.added} == {"managed"}


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl"])
def test_what_was_added_is_there_after_a_restart(tmp_path: Path, kind: str) -> None:
    rows = '{"text": "a\u2028b", "id": 5, "answer": "x\\ny", "title": "t", "url": "u", "owner": "李"}'
    done = ManagedSource(tmp_path).add("default", rows.encode(), kind)
    assert ManagedSource(tmp_path).entries("default") == done.added
    assert done.added == (Entry("5", "a\u2028b", "x\ny", "t", "u", "managed", {"owner": "李"}),)


def test_a_text_that_is_there_is_repeated_and_keeps_id_and_answer(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    (first,) = managed.add("default", b"how to pay => card", "text/plain").added
    done = managed.add("default", b"text,answer,id\nhow  to pay,cash,77\nnew,x,78\n", "text/csv")
    assert (done.repeated, done.contradicted) == ((), (Contradicted(first, "cash"),))
    assert managed.add("default", b"how  to pay => card", "text/plain").repeated == (first,)
    assert [entry.id for entry in done.added] == ["78"]
    assert managed.entries("default") == (first, *done.added)


def test_an_id_that_another_entry_has_is_refused(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    managed.add("default", b"text,id\none,1\n", "text/csv")
    with pytest.raises(BadValue, match=r'^the id "1" belongs to another entry; remove that one first$'):
        managed.add("default", b"text,id\nzero,0\ntwo,1\n", "text/csv")
    assert [entry.text for entry in managed.entries("default")] == ["one"]


def test_a_made_id_gives_way_to_one_that_was_given(tmp_path: Path) -> None:
    (made,) = ManagedSource(tmp_path / "a").add("default", b"one", "text/plain").added
    managed = ManagedSource(tmp_path / "b")
    managed.add("default", f"text,id\ntwo,{made.id}\n".encode(), "text/csv")
    (entry,) = managed.add("default", b"one", "text/plain").added
    assert entry.id != made.id


def test_removing_tells_whether_there_was_one(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    one, two = managed.add("default", b"one\ntwo", "text/plain").added
    assert managed.remove("default", one.id) is True
    assert managed.remove("default", one.id) is False
    assert managed.remove("other", two.id) is False
    assert managed.entries("default") == (two,)


def test_each_knowledge_base_has_a_list_of_its_own(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path / "managed")
    names = [
        "default",
        "Default",
        "../default",
        "/etc/passwd",
        "..",
        "",
        "商店",
        "a" * 300,
        "a\0b",
        "x\ny",
        "~",
        "\ud800",
    ]
    for name in names:
        managed.add(name, b"entry of " + ascii(name).encode(), "text/plain")
    assert [managed.entries(name)[0].text for name in names] == [f"entry of {name!a}" for name in names]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == len(names)
    assert {path.parent for path in files} == {tmp_path / "managed"}
    assert len({path.name.lower() for path in files}) == len(names)


@pytest.mark.parametrize("threads", [8])
def test_lists_added_at_once_are_all_kept(tmp_path: Path, threads: int) -> None:
    managed = ManagedSource(tmp_path)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda n: managed.add("default", f"entry {n}".encode(), "text/plain"), range(100)))
    assert {entry.text for entry in managed.entries("default")} == {f"entry {n}" for n in range(100)}


def test_every_single_damaged_byte_is_seen_and_the_file_left_alone(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    managed.add("default", "怎么退货？ => 七天".encode(), "text/plain")
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(SourceError) as caught:
            managed.add("default", b"new", "text/plain")
        assert str(path) in str(caught.value)
        with pytest.raises(SourceError):
            managed.remove("default", "x")
        assert path.read_bytes() == damaged


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_cut_file_is_damaged(tmp_path: Path, cut: int) -> None:
    managed = ManagedSource(tmp_path)
    managed.add("default", b"one\ntwo", "text/plain")
    (path,) = tmp_path.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:cut]))
    with pytest.raises(SourceError, match=r"default\.jsonl.* damaged"):
        managed.entries("default")


def test_a_list_of_another_knowledge_base_is_not_taken_for_this_one(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    managed.add("a", b"one", "text/plain")
    (tmp_path / "a.jsonl").rename(tmp_path / "b.jsonl")
    with pytest.raises(SourceError, match=r"b\.jsonl"):
        managed.entries("b")


def test_a_list_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    before = managed.add("default", b"one", "text/plain").added
    (tmp_path / "default.unfinished").mkdir()
    with pytest.raises(SourceError, match=r"default\.jsonl cannot be written"):
        managed.add("default", b"two", "text/plain")
    assert managed.entries("default") == before


def test_what_an_interrupted_write_left_is_written_over(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path)
    (tmp_path / "default.unfinished").write_bytes(b"half")
    managed.add("default", b"one", "text/plain")
    assert [path.name for path in tmp_path.iterdir()] == ["default.jsonl"]


@pytest.mark.parametrize(
    ("content", "media_type", "says"),
    [
        (b"\xff", "text/plain", "list:1 is not UTF-8"),
        (b"titel\nx\n", "text/csv", "list:1 has no column for the text"),
        (b"{", "application/x-ndjson", "list:1 is not JSON"),
        (
            b"x",
            "image/png",
            "a list is text/plain, text/csv, application/csv",
        ),
        (b"123456789", "text/plain", "a list has at most 8 bytes (got 9)"),
        (b"a\nb\nc", "text/plain", "list:3 is past the limit of 2 rows"),
    ],
)
def test_a_list_that_cannot_be_read_adds_nothing(
    tmp_path: Path, content: bytes, media_type: str, says: str
) -> None:
    managed = ManagedSource(tmp_path, Limits(bytes=8, rows=2))
    with pytest.raises(BadValue) as caught:
        managed.add("default", content, media_type)
    assert str(caught.value).startswith(says)
    assert managed.entries("default") == ()


def test_a_knowledge_base_has_a_limit_of_its_own_entries(tmp_path: Path) -> None:
    managed = ManagedSource(tmp_path, Limits(rows=2))
    managed.add("default", b"one\ntwo", "text/plain")
    with pytest.raises(BadValue, match=r"^default has 2 entries of its own and may have 2$"):
        managed.add("default", b"three", "text/plain")


def test_the_file_is_json_lines_that_people_can_read(tmp_path: Path) -> None:
    ManagedSource(tmp_path).add("default", "退货 => 可以".encode(), "text/plain")
    head, row = (tmp_path / "default.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(head)["knowledge_base"] == "default"
    assert '"text": "退货", "answer": "可以"' in row
