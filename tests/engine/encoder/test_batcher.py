from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as all_of
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import DeviceLost, EncoderFailed, NotReady, Overloaded
from engine.encoder import Encoder, Role
from engine.encoder.batcher import LISTS, Batcher
from engine.encoder.bulk import ASKED_PIECE, PIECE, PIECE_CHARACTERS, pieces
from engine.index.snapshot import Vectors
from tests.support.engine import WAIT_SECONDS, HeldEncoder, LetterEncoder, PickyEncoder


@contextmanager
def started(
    encoder: Encoder, queue_limit: int = 48, queue_timeout_seconds: float = WAIT_SECONDS
) -> Iterator[Batcher]:
    batcher = Batcher(lambda: encoder, queue_limit=queue_limit, queue_timeout_seconds=queue_timeout_seconds)
    batcher.start()
    assert batcher.wait_until_loaded(WAIT_SECONDS)
    try:
        yield batcher
    finally:
        if isinstance(encoder, HeldEncoder):
            encoder.go.release(1000)
        batcher.stop()


def vector_of(text: str) -> Vectors:
    vector: Vectors = LetterEncoder().encode([text], "query")[0]
    return vector


def ask(pool: ThreadPoolExecutor, batcher: Batcher, *texts: str) -> list[Future[Vectors]]:
    """Ask from many threads; returns when all of them stand in the line."""
    before = batcher.waiting
    futures = [pool.submit(batcher.encode_question, text) for text in texts]
    while batcher.waiting < before + len(texts):
        all_of(futures, timeout=0.001)
    return futures


def test_questions_that_wait_together_are_encoded_together() -> None:
    encoder = HeldEncoder()
    with ThreadPoolExecutor(8) as pool, started(encoder) as batcher:
        first = pool.submit(batcher.encode_question, "first")
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        rest = ask(pool, batcher, "b", "c", "d")
        encoder.go.release(2)
        answers = [each.result(WAIT_SECONDS) for each in (first, *rest)]
    assert [len(texts) for _, texts in encoder.batches] == [1, 3]
    for answer, text in zip(answers, ["first", "b", "c", "d"], strict=True):
        assert np.array_equal(answer, vector_of(text))


def test_a_full_line_refuses_at_once() -> None:
    encoder = HeldEncoder()
    with ThreadPoolExecutor(8) as pool, started(encoder, queue_limit=2) as batcher:
        first = pool.submit(batcher.encode_question, "a")
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        rest = ask(pool, batcher, "b", "c")
        with pytest.raises(Overloaded, match="2 questions are waiting"):
            batcher.encode_question("d")
        encoder.go.release(10)
        assert [len(each.result(WAIT_SECONDS)) for each in (first, *rest)] == [27, 27, 27]


def test_a_question_is_not_kept_waiting_for_ever() -> None:
    encoder = HeldEncoder()
    with (
        started(encoder, queue_timeout_seconds=0.01) as batcher,
        pytest.raises(Overloaded, match=r"within 0\.01 s"),
    ):
        batcher.encode_question("a")


def test_questions_pass_a_bulk_pass_between_its_pieces() -> None:
    encoder = HeldEncoder()
    with ThreadPoolExecutor(8) as pool, started(encoder) as batcher:
        bulk = pool.submit(batcher.encode_entries, [f"entry {n}" for n in range(3 * PIECE)])
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        question = ask(pool, batcher, "question")[0]
        encoder.go.release(10)
        question.result(WAIT_SECONDS)
        assert bulk.result(WAIT_SECONDS).shape == (3 * PIECE, 27)
    assert [role for role, _ in encoder.batches] == ["document", "query", "document", "document"]


def test_where_both_wait_the_question_is_first() -> None:
    encoder = LetterEncoder()
    batcher = Batcher(lambda: encoder)
    batcher.load()
    with ThreadPoolExecutor(2) as pool:
        bulk = pool.submit(batcher.encode_entries, ["entry"])
        while not batcher.waiting_pieces:
            all_of([bulk], timeout=0.001)
        question = ask(pool, batcher, "question")[0]
        assert [batcher.step() for _ in range(3)] == [True, True, False]
        question.result(WAIT_SECONDS)
        bulk.result(WAIT_SECONDS)
    assert [role for role, _ in encoder.batches] == ["query", "document"]


