"""The examination of Qwen3's architecture alone: where a text ends, and who sees whom."""

from __future__ import annotations

from typing import Any

from engine.encoder.examination import refusal

END = "<|endoftext|>"
END_ID = 151_643
"""Its id in the tokenizer of the published models; others may number it otherwise."""

_TEXT = "the parcel has not arrived"
_LONGER = "the parcel has not arrived and nobody answers"


def is_qwen(loaded: Any) -> bool:
    """Whether these sentence-transformers modules begin with a Qwen3 model."""
    config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
    return getattr(config, "model_type", "") == "qwen3"


def examine(name: str, loaded: Any, *, tolerance: float) -> None:
    """The checks "last token", "causal mask" and "pooling".

    Raises:
        EncoderFailed: naming the check.
    """
    import torch

    with torch.inference_mode():
        _last_token(name, loaded)
        _causal_mask(name, loaded, tolerance)
        _pooling(name, loaded, tolerance)


def _last_token(name: str, loaded: Any) -> None:
    end = loaded.tokenizer.convert_tokens_to_ids(END)
    is_large = len(loaded.tokenizer) > END_ID
    for text in (_TEXT, " ".join([_TEXT] * (loaded.max_seq_length or 1))):
        found = int(_tokens(loaded, text)[-1])
        if end is None or found != end or (is_large and end != END_ID):
            raise refusal(
                name,
                "last token",
                f"a text ends with the token {found}, wanted {END} ({END_ID if is_large else end})",
                "Usually tokenizer.json is an old one, or of the model without embeddings",
            )


def _causal_mask(name: str, loaded: Any, tolerance: float) -> None:
    """Require causal attention: a token's state must not depend on the tokens after it."""
    short, long = (_tokens(loaded, text) for text in (_TEXT, _LONGER))
    shared = 0
    while shared < min(len(short), len(long)) and short[shared] == long[shared]:
        shared += 1
    first, second = (_states(loaded, text)[:shared] for text in (_TEXT, _LONGER))
    away = float(((first - second).norm(dim=1) / first.norm(dim=1)).max())
    if not away <= tolerance:
        raise refusal(
            name,
            "causal mask",
            f"tokens change by {away:.4f} of their length with what follows, allowed is {tolerance:g}",
            "Usually its config makes the attention see both ways",
        )


def _pooling(name: str, loaded: Any, tolerance: float) -> None:
    if [type(piece).__name__ for piece in loaded][2:] not in ([], ["Normalize"]):
        return  # further layers change the vector, as they should
    last = _states(loaded, _TEXT)[-1]
    vector = loaded(_features(loaded, _TEXT))["sentence_embedding"][0].float()
    away = float((vector / vector.norm() - last / last.norm()).norm())
    if not away <= tolerance:
        raise refusal(
            name,
            "pooling",
            f"the vector is {away:.4f} away from that of the last token",
            "Usually 1_Pooling/config.json is missing, so that the mean of all tokens is taken",
        )


def _features(loaded: Any, text: str) -> dict[str, Any]:
    features = loaded.preprocess([text])
    return {
        key: value.to(loaded.device) if hasattr(value, "to") else value for key, value in features.items()
    }


def _tokens(loaded: Any, text: str) -> list[int]:
    return [int(each) for each in _features(loaded, text)["input_ids"][0]]


def _states(loaded: Any, text: str) -> Any:
    return loaded[0](_features(loaded, text))["token_embeddings"][0].float()
