"""A random-weight model built as Qwen3-Embedding is: last token, end of text, prompts; 40 numbers or more."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def a_tiny_qwen(folder: Path, **shape: int) -> Path:
    """`shape` is what Qwen3Config calls it, in the place of what makes it tiny."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model

    letters = {"<|endoftext|>": 0, "<unk>": 1, **{chr(97 + n): n + 2 for n in range(26)}, ":": 28, " ": 29}
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers has no types there
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", unk_token="<unk>", padding_side="left"
    )
    torch.manual_seed(1)
    tiny: dict[str, Any] = {
        "vocab_size": 32,
        "hidden_size": 40,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 128,
    }
    config = Qwen3Config(**{**tiny, **shape})
    raw = folder.with_suffix(".raw")
    Qwen3Model(config).save_pretrained(raw)
    fast.save_pretrained(raw)
    model = SentenceTransformer(
        modules=[Transformer(str(raw)), Pooling(config.hidden_size, pooling_mode="lasttoken"), Normalize()],
        prompts={"query": "task: ", "document": ""},
        device="cpu",
    )
    model.save(str(folder), create_model_card=False)
    return folder
