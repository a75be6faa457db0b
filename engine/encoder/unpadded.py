"""A Qwen3 pass without padding: the texts of a batch stand in one row, end to end.

Each text sees itself alone, and its places are counted from 0, so a vector does not depend
on which texts go together. On a card `torch.nn.attention.varlen` does that in one call;
elsewhere each text attends by itself, which is for comparison and not for speed.

Which models this holds for, and whether it gives the vectors it should, is asked before it
is used: `can_go_unpadded` and the encoder's own comparison with the padded pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

_ATTENTION = "kbdial_unpadded"


def can_go_unpadded(loaded: Any) -> bool:
    """Whether these sentence-transformers modules are a Qwen3 model and its last token, nothing else."""
    config = getattr(getattr(loaded[0], "auto_model", None), "config", None)
    kinds = [type(piece).__name__ for piece in loaded]
    return (
        getattr(config, "model_type", "") == "qwen3"
        and not getattr(config, "use_sliding_window", False)
        and kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and loaded[1].pooling_mode == "lasttoken"
    )


def pack(features: dict[str, Any]) -> dict[str, Any]:
    """Padded features, still on the processor, as one row. `last` is where each text ends."""
    import torch

    mask = features["attention_mask"].bool()
    lengths = mask.sum(dim=1)
    starts = torch.zeros(len(lengths) + 1, dtype=torch.int32)
    starts[1:] = lengths.cumsum(0)
    return {
        "input_ids": features["input_ids"][mask][None],
        "position_ids": (mask.cumsum(dim=1) - 1)[mask][None],
        "starts": starts,
        "last": starts[1:].long() - 1,
        "longest": int(lengths.max()),
    }


def forward(loaded: Any, features: dict[str, Any]) -> Any:
    """A row for each text of what `pack` gave."""
    backbone = loaded[0].auto_model
    with _attending_unpadded(backbone.config):
        states = backbone(
            input_ids=features["input_ids"],
            position_ids=features["position_ids"],
            use_cache=False,
            cu_seq_lens_q=features["starts"],
            max_length_q=features["longest"],
        ).last_hidden_state[0]
    return states[features["last"]]


@contextmanager
def _attending_unpadded(config: Any) -> Iterator[None]:
    # Only for this pass: with this attention no mask is made, and padded passes need theirs.
    from transformers import AttentionInterface

    AttentionInterface.register(_ATTENTION, _attention)
    usual = config._attn_implementation  # noqa: SLF001 - what transformers looks at in each layer
    config._attn_implementation = _ATTENTION  # noqa: SLF001 - as above
    try:
        yield
    finally:
        config._attn_implementation = usual  # noqa: SLF001 - as above


def _attention(
    _layer: Any,
    query: Any,
    key: Any,
    value: Any,
    _mask: None,
    *,
    scaling: float,
    cu_seq_lens_q: Any,
    max_length_q: int,
    **_rest: Any,
) -> tuple[Any, None]:
    """Attention as transformers calls it: (1, heads, tokens, width) in, (1, tokens, heads, width) out."""
    if query.is_cuda:
        rows = [each[0].transpose(0, 1) for each in (query, key, value)]
        return _on_card(rows, scaling, cu_seq_lens_q, max_length_q)[None], None
    return _one_by_one((query, key, value), scaling, cu_seq_lens_q).transpose(1, 2), None


def _on_card(rows: Sequence[Any], scaling: float, starts: Any, longest: int) -> Any:
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = rows
    return varlen_attn(
        query,
        key,
        value,
        starts,
        starts,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=True,
        # Otherwise the longest text of a batch would decide how all others are summed.
        num_splits=1,
    )


def _one_by_one(rows: Sequence[Any], scaling: float, starts: Any) -> Any:
    import torch

    query, key, value = rows
    alone = [
        torch.nn.functional.scaled_dot_product_attention(
            query[:, :, start:end],
            key[:, :, start:end],
            value[:, :, start:end],
            is_causal=True,
            scale=scaling,
            enable_gqa=True,
        )
        for start, end in pairwise(starts.tolist())
    ]
    return torch.cat(alone, dim=2)
