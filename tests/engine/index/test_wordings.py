"""An entry with wordings, against single entries with those texts."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import Entry
from engine.index.scoring import Question, Scoring
from engine.index.snapshot import Found, Snapshot
from tests.support.engine import LetterEncoder, a_snapshot

WORDS = ["apple", "pear", "plum", "退货", "快递", "refund", "order", "SF-1042"]
sayings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
long_sayings = st.lists(st.sampled_from([f"{word}. " * 4 for word in WORDS]), min_size=20, max_size=40).map(
    " ".join
)
bases = st.lists(
    st.lists(sayings | sayings | sayings | long_sayings, min_size=1, max_size=4, unique=True),
    min_size=1,
    max_size=12,
)


def of(entries: list[Entry]) -> Snapshot:
    return a_snapshot(entries=entries)


def best_of_each(found: Found) -> list[tuple[str, float]]:
    """The best of the single entries of each entry, in the order of their scores and ids."""
    best: dict[str, float] = {}
    for match in found.matches:
        entry = match.entry.id.partition(".")[0]
        best[entry] = max(best.get(entry, -2.0), match.score)
    return sorted(best.items(), key=lambda each: (-each[1], each[0]))


@settings(max_examples=60, deadline=None)
@given(bases, sayings, st.sampled_from(["cosine", "either", "auto"]), st.data())
def test_an_entry_equals_the_best_of_single_entries_with_its_wordings(
    base: list[list[str]], text: str, scoring: Scoring, data: st.DataObject
) -> None:
    together = of(
        [
            Entry(f"{number:02d}", texts[0], answer=f"answer {number % 3}", wordings=tuple(texts[1:]))
            for number, texts in enumerate(base)
        ]
    )
    alone = of(
        [
            Entry(f"{number:02d}.{place}", said)
            for number, texts in enumerate(base)
            for place, said in enumerate(texts)
        ]
    )
    vector = LetterEncoder().encode([text], "query")[0]
    everything = Question(text, vector, -1.0, 10_000, scoring=scoring)
    expected = best_of_each(alone.answers([everything])[0])
    threshold = data.draw(st.sampled_from([score for _, score in expected]) | st.floats(-1, 1))
    steps = (-1.0, 0.3, threshold, 1.0)
    one = replace(everything, threshold=threshold, steps=steps, keep=data.draw(st.integers(0, 15)))
    found = together.answers([one])[0]
    passing = [each for each in expected if each[1] >= threshold]
    assert [(match.entry.id, match.score) for match in found.matches] == passing
    assert found.total == len(passing)
    assert found.counts == tuple(sum(score >= step for _, score in expected) for step in steps)
    assert found.best_score == expected[0][1]
    assert found.scores == tuple(expected[: one.keep])
    assert together.answers([replace(one, steps=(), limit=2)])[0].total == len(passing)
    collapsed = together.answers([replace(one, collapse=True)])[0]
    answers = [int(entry) % 3 for entry, _ in passing]
    assert collapsed.groups == len(collapsed.matches) == len(set(answers))
    assert [int(match.entry.id) % 3 for match in collapsed.matches] == list(dict.fromkeys(answers))
    assert sum(1 + match.collapsed for match in collapsed.matches) == collapsed.total == len(passing)


def test_of_two_entries_that_are_equally_near_the_first_is_named_by_its_wording_too() -> None:
    same = [Entry(f"{number:02d}", "plum" if number == 0 else "apple") for number in range(40)]
    together = of([replace(same[0], wordings=("apple",)), *same[1:]])
    vector = LetterEncoder().encode(["apple"], "query")[0]
    for keep in (1, 2, 39, 40):
        found = together.answers([Question("apple", vector, 0.5, 1, keep=keep)])[0]
        assert [entry for entry, _ in found.scores] == [f"{number:02d}" for number in range(keep)]
