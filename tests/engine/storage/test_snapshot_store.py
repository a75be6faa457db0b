from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.domain import Dropped, Entry, NoSnapshot
from engine.index.keywords import Keywords
from engine.index.scan import ScanIndex
from engine.index.snapshot import Snapshot
from engine.storage.snapshot_files import FORMAT
from engine.storage.snapshot_store import SnapshotStore
from tests.support.engine import A_LONG_TEXT, MIDDAY, a_snapshot
from tests.support.mappings import needs_smaps, resident_bytes
from tests.support.stored import as_if_never_written, as_of_format

FILES = ("manifest.json", "entries.jsonl", "vectors.safetensors", "search.safetensors")


def served_after_restart(folder: Path) -> Snapshot | None:
    return SnapshotStore(folder, ScanIndex()).load()


def with_two(folder: Path) -> Path:
    """A store that published s1 and then s2."""
    snapshots = SnapshotStore(folder, ScanIndex())
    snapshots.publish(a_snapshot("apple", "pear", id="s1"))
    snapshots.publish(a_snapshot("apple", "plum", id="s2"))
    return folder


def test_a_restart_serves_what_was_published(tmp_path: Path) -> None:
    full = Entry(
        id="7",
        text="line\u2028one\nline two",
        answer="因为",
        title="t",
        url="https://x.test/",
        source="a.txt",
        fields={"k": "v"},
    )
    snapshot = a_snapshot("apple", entries=[full])
    dropped = (Dropped("a.txt:3", "blank"),)
    snapshot = Snapshot(**{**vars(snapshot), "read": 3, "dropped": dropped})
    SnapshotStore(tmp_path, ScanIndex()).publish(snapshot)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert np.array_equal(loaded.vectors, snapshot.vectors)
    made_from_these = dict.fromkeys(("scan", "keywords", "same_texts", "number"))
    assert {**vars(loaded), **made_from_these} == {**vars(snapshot), **made_from_these}


def test_what_searches_is_loaded_and_not_made_again(tmp_path: Path) -> None:
    """Keywords of other texts, which only a file can bring back."""
    made = a_snapshot("apple", "pear")
    others = Snapshot(**{**vars(made), "keywords": Keywords.of(["退货要多久", "plum"])})
    SnapshotStore(tmp_path, ScanIndex()).publish(others)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    ours, theirs = loaded.keywords.arrays(), others.keywords.arrays()
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert np.array_equal(loaded.scan.arrays()["int8_rows"], made.scan.arrays()["int8_rows"])


def test_a_restart_has_the_passages_of_long_entries(tmp_path: Path) -> None:
    made = a_snapshot("apple", A_LONG_TEXT)
    SnapshotStore(tmp_path, ScanIndex()).publish(made)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert made.passages is not None
    assert loaded.passages is not None
    ours, theirs = loaded.passages.arrays(), made.passages.arrays()
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_damaged_passages_are_refused(tmp_path: Path) -> None:
    SnapshotStore(tmp_path, ScanIndex()).publish(a_snapshot("apple", A_LONG_TEXT, id="s1"))
    path = tmp_path / "s1" / "passages1.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert served_after_restart(tmp_path) is None


def test_a_snapshot_from_before_there_were_keywords_is_served(tmp_path: Path) -> None:
    SnapshotStore(tmp_path, ScanIndex()).publish(a_snapshot("apple", "pear"))
    as_if_never_written(tmp_path / "s1", "search.safetensors")
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.keywords.all(loaded.keywords.questions(["pear"])[0])[0].tolist() == [1]


def test_an_empty_folder_serves_nothing(tmp_path: Path) -> None:
    assert served_after_restart(tmp_path / "new") is None


def test_an_empty_snapshot_is_a_snapshot(tmp_path: Path) -> None:
    SnapshotStore(tmp_path, ScanIndex()).publish(a_snapshot())
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.size == 0


def test_a_confirmed_snapshot_is_as_old_as_its_confirmation(tmp_path: Path) -> None:
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    snapshots.publish(a_snapshot("apple"))
    later = MIDDAY + timedelta(hours=3)
    snapshots.confirm(later)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert (loaded.created, loaded.checked_at) == (MIDDAY, later)


