"""The search on a card, its arithmetic on torch's processor device and, where there is a card, on it."""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings

from engine.index.protocol import SearchSpec
from engine.index.scan import Compressed, Scan
from engine.index.score import Floats, scores_of
from tests.engine.index.scan import plain
from tests.engine.index.scan.cases import MAKERS, cases

if TYPE_CHECKING:
    import torch

# Looked for and not imported: every process of the suite reads this file, and one of them runs it.
if find_spec("torch") is None:
    pytest.skip("the search on a card needs torch (the extra gpu)", allow_module_level=True)

TILE = 64 * 64  # numbers, so that small matrices have several tiles


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    import torch

    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no NVIDIA card on this machine")
    return str(request.param)


@settings(max_examples=30)
@given(case=cases())
def test_a_card_finds_what_the_processor_finds(
    device: str, case: tuple[Floats, Floats, list[SearchSpec]]
) -> None:
    from engine.index.scan.gpu_scan import CardScan

    matrix, questions, wanted = case
    expected = Scan(matrix).search(questions, wanted)
    found = CardScan.over(matrix, device, tile=TILE).search(questions, wanted)
    assert all(map(plain.same, found, expected))


def test_many_callers_at_once_get_what_each_would_get_alone(device: str) -> None:
    from engine.index.scan.gpu_scan import CardScan

    rng = np.random.default_rng(3)
    matrix, questions = plain.clustered_rows(rng, 2000, 48), plain.random_rows(rng, 40, 48)
    card = CardScan.over(matrix, device, tile=TILE)
    expected = Scan(matrix).search(questions, [SearchSpec(0.3, top_k=3)] * 40)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: card.search(one[None], [SearchSpec(0.3, top_k=3)])[0], questions))
    assert all(map(plain.same, found, expected))


def test_what_does_not_fit_on_the_card_is_searched_on_the_processor(
    device: str, caplog: pytest.LogCaptureFixture
) -> None:
    from engine.index.scan.gpu_scan import CardScan, card_scanner

    matrix = plain.random_rows(np.random.default_rng(4), 300, 16)
    size = 300 * 16 * 2
    assert isinstance(card_scanner(device, free_bytes=lambda _card: size)(matrix, None), CardScan)
    copy = Compressed.of(matrix)
    fallen_back = card_scanner(device, free_bytes=lambda _card: size - 1)(matrix, copy)
    assert isinstance(fallen_back, Scan)
    assert fallen_back.compressed is copy
    assert "searching on the processor" in caplog.messages


def test_a_card_that_cannot_be_used_is_not_the_end(caplog: pytest.LogCaptureFixture) -> None:
    from engine.index.scan.gpu_scan import card_scanner

    def broken(_card: torch.device) -> int:
        raise RuntimeError("CUDA error: unspecified launch failure")

    matrix = plain.random_rows(np.random.default_rng(4), 30, 16)
    assert isinstance(card_scanner("cpu", free_bytes=broken)(matrix, None), Scan)
    assert caplog.records[0].__dict__["reason"] == "CUDA error: unspecified launch failure"


def test_a_pass_without_memory_is_made_on_the_processor(caplog: pytest.LogCaptureFixture) -> None:
    import torch

    from engine.index.scan.gpu_scan import CardScan

    def products(_rows: torch.Tensor, _questions: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory\nand much more")

    rng = np.random.default_rng(5)
    matrix, questions = plain.random_rows(rng, 300, 16), plain.random_rows(rng, 3, 16)
    card = CardScan(matrix, torch.from_numpy(matrix).half(), products=products)
    wanted = [SearchSpec(0.2, top_k=3)] * 3
    assert all(map(plain.same, card.search(questions, wanted), Scan(matrix).search(questions, wanted)))
    assert [record.__dict__["reason"] for record in caplog.records] == ["CUDA out of memory"]


def test_the_card_is_free_of_a_scan_when_its_last_reader_is_gone() -> None:
    from engine.index.scan.gpu_scan import CardScan

    matrix = plain.random_rows(np.random.default_rng(6), 300, 16)
    scan = CardScan.over(matrix, "cpu")
    moved = scan.rebased_on(matrix.copy())
    held = weakref.ref(moved._halves)
    assert moved._halves is scan._halves
    moved.search(matrix[:1], [SearchSpec(0.2)])
    del scan, moved
    assert held() is None  # at once, not when garbage is collected


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("dimension", [1, 64, 512, 2560])
def test_the_product_of_the_halves_is_within_its_bound(maker: plain.Maker, dimension: int) -> None:
    from engine.index.scan.gpu_scan import bound_of

    rng = np.random.default_rng(11)
    matrix, question = maker(rng, 200, dimension), plain.random_rows(rng, 1, dimension)[0]
    halves = matrix.astype(np.float16).astype(np.float32) @ question.astype(np.float16).astype(np.float32)
    off = np.abs(halves - scores_of(matrix, np.arange(200), question))
    assert off.max() <= bound_of(question)


def test_a_matrix_without_rows_has_no_answer_on_the_card_either() -> None:
    from engine.index.scan.gpu_scan import CardScan

    card = CardScan.over(np.empty((0, 8), dtype=np.float32), "cpu")
    found = card.search(np.ones((1, 8), dtype=np.float32), [SearchSpec(0.0, top_k=3)])[0]
    assert (found.total, found.best_score) == (0, None)
