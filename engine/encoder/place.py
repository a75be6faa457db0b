"""Where a model's files are, and what tells them from others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.config import Model
from engine.domain import EncoderFailed

# Weights are too large to be read twice at each start: a sample of them, spread over the
# file, tells two trainings apart, which change every number.
_SMALL_BYTES = 16 << 20
_SAMPLES = 64
_SAMPLE_BYTES = 4096


def place(model: Model) -> str:
    """A folder, or the name that sentence-transformers asks its hub for."""
    if Path(model.name).is_dir() or model.source == "huggingface":
        return model.name
    try:
        from modelscope import snapshot_download  # noqa: PLC0415 - only for those who use that hub
    except ImportError as missing:
        raise EncoderFailed(
            f'the model "{model.name}" from ModelScope needs its client: pip install modelscope ({missing})'
        ) from missing
    try:
        return str(snapshot_download(model.name))
    except Exception as problem:
        raise EncoderFailed(
            f'the model "{model.name}" cannot be fetched from ModelScope: {first_line(problem)}'
        ) from problem


def digest(loaded: Any, place: str) -> str:
    """What tells these weights from others: the hub's revision, or the content of the folder."""
    folder = Path(place)
    if not folder.is_dir():
        config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
        revision = getattr(config, "_commit_hash", None)
        return f"{place}@{revision or 'unknown'}"
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and _counts(each)):
        digest.update(f"{path.relative_to(folder).as_posix()}:{path.stat().st_size}".encode())
        for block in _blocks(path):
            digest.update(block)
    return digest.hexdigest()[:16]


def _counts(path: Path) -> bool:
    return path.suffix in {".json", ".safetensors", ".bin", ".txt", ".model", ".py", ".jinja"}


def _blocks(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _SMALL_BYTES:
            yield file.read()
            return
        for sample in range(_SAMPLES):
            file.seek(sample * (size - _SAMPLE_BYTES) // (_SAMPLES - 1))
            yield file.read(_SAMPLE_BYTES)


def first_line(problem: Exception) -> str:
    """What an error says, in a line."""
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
