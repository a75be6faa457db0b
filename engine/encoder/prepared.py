"""A model that gets its texts after some steps of preparation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.encoder.protocol import CountsTokens, Encoder, FindsTrouble, Role
from engine.encoder.vectors import fingerprint_of
from engine.index import normalize
from engine.index.snapshot import ModelIdentity, Vectors

_PREPARATION = "preparation"


class PreparedEncoder:
    """The same model, told apart from itself without these steps."""

    def __init__(self, encoder: Encoder, steps: Sequence[str]) -> None:
        self._encoder = encoder
        self._prepare = normalize.of(steps)
        bare = encoder.identity
        name = normalize.name_of(steps)
        self._identity = ModelIdentity(
            name=bare.name,
            dimension=bare.dimension,
            fingerprint=fingerprint_of({"model": bare.fingerprint, "preparation": name}),
            settings={**bare.settings, _PREPARATION: name},
        )

    @property
    def identity(self) -> ModelIdentity:
        return self._identity

    @property
    def device(self) -> str:
        return self._encoder.device

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        return self._encoder.encode([self._as_role(text, role) for text in texts], role)

    def find_trouble(self) -> str:
        return self._encoder.find_trouble() if isinstance(self._encoder, FindsTrouble) else ""

    def _as_role(self, text: str, role: Role) -> str:
        # A bare text has its instruction already, and no step may touch that.
        return text if role == "bare" else self._prepare(text)


class PreparedCountingEncoder(PreparedEncoder):
    """One that also counts the tokens of what it is given."""

    def __init__(self, encoder: Encoder, steps: Sequence[str], counter: CountsTokens) -> None:
        super().__init__(encoder, steps)
        self._counter = counter

    def count_tokens(self, text: str, role: Role) -> int:
        return self._counter.count_tokens(self._as_role(text, role), role)


def with_steps(encoder: Encoder, steps: Sequence[str]) -> Encoder:
    """This encoder behind these steps; without any, this encoder."""
    if not steps:
        return encoder
    if isinstance(encoder, CountsTokens):
        return PreparedCountingEncoder(encoder, steps, encoder)
    return PreparedEncoder(encoder, steps)


def bare_identity(identity: ModelIdentity) -> ModelIdentity:
    """The model's own identity, from that of the model behind its steps; any other as it is."""
    settings = {name: value for name, value in identity.settings.items() if name != _PREPARATION}
    if len(settings) == len(identity.settings):
        return identity
    return replace(identity, fingerprint=fingerprint_of(settings), settings=settings)
