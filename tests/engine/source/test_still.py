"""Files that are being copied: the last good list is served until they stand still."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.domain import SourceContents, SourceSpec
from engine.source import Sources, Stillness
from tests.support.engine import SettableClock

ROWS = [f"Rule {n}?,This is rule {n} and it is kept in {n} days" for n in range(1, 41)]
WHOLE = "\n".join(["question,answer", *ROWS, ""])


def refresh(base: Path, stillness: Stillness | None = None, *, confirmed: bool = False) -> SourceContents:
    specs = [SourceSpec(path=path, base=base) for path in ("list.csv", "kb")]
    return Sources("kb", specs, base / "kept", now=SettableClock(), stillness=stillness).read(
        confirmed=confirmed
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "kb").mkdir()
    (tmp_path / "list.csv").write_text(WHOLE)
    (tmp_path / "kb" / "a.csv").write_text(WHOLE.replace("Rule", "Law"))
    (tmp_path / "kb" / "b.txt").write_text("other\n")
    refresh(tmp_path)
    return tmp_path


@pytest.mark.parametrize("share", [0.55, 0.7, 0.81, 0.93])
@pytest.mark.parametrize("name", ["list.csv", "kb/a.csv"])
def test_a_list_that_ends_in_half_a_row_is_not_published(base: Path, name: str, share: float) -> None:
    content = (base / name).read_text()
    end = content.rindex("\n", 0, int(len(content) * share))  # the end of a row, and some of the next
    (base / name).write_text(content[: end + 25])
    reading = refresh(base)
    assert len(reading.entries) == 81
    assert [(each.source, each.code, each.kept) for each in reading.failed] == [(name, "cut_off", 40)]
    (base / name).write_text(content)
    assert refresh(base).failed == ()


def test_a_list_that_was_shortened_on_purpose_is_taken(base: Path) -> None:
    (base / "list.csv").write_text("\n".join(["question,answer", *ROWS[:30]]))
    reading = refresh(base)
    assert (len(reading.entries), reading.failed) == (71, ())


def test_half_a_row_is_taken_when_a_person_confirms_it(base: Path) -> None:
    (base / "list.csv").write_text(WHOLE[: WHOLE.index("it is kept in 30 days")])
    reading = refresh(base, confirmed=True)
    assert (len(reading.entries), reading.failed) == (71, ())


@pytest.mark.parametrize("name", ["list.csv", "kb/a.csv"])
def test_a_file_that_grows_while_it_is_read_is_read_again_next_time(base: Path, name: str) -> None:
    (base / name).write_text((base / name).read_text().replace("kept", "broken"))
    waited: list[float] = []

    def grow(seconds: float) -> None:
        waited.append(seconds)
        with (base / name).open("a") as file:
            file.write("More?,Yes\n")

    written = (base / name).stat().st_mtime
    busy = refresh(base, Stillness(1.0, now=lambda: written + 0.2, wait=grow))
    assert waited == [1.0]
    assert [(each.source, each.code, each.kept) for each in busy.failed] == [(name, "moving", 40)]
    assert "More?" not in {entry.text for entry in busy.entries}
    assert not any("broken" in (entry.answer or "") for entry in busy.entries)
    done = refresh(base, Stillness(1.0, now=lambda: written + 60))
    assert "More?" in {entry.text for entry in done.entries}
    assert done.failed == ()


def test_nobody_waits_for_files_that_have_stood_still(base: Path) -> None:
    (base / "list.csv").write_text(WHOLE + "More?,Yes\n")
    os.utime(base / "list.csv", (1_700_000_000, 1_700_000_000))
    waited: list[float] = []
    reading = refresh(base, Stillness(1.0, now=lambda: 1_700_000_100, wait=waited.append))
    assert ("More?" in {entry.text for entry in reading.entries}, waited) == (True, [])
