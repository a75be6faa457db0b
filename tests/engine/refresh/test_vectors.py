"""What assembling costs in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.encoder.batcher import Batcher
from engine.index.scan import ScanIndex
from engine.refresh.vectors import Assembly
from engine.storage.snapshot_store import SnapshotStore
from engine.storage.vector_cache import VectorCache
from tests.support.engine import LetterEncoder, a_snapshot
from tests.support.mappings import needs_smaps, resident_bytes


@needs_smaps
def test_keeping_what_leaves_does_not_hold_what_was_served_in_memory(tmp_path: Path) -> None:
    snapshots = SnapshotStore(tmp_path / "shelf", ScanIndex())
    snapshots.publish(a_snapshot(*map(str, range(5000))))
    served = snapshots.current
    assert served is not None
    cache = VectorCache(tmp_path / "vectors", limit_bytes=1 << 30)
    stays = np.arange(served.size)
    stays[::100] = -1
    Assembly(Batcher(LetterEncoder), cache).keep_what_leaves(served, stays, ())
    assert resident_bytes(tmp_path / "shelf" / served.id / "vectors.safetensors") == 0
    gone = range(0, served.size, 100)
    found = cache.find(served.model, [served.entries[row].text for row in gone])
    assert all(np.array_equal(found[place], served.vectors[row]) for place, row in enumerate(gone))
