"""Any sentence-transformers model, by name or by path. Needs the extra `gpu`.

What sentence-transformers itself would do, in batches of 32 with a stop after each, is
done here in portions of like length, cut by tokens, with tokens counted ahead of time and
results copied while the device goes on; Qwen3 on a card without padding, where that gives
what the padded pass gives. CUDA graphs for single questions are left out until somebody
has a card to measure them on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

import numpy as np

from engine.config import Model
from engine.domain import DeviceLost, EncoderFailed
from engine.encoder import examination, qwen, unpadded
from engine.encoder.place import digest, fetched_into, first_line, growth_told, place
from engine.encoder.portions import DoesNotFit, Portions
from engine.encoder.vectors import fingerprint_of, shorten
from engine.index.snapshot import ModelIdentity, Vectors

# On a card as many tokens as keep it busy, on a processor as many as stay in its cache.
# Both are guesses in the right order of size.
_CARD_TOKENS, _CARD_ROWS = 16_384, 512
_TOKENS, _ROWS = 4_096, 64
_SHOWN_CHARACTERS = 40

_log = logging.getLogger(__name__)

# What one forward pass does: features in, a row for each text out, still on the device.
Forward = Callable[[Any, dict[str, Any]], Any]


def _forward(loaded: Any, features: dict[str, Any]) -> Any:
    return loaded(features)["sentence_embedding"]


class SentenceTransformerEncoder:
    """A model from a hub or a folder, on the device that was asked for and no other.

    Queries get the prompt that the model's own configuration names "query", entries the
    one it names "document", where there are such prompts. `device = "auto"` takes a card
    when there is one and says so in `device`; "cuda" without a card is refused. So is a
    model that does not pass the examination. Out of memory, it goes on with fewer texts
    at a time, and names the one that does not fit alone. A device that is lost is DeviceLost.
    """

    def __init__(
        self,
        model: Model,
        tell: Callable[[str], None] = lambda _stage: None,
        *,
        forward: Forward = _forward,
        is_unpadded: bool | None = None,
        forward_unpadded: Forward = unpadded.forward,
    ) -> None:
        """`is_unpadded` None: on a card, where the model allows it and a comparison does not forbid it."""
        torch, sentence_transformers = _libraries(model)
        self._torch = torch
        self._forward = forward
        self._forward_unpadded = forward_unpadded
        self._reading = threading.Lock()  # a tokenizer is used by one thread at a time
        self._device = device_of(model)
        dtype = _dtype(torch, model.dtype, self._device)
        tell(f"fetching {model.name} from {model.source}, if it is not here yet")
        _draw_no_bars()
        where = place(model)
        tell(f"reading the weights of {model.name} onto {self._device}")
        try:
            with growth_told(fetched_into(model), _in_megabytes(f"fetching {model.name}", tell)):
                self._model = sentence_transformers.SentenceTransformer(
                    where, device=self._device, model_kwargs={"dtype": dtype}
                )
        except Exception as problem:
            # Hubs, file formats and tokenizers each have errors of their own.
            raise EncoderFailed(
                f'the model "{model.name}" cannot be loaded: {first_line(problem)}'
            ) from problem
        self._model.eval()
        self._model.max_seq_length = _longest(self._model, model.longest_tokens)
        width = self._model.get_embedding_dimension()
        if width is None or model.dimension > width:
            raise EncoderFailed(f"[engine.model] dimension is {model.dimension}, {model.name} gives {width}")
        self._width = int(width)
        self._prompts = {role: self._model.prompts.get(role) or "" for role in ("query", "document")}
        is_card = self._device.startswith("cuda")
        self._is_unpadded = unpadded.can_go_unpadded(self._model) and (
            is_card if is_unpadded is None else is_unpadded
        )
        self._portions = Portions(*((_CARD_TOKENS, _CARD_ROWS) if is_card else (_TOKENS, _ROWS)))
        tell(f"examining {model.name}")
        tolerance = examination.TOLERANCE if dtype == torch.float32 else examination.TOLERANCE_BFLOAT16
        self._is_unpadded = self._is_unpadded and self._gives_the_same_unpadded(tolerance)
        self._examine(model.name, width, tolerance)
        self._identity = _identity(
            model, self._model, where, width, str(dtype), is_unpadded=self._is_unpadded
        )

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def device(self) -> str:
        return self._device

    def ahead(self, texts: Sequence[str], role: str) -> Sequence[str]:
        return _Read(texts, self._features(texts, role))

    def encode(self, texts: Sequence[str], role: str) -> Vectors:
        for number, text in enumerate(texts, start=1):
            if not text.strip():
                raise EncoderFailed(f"text {number} is empty")
        return shorten(self._vectors(texts, role), self._identity.dimension)

    def count_tokens(self, text: str, role: str) -> int:
        """The number of tokens with the prompt and the model's own marks around a text, up to its limit."""
        with self._reading:
            count = len(self._model.tokenizer(self._prompts.get(role, "") + text)["input_ids"])
        return min(count, self._model.max_seq_length or count)

    def _gives_the_same_unpadded(self, tolerance: float) -> bool:
        texts = examination.UNLIKE
        try:
            without = shorten(self._vectors(texts, "document"), self._width)
        except Exception as problem:  # noqa: BLE001 - each torch and card says in its own way that it cannot
            _log.warning("padding is used", extra={"reason": first_line(problem)})
            return False
        self._is_unpadded = False
        away = np.linalg.norm(without - shorten(self._vectors(texts, "document"), self._width), axis=1).max()
        if not away <= tolerance:
            _log.warning("padding is used", extra={"reason": f"without it vectors are {away:.4f} away"})
        return bool(away <= tolerance)

    def _examine(self, name: str, width: int, tolerance: float) -> None:
        examination.examine(
            name,
            width,
            lambda texts: self._vectors(texts, "document"),
            tolerance=tolerance,
            length_of=lambda text: int(
                self._features([text], "document").get("attention_mask", np.ones(1)).sum()
            ),
        )
        if qwen.is_qwen(self._model):
            qwen.examine(name, self._model, tolerance=tolerance)
        examination.examine_scores(
            name, lambda texts: self._vectors(texts, "query"), lambda texts: self._vectors(texts, "document")
        )

    def _vectors(self, texts: Sequence[str], role: str) -> Vectors:
        """The vectors in the model's own dimension and length, a portion at a time."""
        features = texts.features if isinstance(texts, _Read) else self._features(texts, role)
        mask: Any = features.get("attention_mask")
        can_be_cut = getattr(mask, "ndim", 0) == 2 and len(mask) == len(texts)  # noqa: PLR2004 - rows and columns
        # What is not a table of tokens is read anew for each portion.
        lengths = mask.sum(dim=1).tolist() if can_be_cut else [len(text) for text in texts]

        def encode(rows: Sequence[int]) -> Any:
            part = (
                _rows_of(features, rows) if can_be_cut else self._features([texts[row] for row in rows], role)
            )
            return self._through(part)

        made: list[tuple[Sequence[int], Any]] = []
        try:
            made.extend(
                self._portions.encode(
                    lengths, encode, is_out_of_memory=self._is_out_of_memory, free=self._free
                )
            )
            if self._device.startswith("cuda"):
                # What went wrong on the device may be told here first.
                self._torch.cuda.current_stream(self._device).synchronize()
        except DoesNotFit as problem:
            text = texts[problem.row]
            raise EncoderFailed(
                f'"{text[:_SHOWN_CHARACTERS]}" ({lengths[problem.row]} tokens) does not fit into the memory'
                f" of {self._device} even alone; shorten it, or lower [engine.model] longest_tokens"
            ) from None
        except self._torch.AcceleratorError as problem:
            raise DeviceLost(f"{self._device} is lost: {first_line(problem)}") from problem
        vectors = np.empty((len(texts), made[0][1].shape[1]), np.float32)
        for rows, part in made:
            vectors[list(rows)] = part.numpy()
        return vectors

    def _through(self, features: dict[str, Any]) -> Any:
        """One forward pass. On a card the result is still on its way when this returns."""
        torch = self._torch
        if self._is_unpadded:
            features = unpadded.pack(features)
        forward = self._forward_unpadded if self._is_unpadded else self._forward
        with torch.inference_mode():
            there = {
                key: self._move(value) if torch.is_tensor(value) else value for key, value in features.items()
            }
            rows = forward(self._model, there).float()
            if not self._device.startswith("cuda"):
                return rows.cpu()
            here = torch.empty(rows.shape, dtype=torch.float32, pin_memory=True)
            return here.copy_(rows, non_blocking=True)

    def _move(self, tensor: Any) -> Any:
        if not self._device.startswith("cuda"):
            return tensor.to(self._device)
        return tensor.pin_memory().to(self._device, non_blocking=True)

    def _features(self, texts: Sequence[str], role: str) -> dict[str, Any]:
        prompt = self._prompts.get(role) or None
        with self._reading:
            features: dict[str, Any] = self._model.preprocess(list(texts), prompt=prompt)
        return features

    def _is_out_of_memory(self, problem: Exception) -> bool:
        # The processor's allocator has no error of its own.
        return isinstance(problem, self._torch.OutOfMemoryError | MemoryError) or (
            isinstance(problem, RuntimeError) and "can't allocate memory" in str(problem)
        )

    def _free(self) -> None:
        if self._device.startswith("cuda"):
            self._torch.cuda.empty_cache()