def test_a_list_is_cut_small_while_people_ask() -> None:
    encoder = HeldEncoder()
    encoder.device = "cpu"
    with ThreadPoolExecutor(4) as pool, started(encoder) as batcher:
        first = pool.submit(batcher.encode_entries, ["a"] * PIECE)
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        (question,) = ask(pool, batcher, "question")
        second = pool.submit(batcher.encode_entries, ["b"] * ASKED_PIECE * 2)
        while batcher.waiting_pieces < 2:
            all_of([second], timeout=0.001)
        encoder.go.release(10)
        for each in (first, question, second):
            each.result(WAIT_SECONDS)
    assert [len(texts) for _, texts in encoder.batches] == [PIECE, 1, ASKED_PIECE, ASKED_PIECE]


def test_a_bulk_pass_tells_how_far_it_is() -> None:
    heard: list[int] = []
    with started(LetterEncoder()) as batcher:
        batcher.encode_entries(["a"] * (PIECE + 1), heard.append)
    assert heard == [PIECE, PIECE + 1]


def test_a_model_that_is_away_is_loaded_when_it_comes_back() -> None:
    tries = iter([NotReady("the server does not answer"), NotReady("nor now"), None])

    def load() -> Encoder:
        if problem := next(tries):
            raise problem
        return LetterEncoder()

    batcher = Batcher(load, retry_seconds=0)
    batcher.load()
    assert batcher.state == ("loading", "the model is not ready: the server does not answer")
    assert batcher.wait_until_tried() is False
    batcher.start()
    try:
        assert batcher.wait_until_loaded(WAIT_SECONDS)
        assert np.array_equal(batcher.encode_question("a"), vector_of("a"))
    finally:
        batcher.stop()


def test_a_lost_device_ends_all_encoding_and_is_told() -> None:
    class Lost(HeldEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            super().encode(texts, role)
            raise DeviceLost("cuda is lost: an illegal memory access")

    encoder, told = Lost(), threading.Event()
    batcher = Batcher(lambda: encoder, lost=told.set)
    batcher.start()
    assert batcher.wait_until_loaded(WAIT_SECONDS)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(batcher.encode_question, "a")
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        (second,) = ask(pool, batcher, "b")
        encoder.go.release()
        assert isinstance(first.exception(WAIT_SECONDS), DeviceLost)
        assert isinstance(second.exception(WAIT_SECONDS), NotReady)
    assert told.wait(WAIT_SECONDS)
    assert batcher.state == ("failed", "cuda is lost: an illegal memory access")
    batcher.stop()


def test_lists_of_texts_leave_room_for_questions() -> None:
    encoder = HeldEncoder()
    with ThreadPoolExecutor(LISTS) as pool, started(encoder) as batcher:
        lists = [pool.submit(batcher.encode_entries, ["entry"]) for _ in range(LISTS)]
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)  # one is with the model
        while batcher.waiting_pieces < LISTS - 1:
            all_of(lists, timeout=0.001)
        with pytest.raises(Overloaded, match=f"{LISTS} lists of texts"):
            batcher.encode_entries(["one more"])
        encoder.go.release(LISTS + 1)
        assert [len(each.result(WAIT_SECONDS)) for each in lists] == [1] * LISTS
        assert len(batcher.encode_entries(["one more"])) == 1


def test_no_entries_are_no_vectors() -> None:
    with started(LetterEncoder()) as batcher:
        assert batcher.encode_entries([]).shape == (0, 27)


def test_one_bad_question_does_not_spoil_the_others() -> None:
    class HeldPicky(HeldEncoder, PickyEncoder):
        pass

    encoder = HeldPicky()
    with ThreadPoolExecutor(8) as pool, started(encoder) as batcher:
        first = pool.submit(batcher.encode_question, "first")
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        good, bad = ask(pool, batcher, "good", "poison")
        encoder.go.release(10)
        first.result(WAIT_SECONDS)
        assert np.array_equal(good.result(WAIT_SECONDS), vector_of("good"))
        with pytest.raises(EncoderFailed, match="poisoned"):
            bad.result(WAIT_SECONDS)


