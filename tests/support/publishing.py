"""`python -m tests.support.publishing FOLDER ID TEXT…`: publishes a snapshot, as an engine does."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.index.scan import ScanIndex
from engine.storage.snapshot_store import SnapshotStore
from tests.support.engine import a_snapshot


def main(folder: str, name: str, *texts: str) -> None:
    snapshots = SnapshotStore(Path(folder), ScanIndex())
    snapshots.load()
    snapshots.publish(a_snapshot(*texts, id=name))


if __name__ == "__main__":
    main(*sys.argv[1:])