class _Read(tuple[str, ...]):  # noqa: SLOT001 - Python allows none for tuples
    """Texts with their tokens."""

    features: dict[str, Any]

    def __new__(cls, texts: Sequence[str], features: dict[str, Any]) -> Self:
        read = super().__new__(cls, texts)
        read.features = features
        return read


def _rows_of(features: dict[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """These rows, without the columns in which all of them are padded."""
    mask = features["attention_mask"][list(rows)]
    columns = mask.any(dim=0)
    return {
        key: value[list(rows)][:, columns]
        if getattr(value, "shape", None) == features["attention_mask"].shape
        else value
        for key, value in features.items()
    }


def _libraries(model: Model) -> tuple[Any, Any]:
    try:
        import sentence_transformers
        import torch
    except ImportError as missing:
        raise EncoderFailed(
            f'the model "{model.name}" needs sentence-transformers: make setup GPU=yes ({missing})'
        ) from missing
    return torch, sentence_transformers


def _in_megabytes(stage: str, tell: Callable[[str], None]) -> Callable[[int], None]:
    return lambda held: tell(f"{stage}: {held >> 20} MB are here")


def _draw_no_bars() -> None:
    """Bars are for terminals, and our standard error is a log of JSON lines."""
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bars()
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types there


def device_of(model: Model) -> str:
    """The device that the model runs on here.

    Raises:
        EncoderFailed: the extra is not installed, or a card is asked for and there is none.
    """
    torch, _ = _libraries(model)
    wanted = model.device
    has_card = bool(torch.cuda.is_available())
    if wanted == "auto":
        return "cuda" if has_card else "cpu"
    cards = torch.cuda.device_count() if has_card else 0
    if wanted.startswith("cuda") and int(wanted.partition(":")[2] or 0) >= cards:
        raise EncoderFailed(_missing(wanted, f"{cards or 'no'} NVIDIA card{'s' * (cards > 1)}"))
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise EncoderFailed(_missing(wanted, "no Apple graphics"))
    return wanted


def _missing(wanted: str, seen: str) -> str:
    return (
        f'[engine.model] device = "{wanted}", but torch sees {seen} here; use "auto" to run on what there is'
    )


def _dtype(torch: Any, wanted: str, device: str) -> Any:
    if wanted != "auto":
        return getattr(torch, wanted)
    # Some words give NaN in float16, none do in bfloat16.
    return torch.bfloat16 if device.startswith("cuda") else torch.float32


def _longest(loaded: Any, wanted: int) -> int:
    """The cap in tokens: what was asked for, or what the model can take if that is less."""
    own = loaded.max_seq_length
    return wanted if own is None else min(int(own), wanted)


def _identity(
    model: Model, loaded: Any, where: str, width: int, dtype: str, *, is_unpadded: bool
) -> ModelIdentity:
    dimension = model.dimension or width
    settings = {
        "name": model.name,
        "weights": digest(loaded, where),
        "prompts": {role: loaded.prompts.get(role, "") for role in ("query", "document")},
        "dimension": dimension,
        "dtype": dtype,
        "longest_tokens": loaded.max_seq_length,
        "pieces": [type(piece).__name__ for piece in loaded],
        "padding": not is_unpadded,
        "sentence_transformers": version("sentence-transformers"),
        "transformers": _version_of("transformers"),
        "torch": _version_of("torch"),
    }
    # A model moved to another folder is the same model.
    naming = {name: value for name, value in settings.items() if name != "name"}
    return ModelIdentity(
        name=model.name, dimension=dimension, fingerprint=fingerprint_of(naming), settings=settings
    )


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
