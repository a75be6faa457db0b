from __future__ import annotations

import numpy as np

from engine.config import Model
from engine.encoder import CountsTokens
from engine.encoder.bundled import BundledEncoder
from engine.encoder.prepared import with_steps
from tests.support.engine import LetterEncoder


def test_steps_are_taken_on_questions_and_entries_alike() -> None:
    inner = LetterEncoder()
    encoder = with_steps(inner, ("fold", "unend"))
    encoder.encode(["Ｒｅｆｕｎｄ?"], "query")
    encoder.encode(["REFUND."], "document")
    encoder.encode(["Instruct: X\nQuery:REFUND."], "bare")
    assert [texts for _, texts in inner.batches] == [
        ("refund",),
        ("refund",),
        ("Instruct: X\nQuery:REFUND.",),
    ]


def test_another_preparation_is_another_model() -> None:
    inner = LetterEncoder()
    prints = {with_steps(inner, steps).identity.fingerprint for steps in ((), ("fold",), ("fold", "join"))}
    assert len(prints) == 3
    assert with_steps(inner, ()) is inner


def test_the_bundled_model_takes_the_steps_it_is_told() -> None:
    usual, bare = BundledEncoder(Model()), BundledEncoder(Model(prepare=()))
    assert usual.identity.fingerprint != bare.identity.fingerprint
    texts = ["MY CARD", "my card"]
    one, other = usual.encode(texts, "query")
    assert np.array_equal(one, other)
    one, other = bare.encode(texts, "query")
    assert float(one @ other) < 0.9
    assert isinstance(with_steps(usual, ("unend",)), CountsTokens)
