"""Turning texts into unit vectors.

One interface, and behind it the bundled model or any sentence-transformers model. Torch
and sentence-transformers are imported only when such a model is asked for. Which thread
an encoder runs in, and in what order, is the batcher's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.config import Model
from engine.encoder.instruction import add_instruction
from engine.encoder.prepared import bare_identity, with_steps
from engine.encoder.protocol import CountsTokens, Encoder, FindsTrouble, HasLanes, Pretokenizes, Role
from engine.index.snapshot import ModelIdentity

__all__ = [
    "CountsTokens",
    "Encoder",
    "FindsTrouble",
    "HasLanes",
    "Pretokenizes",
    "Role",
    "add_instruction",
    "load",
    "require_device",
]


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
        from engine.encoder.bundled import require_processor

        require_processor(model)
    else:
        from engine.encoder.sentence_transformer import device_of

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
        from engine.encoder.bundled import BundledEncoder

        return BundledEncoder(model)
    steps = () if model.prepare == "auto" else model.prepare
    if model.remote_url:
        from engine.encoder.remote import RemoteEncoder

        tell(f"examining {model.name} at {model.remote_url}")
        return with_steps(RemoteEncoder(model, known=map(bare_identity, known)), steps)
    from engine.encoder.sentence_transformer import SentenceTransformerEncoder

    return with_steps(SentenceTransformerEncoder(model, tell), steps)
