"""Snapshots on disk as an earlier version would have written them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def as_if_never_written(snapshot: Path, name: str) -> None:
    """Take a file away, and out of the manifest, so that nothing is missing."""
    (snapshot / name).unlink()
    path = snapshot / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    del manifest["files"][name]
    del manifest["sha256"]
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**manifest, "sha256": digest}), encoding="utf-8")
