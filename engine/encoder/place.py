"""The files of a model: their folder, the progress of their download, and their fingerprint."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine.config import Model
from engine.domain import EncoderFailed

# Weights are too large to be read twice at each start: a sample of them, spread over the
# file, tells two trainings apart, which change every number.
_SMALL_BYTES = 16 << 20
_SAMPLES = 64
_SAMPLE_BYTES = 4096
_HUB_SECONDS = 10.0
_ALIKE = 0.7


def ask_hub(name: str) -> None:
    """Return if the hub has a model of this name; raises what its client raises."""
    from huggingface_hub import HfApi

    HfApi().model_info(name, timeout=_HUB_SECONDS)


def place(model: Model, ask: Callable[[str], None] = ask_hub) -> str:
    """A folder, or the name that sentence-transformers asks its hub for.

    A name that is none is found out at once: to load it would be tried for minutes.
    """
    if Path(model.name).is_dir():
        return model.name
    if model.source == "huggingface":
        _refuse_mistyped(model, ask)
        return model.name
    try:
        from modelscope import snapshot_download
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


def _refuse_mistyped(model: Model, ask: Callable[[str], None]) -> None:
    name = model.name
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise EncoderFailed(f'[engine.model] name: there is no folder "{name}"')
    if "/" not in name and get_close_matches(name.lower(), ["bundled"], cutoff=_ALIKE):
        raise EncoderFailed(f'[engine.model] name is "{name}"; did you mean "bundled"?')
    # A name without its owner is one of sentence-transformers' own.
    whole = name if "/" in name else f"sentence-transformers/{name}"
    if any(fetched_into(model.model_copy(update={"name": each})).exists() for each in (name, whole)):
        return
    try:
        ask(whole)
    except Exception as problem:
        # Not found, not allowed, not reached: each has an error of its own, and waiting helps with none.
        raise EncoderFailed(
            f'the model "{name}" is not on this machine, and the hub does not give it: {first_line(problem)}'
        ) from problem


@contextmanager
def growth_told(folder: Path, tell: Callable[[int], None], *, every_seconds: float = 2.0) -> Iterator[None]:
    """`tell` hears how many bytes the folder holds, whenever they have become more."""
    has_ended = threading.Event()
    held = _bytes_in(folder)

    def watch() -> None:
        nonlocal held
        while not has_ended.wait(every_seconds):
            before, held = held, _bytes_in(folder)
            if held > before:
                tell(held)

    watching = threading.Thread(target=watch, name="fetching", daemon=True)
    watching.start()
    try:
        yield
    finally:
        has_ended.set()
        watching.join()


def fetched_into(model: Model) -> Path:
    """The folder that a model's files come into while its hub sends them."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE) / f"models--{model.name.replace('/', '--')}"


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # renamed while we looked
            total += 0 if path.is_symlink() or path.is_dir() else path.stat().st_size
    return total


def digest(loaded: Any, place: str) -> str:
    """The digest that tells these weights from others: the hub's revision, or the content of the folder."""
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
    """The first line of what an error says."""
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
