"""The examination of a model before its vectors are believed.

Each check has a name, and a model that fails one is refused with it and with what usually
causes it: a wrong vector looks like any other, and a knowledge base full of them looks
like a bad model. The checks ask for vectors only, so they hold for any model, near or far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.domain import EncoderFailed
from engine.index.snapshot import Vectors

# Two vectors of one text may be this far apart, which is also how far any score can move.
# Single precision stays a hundred times below it.
TOLERANCE = 1e-3
# In bfloat16 each rounding moves a number by up to 2**-9 of itself. A layer rounds about
# seven times and the errors add up as a random walk: sqrt(7 * 36) * 2**-9 / sqrt(3) = 0.018
# for 36 layers. A wrong mask or position moves a vector by 0.3 and more.
TOLERANCE_BFLOAT16 = 0.05
_PUBLISHED_TOLERANCE = 5e-3

_QUESTIONS = ("What is the capital of China?", "Explain gravity")
_PASSAGES = (
    "The capital of China is Beijing.",
    (
        "Gravity is a force that attracts two bodies towards each other. It gives weight to physical objects"
        " and is responsible for the movement of planets around the sun."
    ),
)
# From the model cards of Qwen/Qwen3-Embedding-0.6B, -4B and -8B: questions by passages.
PUBLISHED: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "0.6B": ((0.7646, 0.1414), (0.1355, 0.6000)),
    "4B": ((0.7534, 0.1147), (0.0320, 0.6258)),
    "8B": ((0.7493, 0.0751), (0.0880, 0.6318)),
}
_PUBLISHED_NAME = re.compile(r"(?:.*[/\\])?Qwen3-Embedding-(0\.6B|4B|8B)[/\\]?")

_WORDS = "the parcel has not arrived and nobody answers"
# Not half or twice as long, or they would not be put into one batch.
_SHORT = "the parcel has not arrived"
_LONG = f"{_WORDS} yet"
UNLIKE = (_WORDS, _SHORT, _LONG)
"""Texts of unequal lengths."""

Encode = Callable[[Sequence[str]], Vectors]


def refusal(name: str, check: str, found: str, cause: str) -> EncoderFailed:
    return EncoderFailed(f'the model "{name}" fails the check "{check}": {found}. {cause}')


def examine(
    name: str,
    width: int,
    encode: Encode,
    *,
    tolerance: float,
    length_of: Callable[[str], int] = len,
) -> None:
    """Width, numbers, length, and whether a text has one vector in whatever company.

    `encode` gives entries' vectors as the model makes them; `length_of` counts tokens.

    Raises:
        EncoderFailed: naming the check.
    """
    equal = _of_one_length(length_of)
    unequal = list(UNLIKE)
    alone = {text: _sound(name, width, encode([text]))[0] for text in dict.fromkeys([*equal, *unequal])}
    for check, texts, cause in (
        (
            "equal lengths",
            equal,
            "Usually the mask is left out where nothing is padded, so that texts see what they should not",
        ),
        (
            "unequal lengths",
            unequal,
            "Usually padding is on the wrong side, is not masked, or the pooling takes a padded place",
        ),
    ):
        together = _sound(name, width, encode(texts))
        away = max(
            float(np.linalg.norm(row - alone[text])) for row, text in zip(together, texts, strict=True)
        )
        if not away <= tolerance:
            raise refusal(
                name,
                check,
                f"a text alone and the same text in a batch are {away:.4f} apart, allowed is {tolerance:g}",
                cause,
            )


def examine_scores(
    name: str,
    encode_questions: Encode,
    encode_passages: Encode,
    *,
    published: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = PUBLISHED,
) -> None:
    """Examine whether our scores are those that the authors of a model of this name published, if any.

    Raises:
        EncoderFailed: naming the check.
    """
    known = _PUBLISHED_NAME.fullmatch(name)
    if not known or known[1] not in published:
        return
    scores = _unit(encode_questions(_QUESTIONS)) @ _unit(encode_passages(_PASSAGES)).T
    wanted = np.array(published[known[1]])
    if not np.abs(scores - wanted).max() <= _PUBLISHED_TOLERANCE:
        raise refusal(
            name,
            "published scores",
            f"its scores are {np.round(scores.astype(float), 4).tolist()},"
            f" the authors published {wanted.tolist()}",
            "Usually these are other weights, the end of text is not added, or the pooling is wrong;"
            " if it is a model of your own, give its folder another name",
        )


def _of_one_length(length_of: Callable[[str], int]) -> list[str]:
    """Texts of one number of tokens: the same words, begun at another place."""
    words = _WORDS.split()
    turned = [" ".join(words[place:] + words[:place]) for place in range(len(words))]
    return [text for text in turned if length_of(text) == length_of(turned[0])][:4]


def _sound(name: str, width: int, vectors: Vectors) -> Vectors:
    if vectors.ndim != 2 or vectors.shape[1] != width:  # noqa: PLR2004 - rows and columns
        raise refusal(
            name,
            "width",
            f"its vectors have the shape {vectors.shape}, wanted {width} numbers",
            "Usually the name belongs to another model",
        )
    if not np.isfinite(vectors).all():
        raise refusal(
            name,
            "finite",
            "it gives numbers that are none",
            'Usually the weights are damaged, or dtype = "float16" is too narrow for them',
        )
    if not (np.linalg.norm(vectors.astype(np.float64), axis=1) > 0).all():
        raise refusal(name, "norm", "it gives vectors without a length", "Usually the weights are missing")
    return _unit(vectors)


def _unit(vectors: Vectors) -> Vectors:
    wide = vectors.astype(np.float64)
    unit: Vectors = (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)
    return unit
