"""Snapshots on disk as an earlier version would have written them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def as_if_never_written(snapshot: Path, name: str) -> None:
    """Take a file away, and out of the manifest, so that nothing is missing."""
    (snapshot / name).unlink()
    manifest = _manifest(snapshot)
    del manifest["files"][name]
    _sign(snapshot, manifest)


def as_of_format(snapshot: Path, number: int) -> None:
    """Whole, but of another format."""
    _sign(snapshot, {**_manifest(snapshot), "format": number})


def _manifest(snapshot: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
    del manifest["sha256"]
    return manifest


def _sign(snapshot: Path, manifest: dict[str, Any]) -> None:
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    content = json.dumps({**manifest, "sha256": digest})
    (snapshot / "manifest.json").write_text(content, encoding="utf-8")
