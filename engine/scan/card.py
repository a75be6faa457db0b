"""Exact search on an NVIDIA card. Needs torch, so it is imported only where torch is.

The card keeps every row in half precision. A matrix product of a tile of rows with all
questions that wait, summed and given out in single precision, finds the candidates. They
are compacted on the card, so there is no limit to their number, and those whose bounds
leave something open are scored in full.

Half precision keeps eleven bits, and 2^-25 where a number is too small for them. A row
x = h + r and a question q = g + e, with h and g the halves, give

    x.q = h.g + h.e + r.q    so    |x.q - h.g| <= |h| |e| + |r| |q|

Products of two halves are exact in single precision. The sum of d of them, in whatever
order, is off by at most d u / (1 - d u) times |h| |g|, with u = 2^-23 because matrix
units may cut off where others round. Nothing outside these two bounds together is left
out. |r| is at most 2^-11 |x| plus 2^-25 for each number, so one bound fits all rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from engine.scan.ranking import Candidates, Ranked, Wanted, ranked
from engine.scan.score import LONGEST, Floats, Rows, Scores, as_questions, scores_of

_TILE = 1 << 28  # numbers of the matrix looked at together: 0.5 GB of halves, 0.1 ms of reading
_PRODUCTS = 1 << 27  # and products at most: 0.5 GB
_PIECE = 1024  # rows scored together, always as many, so that a sum has one order
_TOPMOST = 4096  # best rows followed from tile to tile; above that all hits are kept


class CardScan:
    """What `Scan` promises, on a card.

    With `whole_rows` the rows are also kept there in single precision (three times the
    memory) and scored there; a score may then differ from `Scan`'s in its last bit, but
    not from one search to the next. Without it they are scored on the processor, from
    `matrix`, and are equal to the last bit.
    """

    def __init__(
        self, matrix: Floats, *, device: str = "cuda", whole_rows: bool = True, tile: int = _TILE
    ) -> None:
        if matrix.ndim != 2 or matrix.dtype != np.float32:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"a float32 matrix is wanted, not {matrix.dtype} of {matrix.shape}")
        self._matrix = np.asarray(matrix)
        self._device = torch.device(device)
        self._tile = tile
        size, dimension = matrix.shape
        self._halves = torch.empty((size, dimension), dtype=torch.float16, device=self._device)
        self._whole = (
            torch.empty((size, dimension), dtype=torch.float32, device=self._device) if whole_rows else None
        )
        height = max(1, tile // max(1, 4 * dimension))
        for start in range(0, size, height):
            # A copy: the matrix may be a memory map that must not be written to.
            block = torch.from_numpy(np.array(self._matrix[start : start + height])).to(self._device)
            self._halves[start : start + height] = block.half()
            if self._whole is not None:
                self._whole[start : start + height] = block

    def search(self, questions: Floats, wanted: Sequence[Wanted]) -> list[Ranked]:
        """The answer to each question, from one pass over the rows for all of them."""
        asked = as_questions(questions, self._matrix.shape[1])
        if len(asked) != len(wanted):
            raise ValueError(f"{len(asked)} questions, but {len(wanted)} say what they want")
        if not wanted:
            return []
        return [
            ranked(want, len(self._matrix), found, lambda rows, one=question: self.scores(rows, one))  # type: ignore[misc]
            for question, want, found in zip(asked, wanted, self._candidates(asked, wanted), strict=True)
        ]

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these rows, in their order."""
        if self._whole is None:
            return scores_of(self._matrix, rows, question)
        wide = torch.from_numpy(question).to(self._device).double()
        scores = np.empty(len(rows), dtype=np.float64)
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            padded = np.zeros(_PIECE, dtype=np.int64)
            padded[: len(piece)] = piece
            block = self._whole[torch.from_numpy(padded).to(self._device)].double()
            sums = (block * wide).sum(dim=1)
            scores[start : start + _PIECE] = sums[: len(piece)].cpu().numpy()
        return np.clip(scores, -1.0, 1.0, out=scores)

    def _candidates(self, questions: Floats, wanted: Sequence[Wanted]) -> list[Candidates]:
        halves = torch.from_numpy(questions).to(self._device).half()
        bounds = np.array([bound_of(question) for question in questions])
        cuts = _Cuts(wanted, bounds, self._device)
        found = []
        for start in range(0, len(self._matrix), self._height(len(questions))):
            rows = self._halves[start : start + self._height(len(questions))]
            row, column, rough = cuts.kept(_products(rows, halves))
            found.append((row + start, column, rough))
        if not found:
            return [Candidates(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), 0)] * len(wanted)
        rows, columns, rough = (torch.cat(part) for part in zip(*found, strict=True))
        counted = cuts.counted.cpu().numpy()
        answers = []
        for place, bound in enumerate(bounds):
            mine = columns == place
            products = rough[mine].double().cpu().numpy()
            answers.append(
                Candidates(rows[mine].cpu().numpy(), products - bound, products + bound, int(counted[place]))
            )
        return answers

    def _height(self, questions: int) -> int:
        dimension = int(self._matrix.shape[1])
        return max(1, min(self._tile // dimension, _PRODUCTS // questions))


def bound_of(question: Floats) -> float:
    """How far the product of the halves can be from the score, for any row."""
    dimension = len(question)
    wide = question.astype(np.float64)
    half = question.astype(np.float16).astype(np.float64)
    if not np.isfinite(half).all():
        return math.inf
    row_residual = 2.0**-11 * LONGEST + 2.0**-25 * math.sqrt(dimension)
    split = (LONGEST + row_residual) * float(np.linalg.norm(wide - half))
    split += row_residual * float(np.linalg.norm(wide))
    steps = (dimension + 2) * 2.0**-23
    if steps >= 1:
        return math.inf
    summed = steps / (1 - steps) * (LONGEST + row_residual) * float(np.linalg.norm(half))
    # The last term pays for writing a threshold, plus or minus this bound, in single precision.
    return (split + summed) * (1 + 1e-6) + 2.0**-21


class _Cuts:
    """What is known of the best rows so far, and with it which rows of a tile matter."""

    def __init__(self, wanted: Sequence[Wanted], bounds: Scores, device: torch.device) -> None:
        def tensor(values: Sequence[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device)

        self._bounds = tensor(bounds.tolist())
        self._thresholds = tensor([want.before_cutting for want in wanted])
        self._keep = [want.keep for want in wanted]
        self._first = [None if want.first is None else max(want.first, want.keep) for want in wanted]
        followed = [place for place in [*self._keep, *self._first] if place and place <= _TOPMOST]
        self._top = torch.full((max(followed, default=0), len(wanted)), -math.inf, device=device)
        self.counted = torch.zeros(len(wanted), dtype=torch.int64, device=device)

    def kept(self, products: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rows, columns and products of this tile that may matter; the rest is counted or left out."""
        self._follow(products)
        cuts = torch.minimum(self._thresholds, self._from(self._keep, none=math.inf))
        needed = torch.maximum(cuts, self._from(self._first, none=math.inf))
        surely = products >= self._thresholds + self._bounds
        keep = products >= needed - self._bounds
        keep |= (products >= self._thresholds - self._bounds) & ~surely
        self.counted += (surely & ~keep).sum(dim=0)
        row, column = keep.nonzero(as_tuple=True)
        return row, column, products[row, column]

    def _follow(self, products: torch.Tensor) -> None:
        places = len(self._top)
        if places:
            best = products.topk(min(places, len(products)), dim=0, sorted=True).values
            self._top = torch.cat([self._top, best]).topk(places, dim=0, sorted=True).values

    def _from(self, places: Sequence[int | None], none: float) -> torch.Tensor:
        """The least that the best so many rows have; `none` for those that want no row."""
        found = []
        for column, place in enumerate(places):
            if place == 0:
                found.append(torch.tensor(none, device=self._top.device))
            elif place is None or place > len(self._top):
                found.append(torch.tensor(-math.inf, device=self._top.device))
            else:
                # Scores are cut at -1 and 1, so what is beyond them does not set rows apart.
                lowest = (self._top[place - 1, column] - self._bounds[column]).clamp(max=1.0)
                found.append(torch.where(lowest > -1, lowest, -math.inf))
        return torch.stack(found)


def _products(rows: torch.Tensor, questions: torch.Tensor) -> torch.Tensor:
    if rows.is_cuda:
        return torch.mm(rows, questions.T, out_dtype=torch.float32)
    return rows.float() @ questions.float().T
