"""Turning texts into unit vectors.

One interface, and behind it the bundled model or any sentence-transformers model. Torch
and sentence-transformers are imported only when such a model is asked for. Which thread
an encoder runs in, and in what order, is the batcher's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from engine.config import Model
from engine.snapshot import ModelIdentity, Vectors

Role = Literal["query", "document"]


class Encoder(Protocol):
    """A loaded model. It is used by one thread at a time.

    `encode` gives a float32 row of length 1 for each text, which must hold something
    visible. A text longer than the model's limit is cut to it. Two encoders with the same
    `identity.fingerprint` give the same vectors.
    """

    @property
    def identity(self) -> ModelIdentity: ...

    @property
    def device(self) -> str: ...

    def encode(self, texts: Sequence[str], role: Role) -> Vectors: ...


@runtime_checkable
class CountsTokens(Protocol):
    """What an encoder may be as well: one that says into how many tokens it cuts a question."""

    def count_tokens(self, text: str) -> int: ...


def load(model: Model) -> Encoder:
    """The encoder that the configuration names, loaded and warmed up.

    Raises:
        EncoderFailed: saying what is missing and what to do about it.
    """
    if model.name == "bundled":
        from engine.encoder.bundled import BundledEncoder  # noqa: PLC0415 - 65 MB that others do without

        return BundledEncoder(model)
    from engine.encoder.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415 - needs the gpu extra

    return SentenceTransformerEncoder(model)
