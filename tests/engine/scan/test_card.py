"""The search on a card, its arithmetic on torch's processor device and, where there is a card, on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

pytest.importorskip("torch", reason="the search on a card needs torch (the extra gpu)")

import torch

from engine.scan import Scan, Wanted, scores_of
from engine.scan.card import CardScan, bound_of
from engine.scan.score import Floats
from tests.engine.scan import plain
from tests.engine.scan.cases import MAKERS, cases

needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA card on this machine")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, needs_card])]
TILE = 64 * 64  # numbers, so that small matrices have several tiles


@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_a_card_finds_what_the_processor_finds(
    device: str, case: tuple[Floats, Floats, list[Wanted]]
) -> None:
    matrix, questions, wanted = case
    expected = Scan(matrix).search(questions, wanted)
    found = CardScan(matrix, device=device, whole_rows=False, tile=TILE).search(questions, wanted)
    assert all(map(plain.same, found, expected))


@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=40, deadline=None)
@given(case=cases())
def test_rows_scored_on_the_card_agree_with_their_own_scores(
    device: str, case: tuple[Floats, Floats, list[Wanted]]
) -> None:
    matrix, questions, wanted = case
    card = CardScan(matrix, device=device, tile=TILE)
    every_row = np.arange(len(matrix))
    for question, want, ranked in zip(questions, wanted, card.search(questions, wanted), strict=True):
        scores = card.scores(every_row, question)
        assert scores == pytest.approx(scores_of(matrix, every_row, question), abs=1e-14)
        assert (ranked.total, ranked.rows.tolist()) == plain.answer(scores.tolist(), want)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("dimension", [1, 64, 512, 2560])
def test_the_product_of_the_halves_is_within_its_bound(maker: plain.Maker, dimension: int) -> None:
    rng = np.random.default_rng(11)
    matrix, question = maker(rng, 200, dimension), plain.random_rows(rng, 1, dimension)[0]
    halves = matrix.astype(np.float16).astype(np.float32) @ question.astype(np.float16).astype(np.float32)
    off = np.abs(halves - scores_of(matrix, np.arange(200), question))
    assert off.max() <= bound_of(question)


def test_a_matrix_without_rows_has_no_answer_on_the_card_either() -> None:
    card = CardScan(np.empty((0, 8), dtype=np.float32), device="cpu")
    found = card.search(np.ones((1, 8), dtype=np.float32), [Wanted(0.0, keep=3)])[0]
    assert (found.total, found.best_score) == (0, None)