def test_a_model_that_is_away_is_asked_once_for_all_who_wait() -> None:
    class Away(HeldEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            super().encode(texts, role)
            raise NotReady("the server does not answer")

    encoder = Away()
    with ThreadPoolExecutor(8) as pool, started(encoder) as batcher:
        first = pool.submit(batcher.encode_question, "first")
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        rest = ask(pool, batcher, "b", "c")
        encoder.go.release(10)
        for each in (first, *rest):
            with pytest.raises(NotReady, match="does not answer"):
                each.result(WAIT_SECONDS)
    assert [len(texts) for _, texts in encoder.batches] == [1, 2]


def test_nothing_is_answered_before_the_model_is_loaded() -> None:
    with closing_batcher(Batcher(LetterEncoder)) as batcher, pytest.raises(NotReady, match="loading"):
        batcher.encode_question("a")


def test_a_model_that_does_not_load_is_a_reason_and_not_a_crash() -> None:
    def load() -> Encoder:
        raise EncoderFailed("no such model")

    with closing_batcher(Batcher(load)) as batcher:
        batcher.start()
        assert not batcher.wait_until_loaded(WAIT_SECONDS)
        assert batcher.state == ("failed", "the model failed to load: no such model")
        with pytest.raises(NotReady, match="no such model"):
            batcher.encode_question("a")


def test_stopping_refuses_what_waits_and_may_be_repeated() -> None:
    encoder = HeldEncoder()
    with ThreadPoolExecutor(8) as pool:
        with started(encoder) as batcher:
            first = pool.submit(batcher.encode_question, "a")
            assert encoder.waits.acquire(timeout=WAIT_SECONDS)
            waiting = ask(pool, batcher, "b")[0]
            stopped = pool.submit(batcher.stop)
            with pytest.raises(NotReady, match="stopping"):
                waiting.result(WAIT_SECONDS)
            encoder.go.release(10)
            stopped.result(WAIT_SECONDS)
            assert len(first.result(WAIT_SECONDS)) == len(vector_of("a"))
        batcher.stop()


class TwoLanes(LetterEncoder):
    """Two models that wait until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes: Sequence[HeldEncoder] = (HeldEncoder(), HeldEncoder())
        self.is_stopped = False

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        raise AssertionError(f"its lanes are used, and not this, for {role} {texts}")

    def stop(self) -> None:
        self.is_stopped = True


def test_a_list_is_encoded_by_all_lanes_and_a_question_goes_first() -> None:
    both = TwoLanes()
    texts = [chr(97 + number % 26) * 3 for number in range(PIECE * 4)]
    with ThreadPoolExecutor(4) as pool, started(both) as batcher:
        bulk = pool.submit(batcher.encode_entries, texts)
        for lane in both.lanes:
            assert lane.waits.acquire(timeout=WAIT_SECONDS), "a lane has nothing to do"
        (question,) = ask(pool, batcher, "zoo")
        for lane in both.lanes:
            lane.go.release(100)
        assert np.array_equal(question.result(WAIT_SECONDS), vector_of("zoo"))
        assert np.array_equal(bulk.result(WAIT_SECONDS), LetterEncoder().encode(texts, "document"))
    roles = [[role for role, _ in lane.batches] for lane in both.lanes]
    assert sum(map(len, roles)) == 5
    assert "query" in {of_lane[1] for of_lane in roles if len(of_lane) > 1}
    assert both.is_stopped


def test_lanes_that_are_loaded_after_the_end_are_stopped() -> None:
    both, is_loading, go = TwoLanes(), threading.Event(), threading.Event()

    def load() -> Encoder:
        is_loading.set()
        assert go.wait(WAIT_SECONDS)
        return both

    with ThreadPoolExecutor(1) as pool:
        batcher = Batcher(load)
        batcher.start()
        assert is_loading.wait(WAIT_SECONDS)
        stopped = pool.submit(batcher.stop)
        while batcher.state[0] != "stopped":
            all_of([stopped], timeout=0.001)
        go.set()
        stopped.result(WAIT_SECONDS)
    assert both.is_stopped


@given(st.lists(st.text(max_size=PIECE_CHARACTERS // 3), max_size=300))
@settings(max_examples=30)
def test_pieces_are_small_and_leave_nothing_out(texts: list[str]) -> None:
    cut = list(pieces(texts))
    assert [text for piece in cut for text in piece] == texts
    for piece in cut:
        assert 1 <= len(piece) <= PIECE
        assert len(piece) == 1 or sum(map(len, piece)) <= PIECE_CHARACTERS


@contextmanager
def closing_batcher(batcher: Batcher) -> Iterator[Batcher]:
    try:
        yield batcher
    finally:
        batcher.stop()
