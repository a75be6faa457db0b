"""The power goes: what was not synced is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.index.scan import ScanIndex
from engine.storage.snapshot_store import SnapshotStore
from tests.faults.building import BotHome
from tests.faults.loops import killed_again_and_again
from tests.support.durable_image import Disk, a_disk
from tests.support.engine import a_snapshot
from tests.support.forker import REPOSITORY
from tests.support.processes import TAMPERED
from tests.support.sabotage import DIED
from tests.support.slack import RecordingSlack


@pytest.mark.parametrize(
    "cuts", [pytest.param(2, id="short"), pytest.param(50, id="long", marks=pytest.mark.soak)]
)
def test_nothing_acknowledged_is_lost_or_answered_twice_by_a_power_cut(
    cuts: int, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL04. That the database is whole is seen by the next start, which refuses a damaged one."""
    disk = a_disk(tmp_path)
    home = BotHome(tmp_path, slack, data=disk.folder, environment=disk.watch)
    with home.run("migrate") as life:
        assert life.exit_code() == 0, life.log
    disk.cut()

    ended = killed_again_and_again(home, kills=cuts, seed=cuts, disk=disk)

    assert ended.gone == (), "acknowledged and not on the disk"
    assert ended.verdict.is_good, ended.verdict
    assert ended.verdict.acknowledged > cuts


@pytest.mark.parametrize(
    ("point", "served"),
    [
        ("snapshot-begun", "20260101-a"),
        ("snapshot-written-not-renamed", "20260101-a"),
        # The pointer still names the old one, which is what counts.
        ("snapshot-written-not-switched", "20260101-a"),
        ("snapshot-switched-not-cleared", "20260202-b"),
    ],
    ids=lambda value: value if "snapshot" in value else "",
)
def test_a_power_cut_in_a_refresh_leaves_one_whole_snapshot(point: str, served: str, tmp_path: Path) -> None:
    """REL02, REL22. Published is published: what a restart serves was synced to the last byte."""
    disk = a_disk(tmp_path)
    snapshots = disk.folder / "shelf"
    _publish(disk, snapshots, "20260101-a", "banana")
    disk.cut()
    assert _publish(disk, snapshots, "20260202-b", "banana", "cherry", tampered=point) == DIED
    disk.cut()

    after = SnapshotStore(snapshots, ScanIndex())
    loaded = after.load()

    assert loaded is not None
    assert loaded.id == served
    assert after.damaged == ()
    assert not list(snapshots.glob("*.partial"))
    after.publish(a_snapshot("date", id="20260303-c"))
    again = SnapshotStore(snapshots, ScanIndex()).load()
    assert again is not None
    assert again.id == "20260303-c"


def _publish(disk: Disk, snapshots: Path, *snapshot: str, tampered: str = "") -> int:
    """In a process of its own, whose syncs the disk follows."""
    tampered = tampered or os.environ.get(TAMPERED, "")
    build = ["tests.support.sabotage", tampered] if tampered else []
    command = [sys.executable, "-m", *build, "tests.support.publishing", str(snapshots), *snapshot]
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **disk.watch}, timeout=60, check=False)
    return done.returncode
