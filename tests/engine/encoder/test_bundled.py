from __future__ import annotations

import numpy as np
import pytest

from engine import encoder
from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder.bundled import BundledEncoder

TEXTS = ["哪里可以改收货地址？", "How do I return a parcel?", "x", "🙂", "a" * 5000, "NUL \x00 inside"]


@pytest.fixture(scope="module")
def bundled() -> BundledEncoder:
    return BundledEncoder(Model())


def test_vectors_are_unit_float32_of_the_width_it_tells(bundled: BundledEncoder) -> None:
    vectors = bundled.encode(TEXTS, "document")
    assert vectors.shape == (len(TEXTS), bundled.identity.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-6)


def test_a_batch_equals_its_singles(bundled: BundledEncoder) -> None:
    together = bundled.encode(TEXTS, "query")
    alone = np.concatenate([bundled.encode([text], "query") for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-5


def test_what_lies_beyond_the_limit_is_not_read(bundled: BundledEncoder) -> None:
    long = "where is my parcel " * 500
    assert np.array_equal(bundled.encode([long], "query"), bundled.encode([long + "refund"], "query"))


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_text_is_refused(bundled: BundledEncoder, text: str) -> None:
    with pytest.raises(EncoderFailed, match="text 2 is empty"):
        bundled.encode(["fine", text], "document")


def test_meaning_is_near_in_both_languages(bundled: BundledEncoder) -> None:
    question = bundled.encode(["怎么退货"], "query")[0]
    near, far = bundled.encode(["How can I return an item?", "The moon is made of rock."], "document")
    assert question @ near > 0.5 > question @ far


def test_a_shorter_vector_is_cut_and_has_a_fingerprint_of_its_own(bundled: BundledEncoder) -> None:
    short = BundledEncoder(Model(dimension=64))
    whole = bundled.encode(TEXTS, "document")[:, :64]
    assert np.allclose(
        short.encode(TEXTS, "document"), whole / np.linalg.norm(whole, axis=1, keepdims=True), atol=1e-6
    )
    assert short.identity.dimension == 64
    assert short.identity.fingerprint != bundled.identity.fingerprint


def test_the_same_settings_have_the_same_fingerprint(bundled: BundledEncoder) -> None:
    assert encoder.load(Model(device="cpu")).identity == bundled.identity


@pytest.mark.parametrize(
    ("model", "says"), [(Model(device="cuda"), "runs on the processor"), (Model(dimension=513), "gives 512")]
)
def test_what_it_cannot_do_is_refused(model: Model, says: str) -> None:
    with pytest.raises(EncoderFailed, match=says):
        BundledEncoder(model)
