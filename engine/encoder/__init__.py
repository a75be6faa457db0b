"""Turning texts into unit vectors.

One interface, and behind it the bundled model or any sentence-transformers model. Torch
and sentence-transformers are imported only when such a model is asked for. Which thread
an encoder runs in, and in what order, is the batcher's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol, runtime_checkable

from engine.config import Model
from engine.encoder.instruction import add_instruction
from engine.index.snapshot import ModelIdentity, Vectors

__all__ = [
    "CountsTokens",
    "Encoder",
    "HasLanes",
    "Pretokenizes",
    "Role",
    "add_instruction",
    "load",
    "require_device",
]

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
    """What an encoder may be as well: one that says into how many tokens it cuts a text."""

    def count_tokens(self, text: str, role: Role) -> int: ...


@runtime_checkable
class Pretokenizes(Protocol):
    """What an encoder may be as well: one that can do some of its work before its turn."""

    def ahead(self, texts: Sequence[str], role: Role) -> Sequence[str]:
        """The same texts, ready for `encode`. Any thread may call this, while another encodes."""


@runtime_checkable
class HasLanes(Protocol):
    """What an encoder may be as well: several that do the same, each for a thread of its own."""

    @property
    def lanes(self) -> Sequence[Encoder]: ...

    def stop(self) -> None:
        """End what runs beside this process; whoever encodes is told. Fine to call twice."""


def _in_silence(_stage: str) -> None:
    return


def require_device(model: Model) -> None:
    """Refuse, before anything is started, a device that the configuration insists on and that is not here.

    Costs nothing where it insists on none: `load` then takes what there is, and says so.

    Raises:
        EncoderFailed: saying what to set instead.
    """
    if model.remote_url or model.device in {"auto", "cpu"}:
        return
    if model.name == "bundled":
        from engine.encoder.bundled import require_processor  # noqa: PLC0415 - as in load

        require_processor(model)
    else:
        from engine.encoder.sentence_transformer import device_of  # noqa: PLC0415 - as in load

        device_of(model)


def load(
    model: Model, tell: Callable[[str], None] = _in_silence, known: Iterable[ModelIdentity] = ()
) -> Encoder:
    """The encoder that the configuration names, loaded, examined and warmed up.

    `tell` hears what is being done. `known` are the identities that vectors were stored under.

    Raises:
        EncoderFailed: saying what is missing and what to do about it.
        NotReady: a remote model that does not answer now, and may later.
    """
    if model.name == "bundled" and not model.remote_url:
        from engine.encoder.bundled import BundledEncoder  # noqa: PLC0415 - 65 MB that others do without

        return BundledEncoder(model)
    from engine.encoder.prepared import with_steps  # noqa: PLC0415 - it needs the names defined above

    steps = () if model.prepare == "auto" else model.prepare
    if model.remote_url:
        from engine.encoder.remote import RemoteEncoder  # noqa: PLC0415 - only for those who use one

        tell(f"examining {model.name} at {model.remote_url}")
        return with_steps(RemoteEncoder(model, known=known), steps)
    from engine.encoder.sentence_transformer import SentenceTransformerEncoder  # noqa: PLC0415 - needs the gpu extra

    return with_steps(SentenceTransformerEncoder(model, tell), steps)