def test_only_the_served_snapshot_and_the_one_before_are_kept(tmp_path: Path) -> None:
    snapshots = SnapshotStore(with_two(tmp_path), ScanIndex())
    snapshots.load()
    snapshots.publish(a_snapshot("fig", id="s3"))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["current.json", "s2", "s3"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in (0, len(content) // 2, len(content) - 1):
        content[place] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


def swap(path: Path) -> None:
    """Put the same file of the other snapshot here."""
    other = path.parent.parent / "s1" / path.name
    shutil.copy(other, path)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [flip, truncate, empty, remove, swap])
def test_a_damaged_snapshot_is_refused_and_the_one_before_served(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(with_two(tmp_path) / "s2" / name)
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    loaded = snapshots.load()
    assert loaded is not None
    assert (loaded.id, snapshots.damaged) == ("s1", ("s2",))


@pytest.mark.parametrize("name", FILES)
def test_every_single_byte_counts(tmp_path: Path, name: str) -> None:
    path = with_two(tmp_path) / "s2" / name
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        loaded = served_after_restart(tmp_path)
        assert loaded is not None
        assert loaded.id == "s1", f"byte {place} of {name}"


def test_a_manifest_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = with_two(tmp_path) / "s2" / "manifest.json"
    path.write_text(path.read_text().replace("letters", "others"))
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.id == "s1"


def test_a_snapshot_under_another_name_is_refused(tmp_path: Path) -> None:
    shutil.copytree(with_two(tmp_path) / "s1", tmp_path / "s3")
    pointer = tmp_path / "current.json"
    pointer.write_text(pointer.read_text().replace("s2", "s3"))
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    loaded = snapshots.load()
    assert loaded is not None
    assert (loaded.id, snapshots.damaged) == ("s1", ("s3",))


@pytest.mark.parametrize("change", [-1, 1])
def test_another_format_is_refused(tmp_path: Path, change: int, caplog: pytest.LogCaptureFixture) -> None:
    as_of_format(with_two(tmp_path) / "s2", FORMAT + change)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.id == "s1"
    assert "has format" in caplog.records[0].__dict__["reason"]


def test_a_stray_file_makes_a_snapshot_suspect(tmp_path: Path) -> None:
    (with_two(tmp_path) / "s2" / "more.jsonl").write_text("{}")
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.id == "s1"


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"snapshot": "s9", "confirmed": "2026-11-23T12:00:00Z"}', b"\xff"]
)
def test_without_a_pointer_the_newest_is_served(tmp_path: Path, content: bytes) -> None:
    (with_two(tmp_path) / "current.json").write_bytes(content)
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.id == "s2"


class Crash(BaseException):
    """What nobody catches, as a kill would be."""


@pytest.mark.parametrize(
    ("step", "served"), [("written", "s1"), ("renamed", "s1"), ("pointed", "s2"), ("published", "s2")]
)
def test_a_crash_on_the_way_leaves_one_whole_snapshot(tmp_path: Path, step: str, served: str) -> None:
    SnapshotStore(tmp_path, ScanIndex()).publish(a_snapshot("apple", id="s1"))

    def crash(reached: str) -> None:
        if reached == step:
            raise Crash

    snapshots = SnapshotStore(tmp_path, ScanIndex(), reached=crash)
    snapshots.load()
    with pytest.raises(Crash):
        snapshots.publish(a_snapshot("pear", id="s2"))
    again = SnapshotStore(tmp_path, ScanIndex())
    loaded = again.load()
    assert loaded is not None
    assert loaded.id == served
    assert not list(tmp_path.glob("*.partial"))
    again.publish(a_snapshot("plum", id="s3"))
    after = served_after_restart(tmp_path)
    assert after is not None
    assert after.id == "s3"


