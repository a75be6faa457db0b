"""Time the encoder against what the device can do, in one run.

    python -m benchmarks.encode [--size 4B] [--texts 4096] [--rounds 20]

The model is built as Qwen3-Embedding of that size, with random weights and a tokenizer of
letters, in a temporary folder: 4B takes 30 GB of disk on the way. Compared are

    texts of 50 tokens     with the rate at which the device multiplies large matrices
    a question of 20       with the time it takes to read the weights once

"tiny" is there to try this script on a processor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.config import Model
from engine.encoder.sentence_transformer import SentenceTransformerEncoder
from tests.support.tiny_qwen import a_tiny_qwen

SHAPES: dict[str, dict[str, int]] = {
    "tiny": {},
    "0.6B": {
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
    },
    "4B": {
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
    },
    "8B": {
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
    },
}
LARGE = {"num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 512}
TEXT_TOKENS, QUESTION_TOKENS = 50, 20
SIDE = {"cuda": 8192, "cpu": 1024}


def median_seconds(run: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])  # the first one warms up


def letters(count: int, tokens: int) -> list[str]:
    """Texts of this many tokens, the end of text among them."""
    rows = np.random.default_rng(1).integers(97, 123, (count, tokens - 1), dtype=np.uint8)
    return [row.tobytes().decode() for row in rows]


def flops_a_token(backbone: Any, tokens: int) -> float:
    config = backbone.config
    weights = sum(each.numel() for name, each in backbone.named_parameters() if "embed_tokens" not in name)
    seen = 4 * config.num_hidden_layers * config.num_attention_heads * config.head_dim * tokens / 2
    return float(2 * weights + seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", choices=SHAPES, default="4B")
    parser.add_argument("--texts", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    shape = {**SHAPES[asked.size], **(LARGE if asked.size != "tiny" else {})}
    with tempfile.TemporaryDirectory() as folder:
        encoder = SentenceTransformerEncoder(Model(name=str(a_tiny_qwen(Path(folder) / "model", **shape))))
    backbone = encoder._model[0].auto_model  # noqa: SLF001 - its own weights are the yardstick, and a card holds no second copy
    weight = next(backbone.parameters())
    side = SIDE[encoder.device]
    square = torch.randn(side, side, dtype=weight.dtype, device=weight.device)
    peak = 2 * side**3 / median_seconds(lambda: square @ square, asked.rounds)
    held = [each.detach().reshape(-1) for each in backbone.parameters()]
    floor = median_seconds(lambda: [each.sum() for each in held], asked.rounds)
    texts, [question] = letters(asked.texts, TEXT_TOKENS), letters(1, QUESTION_TOKENS)
    bulk = median_seconds(lambda: encoder.encode(texts, "document"), max(1, asked.rounds // 5))
    alone = median_seconds(lambda: encoder.encode([question], "document"), asked.rounds * 5)
    rate = asked.texts * TEXT_TOKENS / bulk
    share = rate * flops_a_token(backbone, TEXT_TOKENS) / peak
    padding = "with" if encoder.identity.settings["padding"] else "without"
    print(f"{asked.size}, {weight.dtype}, {encoder.device}, {padding} padding")
    print(f"matrices {peak / 1e12:.1f} TFLOP/s; weights read in {floor * 1000:.2f} ms")
    print(f"{asked.texts} texts of {TEXT_TOKENS}: {rate:,.0f} tokens/s, {share:.2f} of the matrix rate")
    print(f"a question of {QUESTION_TOKENS}: {alone * 1000:.2f} ms, {alone / floor:.1f} times the weights")


if __name__ == "__main__":
    main()
