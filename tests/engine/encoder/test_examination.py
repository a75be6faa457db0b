from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder.bundled import BundledEncoder
from engine.encoder.examination import PUBLISHED, examine, examine_scores
from engine.index.snapshot import Vectors
from tests.support.engine import LetterEncoder

LETTERS = LetterEncoder()


def letters(texts: Sequence[str]) -> Vectors:
    return LETTERS.encode(texts, "document")


def test_a_sound_model_passes() -> None:
    examine("letters", 27, letters, tolerance=1e-3)
    bundled = BundledEncoder(Model())
    examine("bundled", 512, lambda texts: bundled.encode(texts, "document"), tolerance=1e-3)


def padded(texts: Sequence[str]) -> Vectors:
    """A model that takes padding for text."""
    longest = max(map(len, texts))
    return letters([text + "z" * (longest - len(text)) for text in texts])


def not_finite(texts: Sequence[str]) -> Vectors:
    return letters(texts) * np.float32("nan")


def nothing(texts: Sequence[str]) -> Vectors:
    return letters(texts) * np.float32(0)


def narrow(texts: Sequence[str]) -> Vectors:
    return letters(texts)[:, :20]


@pytest.mark.parametrize(
    ("encode", "check"),
    [
        (padded, "unequal lengths"),
        (not_finite, "finite"),
        (nothing, "norm"),
        (narrow, "width"),
    ],
)
def test_what_is_wrong_is_named_with_its_usual_cause(encode: Any, check: str) -> None:
    with pytest.raises(EncoderFailed, match=f'the model "m" fails the check "{check}": .*Usually'):
        examine("m", 27, encode, tolerance=1e-3)


def test_texts_of_one_length_that_see_each_other_are_found() -> None:
    def seeing(texts: Sequence[str]) -> Vectors:
        vectors = letters(texts)
        vectors[:, 0] += 0.1 * (len(texts) > 1 and len({len(text) for text in texts}) == 1)
        return vectors

    with pytest.raises(EncoderFailed, match='fails the check "equal lengths"'):
        examine("m", 27, seeing, tolerance=1e-3)


def giving(scores: Sequence[Sequence[float]]) -> tuple[Vectors, Vectors]:
    """Vectors of two questions and two passages with these scores."""
    questions = np.zeros((2, 6), np.float32)
    questions[0, 0] = questions[1, 1] = 1
    passages = np.zeros((2, 6), np.float32)
    for passage in range(2):
        passages[passage, :2] = [scores[0][passage], scores[1][passage]]
        passages[passage, 2 + passage] = np.sqrt(1 - (passages[passage, :2] ** 2).sum())
    return questions, passages


@pytest.mark.parametrize("size", ["0.6B", "4B", "8B"])
def test_the_published_scores_are_asked_of_models_of_that_name(size: str) -> None:
    questions, passages = giving(PUBLISHED[size])
    for name in (f"Qwen/Qwen3-Embedding-{size}", f"/models/Qwen3-Embedding-{size}/"):
        examine_scores(name, lambda _: questions, lambda _: passages)
    other = giving(((0.7646, 0.1414), (0.1355, 0.6100)))
    with pytest.raises(EncoderFailed, match=r'check "published scores": its scores are .*, 0\.61\]\]'):
        examine_scores(f"Qwen/Qwen3-Embedding-{size}", lambda _: other[0], lambda _: other[1])


def test_other_names_have_no_published_scores() -> None:
    def asked(_texts: Sequence[str]) -> Vectors:
        raise AssertionError("nobody should ask")

    for name in ("Qwen/Qwen3-Embedding-4B-tuned", "somebody/model", "Qwen3-Embedding-1B"):
        examine_scores(name, asked, asked)