def test_a_publish_that_fails_leaves_memory_and_disk_as_they_were(tmp_path: Path) -> None:
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    snapshots.publish(a_snapshot("apple", id="s1"))
    (tmp_path / "s2").mkdir()
    (tmp_path / "s2" / "in the way").write_text("x")
    with pytest.raises(OSError, match="not empty"):
        snapshots.publish(a_snapshot("pear", id="s2"))
    assert snapshots.current is not None
    assert snapshots.current.id == "s1"
    loaded = served_after_restart(tmp_path)
    assert loaded is not None
    assert loaded.id == "s1"


def test_a_reader_keeps_the_snapshot_it_took(tmp_path: Path) -> None:
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    snapshots.publish(a_snapshot("apple", id="s1"))
    taken = snapshots.current
    for number in range(2, 5):
        snapshots.publish(a_snapshot("pear", id=f"s{number}"))
    assert taken is not None
    assert taken.entries[0].text == "apple"
    assert float(taken.vectors[0] @ taken.vectors[0]) == pytest.approx(1)


def test_a_rollback_serves_the_snapshot_before_and_survives_a_restart(tmp_path: Path) -> None:
    snapshots = SnapshotStore(with_two(tmp_path), ScanIndex())
    bad = snapshots.load()
    assert bad is not None
    note = snapshots.roll_back(snapshots.before(), MIDDAY)
    again = SnapshotStore(tmp_path, ScanIndex())
    served = again.load()
    assert served is not None
    assert (served.id, again.rolled_back) == ("s1", note)
    assert (note.snapshot, again.refuses(bad.entries), again.refuses(served.entries)) == ("s2", True, False)
    with pytest.raises(NoSnapshot, match="no snapshot before"):
        again.before()


def test_the_snapshot_before_is_the_one_served_before_whatever_the_clock_said(tmp_path: Path) -> None:
    snapshots = SnapshotStore(tmp_path, ScanIndex())
    for name in ("s1", "s3", "s2"):
        snapshots.publish(a_snapshot("apple", id=name))
    again = SnapshotStore(tmp_path, ScanIndex())
    again.load()
    assert (snapshots.before().id, again.before().id) == ("s3", "s3")
    shutil.rmtree(tmp_path / "s2")
    left = served_after_restart(tmp_path)
    assert left is not None
    assert left.id == "s3"


def test_a_confirmation_keeps_the_snapshot_before(tmp_path: Path) -> None:
    snapshots = SnapshotStore(with_two(tmp_path), ScanIndex())
    snapshots.load()
    snapshots.confirm(MIDDAY)
    again = SnapshotStore(tmp_path, ScanIndex())
    again.load()
    assert (snapshots.before().id, again.before().id) == ("s1", "s1")


@pytest.mark.parametrize("how", ["publish", "confirm", "release"])
def test_what_was_rolled_back_from_may_come_again_after(tmp_path: Path, how: str) -> None:
    snapshots = SnapshotStore(with_two(tmp_path), ScanIndex())
    snapshots.load()
    snapshots.roll_back(snapshots.before(), MIDDAY)
    {
        "publish": lambda: snapshots.publish(a_snapshot("fig", id="s3")),
        "confirm": lambda: snapshots.confirm(MIDDAY),
        "release": snapshots.release,
    }[how]()
    again = SnapshotStore(tmp_path, ScanIndex())
    again.load()
    assert (snapshots.rolled_back, again.rolled_back) == (None, None)


def test_a_damaged_snapshot_is_not_gone_back_to(tmp_path: Path) -> None:
    snapshots = SnapshotStore(with_two(tmp_path), ScanIndex())
    snapshots.load()
    flip(tmp_path / "s1" / "vectors.safetensors")
    with pytest.raises(NoSnapshot):
        snapshots.before()


@needs_smaps
def test_a_start_checks_the_vectors_and_does_not_hold_them_in_memory(tmp_path: Path) -> None:
    SnapshotStore(tmp_path, ScanIndex()).publish(a_snapshot(*map(str, range(5000))))
    loaded = served_after_restart(tmp_path)
    path = tmp_path / "s1" / "vectors.safetensors"
    assert resident_bytes(path) == 0
    assert loaded is not None
    vectors = loaded.scan.arrays()["vectors"]
    assert np.isfinite(vectors).all()
    assert resident_bytes(path) >= vectors.nbytes // 2  # it is the file that is looked at
