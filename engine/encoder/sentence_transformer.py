"""Any sentence-transformers model, by name or by path. Needs the extra `gpu`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder.vectors import fingerprint_of, shortened
from engine.snapshot import ModelIdentity, Vectors

_BATCH = 32
# Weights are too large to be read twice at each start: a sample of them, spread over the
# file, tells two trainings apart, which change every number.
_SMALL_BYTES = 16 << 20
_SAMPLES = 64
_SAMPLE_BYTES = 4096


class SentenceTransformerEncoder:
    """A model from a hub or a folder, on the device that was asked for and no other.

    Queries get the prompt that the model's own configuration names "query", entries the
    one it names "document", where there are such prompts. `device = "auto"` takes a card
    when there is one and says so in `device`; "cuda" without a card is refused.
    """

    def __init__(self, model: Model) -> None:
        try:
            import sentence_transformers  # noqa: PLC0415 - heavy, and only in the extra
            import torch  # noqa: PLC0415
        except ImportError as missing:
            raise EncoderFailed(
                f'the model "{model.name}" needs sentence-transformers: pip install "kbdial[gpu]" ({missing})'
            ) from missing
        self._device = _device(torch, model.device)
        dtype = _dtype(torch, model.dtype, self._device)
        place = _place(model)
        try:
            self._model = sentence_transformers.SentenceTransformer(
                place, device=self._device, model_kwargs={"dtype": dtype}
            )
        except Exception as problem:
            # Hubs, file formats and tokenizers each have errors of their own.
            raise EncoderFailed(
                f'the model "{model.name}" cannot be loaded: {_first_line(problem)}'
            ) from problem
        self._model.max_seq_length = _longest(self._model, model.longest_tokens)
        width = self._model.get_embedding_dimension()
        if width is None or model.dimension > width:
            raise EncoderFailed(f"[engine.model] dimension is {model.dimension}, {model.name} gives {width}")
        self._prompts = {
            role: role if self._model.prompts.get(role) else None for role in ("query", "document")
        }
        self._identity = _identity(model, self._model, place, width, str(dtype))
        self.encode(["warm up"], "query")

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def device(self) -> str:
        return self._device

    def encode(self, texts: Sequence[str], role: str) -> Vectors:
        for number, text in enumerate(texts, start=1):
            if not text.strip():
                raise EncoderFailed(f"text {number} is empty")
        tensor = self._model.encode(
            list(texts),
            prompt_name=self._prompts[role],
            prompt=None if self._prompts[role] else "",  # never the default prompt
            batch_size=_BATCH,
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        return shortened(tensor.float().cpu().numpy(), self._identity.dimension)

    def count_tokens(self, text: str) -> int:
        """With the prompt and the marks that the model puts around a question, up to its limit."""
        prompt = self._model.prompts.get("query") or ""
        count = len(self._model.tokenizer(prompt + text)["input_ids"])
        return min(count, self._model.max_seq_length or count)


def _device(torch: Any, wanted: str) -> str:
    has_card = bool(torch.cuda.is_available())
    if wanted == "auto":
        return "cuda" if has_card else "cpu"
    if wanted.startswith("cuda") and not has_card:
        raise EncoderFailed(
            f'[engine.model] device = "{wanted}", but torch sees no NVIDIA card here;'
            ' use "auto" to run on what there is'
        )
    return wanted


def _dtype(torch: Any, wanted: str, device: str) -> Any:
    if wanted != "auto":
        return getattr(torch, wanted)
    # Some words give NaN in float16, none do in bfloat16.
    return torch.bfloat16 if device.startswith("cuda") else torch.float32


def _place(model: Model) -> str:
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
            f'the model "{model.name}" cannot be fetched from ModelScope: {_first_line(problem)}'
        ) from problem


def _longest(loaded: Any, wanted: int) -> int:
    """The cap in tokens: what was asked for, or what the model can take if that is less."""
    own = loaded.max_seq_length
    return wanted if own is None else min(int(own), wanted)


def _identity(model: Model, loaded: Any, place: str, width: int, dtype: str) -> ModelIdentity:
    dimension = model.dimension or width
    settings = {
        "name": model.name,
        "weights": _digest(loaded, place),
        "prompts": {role: loaded.prompts.get(role, "") for role in ("query", "document")},
        "dimension": dimension,
        "dtype": dtype,
        "longest_tokens": loaded.max_seq_length,
        "pieces": [type(piece).__name__ for piece in loaded],
        "sentence_transformers": version("sentence-transformers"),
        "transformers": _version_of("transformers"),
        "torch": _version_of("torch"),
    }
    # A model moved to another folder is the same model.
    naming = {name: value for name, value in settings.items() if name != "name"}
    return ModelIdentity(
        name=model.name, dimension=dimension, fingerprint=fingerprint_of(naming), settings=settings
    )


def _digest(loaded: Any, place: str) -> str:
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


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _first_line(problem: Exception) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
