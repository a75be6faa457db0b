"""Whose turn it is, and what is kept for questions."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import NotReady, Overloaded
from engine.encoder.line import BATCH, KEPT_SECONDS, Line, Waiting


class Changed(threading.Condition):
    """One that remembers how many were woken each time."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: list[int] = []

    def notify(self, n: int = 1) -> None:
        self.woken.append(n)
        super().notify(n)


class Rig:
    def __init__(self, limit: int = 1000) -> None:
        self.seconds = 0.0
        self.changed = Changed()
        self.line = Line(limit, self.changed, now=lambda: self.seconds)

    def ask(self, *texts: str) -> None:
        for text in texts:
            self.line.add_question(Waiting([text], "query"))

    def add_pieces(self, *texts: str) -> None:
        for text in texts:
            self.line.add_piece(Waiting([text], "document"))

    def take(self, lane: int = 0, lanes: int = 1) -> list[str]:
        return [text for waiting in self.line.take(lane, lanes) for text in waiting.texts]


def test_questions_go_before_pieces_and_together() -> None:
    rig = Rig()
    rig.add_pieces("p", "q")
    rig.ask("a", "b")
    assert [rig.take() for _ in range(4)] == [["a", "b"], ["p"], ["q"], []]


def test_lanes_share_what_waits() -> None:
    rig = Rig()
    rig.ask(*"abcde")
    assert [rig.take(lane, 3) for lane in (2, 0, 1, 2, 0)] == [["a", "b"], ["c"], ["d"], ["e"], []]


def test_each_question_wakes_one_lane() -> None:
    rig = Rig()
    rig.ask("a", "b")
    assert rig.changed.woken == [1, 1]


def test_the_first_of_several_lanes_is_kept_for_questions_while_people_ask() -> None:
    rig = Rig()
    rig.add_pieces(*"pqrs")
    assert rig.take(0, 2) == ["p"], "nobody has asked yet"
    rig.ask("a")
    assert (rig.take(1, 2), rig.take(1, 2), rig.take(0, 2)) == (["a"], ["q"], [])
    assert rig.line.is_asked
    rig.seconds += KEPT_SECONDS
    assert not rig.line.is_asked
    assert rig.take(0, 2) == ["r"]
    assert rig.take(0, 1) == ["s"]


def test_a_lane_alone_is_kept_for_nothing() -> None:
    rig = Rig()
    rig.ask("a")
    rig.add_pieces("p")
    assert [rig.take(), rig.take()] == [["a"], ["p"]]


def test_a_lane_that_is_kept_waits_no_longer_than_it_is_kept() -> None:
    times = iter([0.0, *[KEPT_SECONDS - 0.001] * 9])
    line = Line(9, threading.Condition(), now=lambda: next(times))
    line.add_question(Waiting(["a"], "query"))
    line.take(1, 2)
    line.add_piece(Waiting(["p"], "document"))
    assert line.take(0, 2) == []
    line.wait(0, 2, lambda: False)  # returns, although nobody asks and nothing is added


def test_a_full_line_refuses() -> None:
    rig = Rig(limit=1)
    rig.ask("a")
    with pytest.raises(Overloaded, match="1 questions are waiting already"):
        rig.ask("b")
    assert rig.line.questions == 1


def test_whoever_waits_is_refused_at_the_end() -> None:
    rig = Rig()
    question, piece = Waiting(["a"], "query"), Waiting(["p"], "document")
    rig.line.add_question(question)
    rig.line.add_piece(piece)
    rig.line.refuse_all(NotReady("over"))
    assert [type(each.outcome.exception(0)) for each in (question, piece)] == [NotReady, NotReady]
    assert (rig.line.questions, rig.line.pieces) == (0, 0)


@given(
    st.integers(1, 4),
    st.lists(st.one_of(st.just("ask"), st.just("piece"), st.integers(0, 3)), max_size=200),
)
@settings(max_examples=40)
def test_nothing_is_lost_and_each_kind_keeps_its_order(lanes: int, doings: list[str | int]) -> None:
    rig = Rig()
    taken: list[str] = []
    for number, doing in enumerate(doings):
        match doing:
            case "ask":
                rig.ask(f"ask {number}")
            case "piece":
                rig.add_pieces(f"piece {number}")
            case _:
                batch = rig.take(int(doing) % lanes, lanes)
                assert len(batch) <= BATCH
                assert not batch or batch[0].startswith("ask") or not rig.line.questions
                taken += batch
    rig.seconds += KEPT_SECONDS
    while batch := rig.take(0, lanes):
        taken += batch
    for kind in ("ask", "piece"):
        expected = [f"{kind} {number}" for number, doing in enumerate(doings) if doing == kind]
        assert [each for each in taken if each.startswith(kind)] == expected
