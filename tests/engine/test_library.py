"""The engine as a library, and every example that stands in a docstring."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

from engine.domain import BadValue, Entry
from engine.library import Library
from tests.support.engine import A_LONG_TEXT, LetterEncoder


@pytest.mark.parametrize(
    "module",
    [
        "engine.library",
        "engine.encoder.instruction",
        "engine.index.passage_splitter",
        "engine.index.normalize",
        "engine.timetable",
    ],
)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    results = doctest.testmod(import_module(module))
    assert results.attempted > 0
    assert results.failed == 0


def test_every_entry_at_or_above_the_threshold_comes_best_first() -> None:
    texts = [f"{'a' * n} b" for n in range(1, 40)]
    library = Library(texts, loaded=LetterEncoder())
    everything = library.matches("aaa b", threshold=-1)
    scores = [match.score for match in everything]
    assert len(everything) == len(texts)
    assert scores == sorted(scores, reverse=True)
    for score in scores:
        assert [match.score for match in library.matches("aaa b", threshold=score)] == [
            each for each in scores if each >= score
        ]
    assert len(library.matches("aaa b", threshold=-1, limit=3)) == 3
    assert [entry.text for entry in library.entries] == texts


def test_a_long_text_is_found_by_its_best_passage() -> None:
    library = Library([A_LONG_TEXT, "pear"], loaded=LetterEncoder())
    (match,) = library.matches("zebra jazz quiz", threshold=0.7)
    assert match.entry.text == A_LONG_TEXT
    assert library.vectors.shape == (2, 27)


def test_entries_keep_what_they_carry() -> None:
    library = Library([Entry(id="7", text="apple", answer="red")], loaded=LetterEncoder())
    (match,) = library.matches("apple", threshold=1)
    assert (match.entry.id, match.entry.answer, match.score) == ("7", "red", 1.0)
    assert np.array_equal(library.vectors, LetterEncoder().encode(["apple"], "document"))


def test_an_instruction_stands_in_front_of_questions_only() -> None:
    encoder = LetterEncoder()
    Library(["pear"], loaded=encoder, instruction="fruit: ").matches("apple", threshold=0)
    assert [texts for _, texts in encoder.batches] == [("pear",), ("fruit: apple",)]


def test_nothing_in_it_is_no_match() -> None:
    empty = Library([], loaded=LetterEncoder())
    assert (empty.matches("apple", threshold=-1), empty.best_score("apple")) == ((), None)


def test_a_threshold_beyond_the_scale_is_refused() -> None:
    with pytest.raises(BadValue, match=r"from -1 to 1 \(got 65\)"):
        Library(["apple"], loaded=LetterEncoder()).matches("apple", threshold=65)


def test_it_needs_no_server_no_schedule_and_no_torch() -> None:
    heavy = "flask, waitress, apscheduler, torch, sentence_transformers, prometheus_client, rich"
    asks = f"import sys, engine.library; print([m for m in '{heavy}'.split(', ') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
