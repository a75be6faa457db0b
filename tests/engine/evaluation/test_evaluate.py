from __future__ import annotations

import string
from dataclasses import astuple
from decimal import ROUND_DOWN, Decimal
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import BadValue
from engine.evaluation import Chosen, Label, Point, evaluate
from engine.evaluation.curve import Curve, rounded_down
from engine.evaluation.intervals import lower_bound, required_correct
from engine.evaluation.picture import FONT, WORDS, Language, drawn_curve, drawn_histogram

scores = st.one_of(
    st.floats(-1, 1, allow_nan=False), st.integers(-100, 100).map(lambda hundredths: hundredths / 100)
)
labels = st.lists(
    st.builds(Label, scores, st.booleans(), st.sampled_from(["a", "b", "c", "d"])), min_size=1, max_size=40
)


def by_hand(given_labels: list[Label], threshold: float) -> Point:
    """The same counted in a loop."""
    kept = [label for label in given_labels if label.score >= threshold]
    return Point(
        threshold,
        len(kept),
        sum(label.relevant for label in kept),
        sum(label.relevant for label in given_labels),
    )


def some_labels(count: int, seed: int = 3) -> list[Label]:
    chance = np.random.default_rng(seed)
    relevant = chance.random(count) < 0.5
    drawn = np.clip(
        np.where(relevant, chance.normal(0.65, 0.12, count), chance.normal(0.45, 0.12, count)), -1, 1
    )
    return [
        Label(float(score), bool(right), str(number // 3))
        for number, (score, right) in enumerate(zip(drawn, relevant, strict=True))
    ]


@given(labels)
def test_the_curve_has_every_distinct_score_counted_as_in_a_loop(given_labels: list[Label]) -> None:
    curve = Curve.of(given_labels)
    distinct = sorted({label.score for label in given_labels})
    assert [curve.point(at) for at in range(len(curve))] == [by_hand(given_labels, t) for t in distinct]


@given(labels, scores)
def test_any_threshold_is_counted_as_in_a_loop(given_labels: list[Label], threshold: float) -> None:
    assert Curve.of(given_labels).reaching(threshold) == by_hand(given_labels, threshold)


@settings(max_examples=50)
@given(labels)
def test_the_best_f1_is_that_of_a_search_over_all_thresholds(given_labels: list[Label]) -> None:
    best = evaluate(given_labels).best
    points = [by_hand(given_labels, t) for t in sorted({label.score for label in given_labels})]
    if not any(label.relevant for label in given_labels):
        assert best is None
        return
    assert best is not None
    assert best.point == max(points, key=lambda point: (point.f1, -point.threshold))


@settings(max_examples=50)
@given(labels, st.sampled_from([0.3, 0.5, 0.8, 0.95]))
def test_the_lowest_sure_threshold_is_that_of_a_search_over_all(
    given_labels: list[Label], precision: float
) -> None:
    wanted = evaluate(given_labels, precision=precision).wanted
    points = [by_hand(given_labels, t) for t in sorted({label.score for label in given_labels}) if t >= 0]
    sure = [point for point in points if lower_bound(point.right, point.kept) >= precision]
    assert (wanted.point if wanted else None) == (sure[0] if sure else None)


@settings(max_examples=50)
@given(labels)
def test_a_suggestion_keeps_what_it_was_derived_from(given_labels: list[Label]) -> None:
    best = evaluate(given_labels).best
    if best is not None:
        reached = [label for label in given_labels if label.score >= best.point.threshold]
        assert all(label.score >= best.suggested for label in reached if label.score >= 0)
        assert best.at_suggested == by_hand(given_labels, best.suggested)


@settings(max_examples=50)
@given(labels, st.sampled_from([None, 0.5, 0.8]))
def test_bound_and_interval_are_those_of_the_number_that_is_named(
    given_labels: list[Label], precision: float | None
) -> None:
    found = evaluate(given_labels, precision=precision)
    for chosen in filter(None, (found.best, found.wanted)):
        at = chosen.at_suggested
        assert (chosen.suggested, chosen.lower_bound) == (at.threshold, lower_bound(at.right, at.kept))
        if chosen.interval is not None:
            assert chosen.interval.low <= chosen.suggested <= (chosen.interval.high or 1)


def test_rounding_does_not_spoil_the_best() -> None:
    right = [Label(0.6543 + number / 100, relevant=True, group=f"r{number}") for number in range(20)]
    wrong = [Label(0.6512 - number / 10_000, relevant=False, group=f"w{number}") for number in range(20)]
    best = evaluate([*right, *wrong]).best
    assert best is not None
    assert (best.suggested, best.at_suggested.f1) == (0.654, 1.0)  # 0.65 would let in thirteen wrong ones


def test_a_suggestion_for_a_precision_reaches_it() -> None:
    for seed in range(20):
        wanted = evaluate(some_labels(300, seed), precision=0.8).wanted
        assert isinstance(wanted, Chosen)
        assert lower_bound(wanted.at_suggested.right, wanted.at_suggested.kept) >= 0.8


def test_no_threshold_below_nothing_is_offered_for_a_precision() -> None:
    opposites = [Label(score=-0.2 - number / 1000, relevant=True, group=str(number)) for number in range(50)]
    assert evaluate(opposites, precision=0.8).wanted is None


@given(st.floats(0, 1, allow_nan=False))
def test_rounding_down_is_what_decimals_do(value: float) -> None:
    exact = Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_DOWN)
    assert rounded_down(np.array([value]))[0] == float(exact)
    finer = Decimal(repr(value)).quantize(Decimal("0.0001"), ROUND_DOWN)
    assert rounded_down(np.array([value]), decimals=4)[0] == float(finer)


def test_the_figures_are_scikit_learns() -> None:
    # Every process of the suite reads this file, and one of them needs it.
    from sklearn.metrics import (
        f1_score,
        precision_recall_curve,
        precision_score,
        recall_score,
    )

    given_labels = some_labels(500)
    relevant = np.array([label.relevant for label in given_labels])
    values = np.array([label.score for label in given_labels])
    precision, recall, thresholds = precision_recall_curve(relevant, values)
    curve = Curve.of(given_labels)
    points = [curve.point(at) for at in range(len(curve))]
    assert [point.threshold for point in points] == list(thresholds)
    np.testing.assert_allclose([point.precision for point in points], precision[:-1], rtol=1e-12)
    np.testing.assert_allclose([point.recall for point in points], recall[:-1], rtol=1e-12)
    best = evaluate(given_labels).best
    assert best is not None
    shown = values >= best.point.threshold
    assert best.point.precision == pytest.approx(precision_score(relevant, shown))
    assert best.point.recall == pytest.approx(recall_score(relevant, shown))
    assert best.point.f1 == pytest.approx(f1_score(relevant, shown))


def test_the_bound_is_clopper_and_pearsons() -> None:
    """10 of 10: the twentieth part to the power of a tenth; 0 of anything: nothing."""
    assert lower_bound(10, 10) == pytest.approx(0.05**0.1)
    assert lower_bound(0, 7) == 0
    for precision in (0.5, 0.9, 0.95):
        enough = required_correct(precision, 120)
        for kept in range(1, 121):
            reached = [right for right in range(kept + 1) if lower_bound(right, kept) >= precision]
            assert enough[kept] == (reached[0] if reached else kept + 1)


def test_labels_of_one_question_make_intervals_wider_than_as_many_questions() -> None:
    few = some_labels(12)
    apart = [Label(label.score, label.relevant, str(place)) for place, label in enumerate(few * 8)]
    together = [Label(label.score, label.relevant, str(place % 12)) for place, label in enumerate(few * 8)]
    wide, narrow = evaluate(together).best, evaluate(apart).best
    assert wide is not None
    assert narrow is not None
    assert wide.interval is not None
    assert narrow.interval is not None
    assert wide.interval.high is not None
    assert narrow.interval.high is not None
    assert wide.interval.high - wide.interval.low > narrow.interval.high - narrow.interval.low


def test_the_same_labels_and_seed_give_the_same_intervals() -> None:
    first, again = (evaluate(some_labels(60), precision=0.6, seed=7) for _ in range(2))
    assert (first.best, first.wanted) == (again.best, again.wanted)
    assert evaluate(some_labels(60), seed=8).best != first.best


def test_what_cannot_be_found_is_not_invented() -> None:
    wrong = evaluate([Label(0.5, relevant=False)], precision=0.9, current=0.4)
    assert (wrong.best, wrong.wanted) == (None, None)
    assert wrong.current == Point(0.4, 1, 0, 0)
    with pytest.raises(BadValue, match="at least one"):
        evaluate([])


@pytest.mark.parametrize("language", get_args(Language))
def test_pictures_are_pngs_also_of_the_least_there_is_to_draw(language: Language) -> None:
    # A character without a glyph is a warning of matplotlib's, and here warnings are failures.
    for given_labels in ([Label(0.5, relevant=False)], [Label(0.5, relevant=True)], some_labels(3000)):
        evaluation = evaluate(given_labels, precision=0.9, current=0.4)
        assert drawn_curve(evaluation, language).startswith(b"\x89PNG")
    assert drawn_histogram([0.0, 0.5, 1.0], [1, 3], language).startswith(b"\x89PNG")


def test_the_font_of_the_pictures_has_every_character_that_they_use() -> None:
    from matplotlib.ft2font import FT2Font

    drawable = FT2Font(str(FONT)).get_charmap()
    words = "".join("".join(astuple(words)) for words in WORDS.values())
    used = set(string.printable + words) - set(string.whitespace)
    assert {character for character in used if ord(character) not in drawable} == set()
