"""The encoder protocol: a model that turns texts into unit vectors, and optional abilities of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from engine.index.snapshot import ModelIdentity, Vectors

Role = Literal["query", "document", "bare"]
"""What a text is. A bare one gets nothing in front: it has its instruction already."""


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
    """An encoder that counts the tokens of a text."""

    def count_tokens(self, text: str, role: Role) -> int: ...


@runtime_checkable
class Pretokenizes(Protocol):
    """An encoder that can tokenize texts ahead of `encode`, in other threads."""

    def ahead(self, texts: Sequence[str], role: Role) -> Sequence[str]:
        """The same texts, ready for `encode`. Any thread may call this, while another encodes."""


@runtime_checkable
class HasLanes(Protocol):
    """An encoder made of several equal ones, each for a thread of its own."""

    @property
    def lanes(self) -> Sequence[Encoder]: ...

    def stop(self) -> None:
        """End what runs beside this process; whoever encodes is told. Fine to call twice."""


@runtime_checkable
class FindsTrouble(Protocol):
    """An encoder whose vectors may become wrong while it runs."""

    def find_trouble(self) -> str:
        """The fault in the vectors now, as a sentence; "" if there is none. Any thread may call this.

        Raises:
            EncoderFailed, NotReady: it cannot be told now.
        """
