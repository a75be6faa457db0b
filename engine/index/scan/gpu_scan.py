"""Exact search on an NVIDIA card. Needs torch, so it is imported only where torch is.

The card keeps every row in half precision. A matrix product of a tile of rows with all
questions that wait, summed and given out in single precision, finds the candidates. They
are compacted on the card, so there is no limit to their number, and those whose bounds
leave something open are scored in full, as every search scores them.

Half precision keeps eleven bits, and 2^-25 where a number is too small for them. A row
x = h + r and a question q = g + e, with h and g the halves, give

    x.q = h.g + h.e + r.q    so    |x.q - h.g| <= |h| |e| + |r| |q|

Products of two halves are exact in single precision. The sum of d of them, in whatever
order, is off by at most d u / (1 - d u) times |h| |g|, with u = 2^-23 because matrix
units may cut off where others round. Nothing outside these two bounds together is left
out. |r| is at most 2^-11 |x| plus 2^-25 for each number, so one bound fits all rows.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.index.protocol import RowSearch, SearchSpec, TopRows
from engine.index.scan.cpu_scan import Scan
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.mapped_rows import take_rows
from engine.index.scan.ranking import Candidates
from engine.index.scan.scanner import Scanner
from engine.index.scan.shared_pass import SharedPasses
from engine.index.score import (
    LONGEST,
    Floats,
    Rows,
    Scores,
)

_TILE = 1 << 28  # numbers of the matrix looked at together: 0.5 GB of halves, 0.1 ms of reading
_PRODUCTS = 1 << 27  # and products at most: 0.5 GB
_TOPMOST = 4096  # best rows followed from tile to tile; above that all hits are kept
_SPARE = 1 / 8  # of a card's memory, left for a pass and for the model that works beside it

_log = logging.getLogger(__name__)

Products = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def card_scanner(device: str, *, free_bytes: Callable[[torch.device], int] | None = None) -> Scanner:
    """Searches on this card what fits there, and on the processor what does not.

    `free_bytes` says how much of the card's memory may be taken.
    """
    card, free = torch.device(device), free_bytes or _free_bytes

    def over(matrix: Floats, compressed: Compressed | None) -> RowSearch:
        try:
            _require(torch.float16.itemsize * matrix.size, free(card))
            scan = CardScan.over(matrix, device)
        # A full card and a broken one are both a RuntimeError to torch.
        except (MemoryError, RuntimeError) as problem:
            _log.warning(
                "searching on the processor", extra={"rows": len(matrix), "reason": _first_line(problem)}
            )
            return Scan.over(matrix, compressed)
        _log.info("searching on the card", extra={"rows": len(matrix), "device": scan.device})
        return scan

    return over


class CardScan:
    """A `Scan` on a card, with the same promises.

    Rows that are left after the pass are scored on the processor, from `matrix`, so an
    answer is equal to `Scan`'s to the last bit. A pass for which the card has no memory left
    is made on the processor.
    """

    def __init__(
        self,
        matrix: Floats,
        halves: torch.Tensor,
        *,
        products: Products | None = None,
        tile: int = _TILE,
    ) -> None:
        """Make one with `over`."""
        self._matrix = np.asarray(matrix)
        self._halves = halves
        self._products = products or products_of
        self._tile = tile
        self._processor = Scan(matrix)
        self._passes = SharedPasses((len(matrix), matrix.shape[1]))

    @classmethod
    def over(cls, matrix: Floats, device: str = "cuda", *, tile: int = _TILE) -> CardScan:
        """Copy the rows to the card, a piece at a time."""
        if matrix.ndim != 2 or matrix.dtype != np.float32:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"a float32 matrix is wanted, not {matrix.dtype} of {matrix.shape}")
        halves = torch.empty(matrix.shape, dtype=torch.float16, device=device)
        height = max(1, tile // max(1, 4 * matrix.shape[1]))
        for start in range(0, len(matrix), height):
            # A copy: the matrix may be a memory map that must not be written to.
            block = torch.from_numpy(np.array(matrix[start : start + height]))
            halves[start : start + height] = block.to(halves.device).half()
        return cls(matrix, halves, tile=tile)

    def __len__(self) -> int:
        return len(self._matrix)

    @property
    def device(self) -> str:
        return str(self._halves.device)

    def take(self, rows: NDArray[np.intp]) -> Floats:
        return take_rows(self._matrix, rows)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """No halves: they are made as fast as they could be read."""
        return {"vectors": self._matrix}

    def rebased_on(self, vectors: Floats) -> CardScan:
        """The card holds its rows once."""
        return CardScan(vectors, self._halves, products=self._products, tile=self._tile)

    def problem(self) -> str:
        return ""

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        """The answer to each question, from one pass over the rows for all of them."""
        try:
            return self._passes.search(questions, wanted, self._candidates, self._processor.scores)
        except torch.OutOfMemoryError as problem:
            _log.warning("a pass was made on the processor", extra={"reason": _first_line(problem)})
            return self._processor.search(questions, wanted)

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these rows, in their order."""
        return self._processor.scores(rows, question)

    def _candidates(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[Candidates]:
        halves = torch.from_numpy(questions).to(self._halves.device).half()
        bounds = np.array([bound_of(question) for question in questions])
        cuts = _Cuts(wanted, bounds, self._halves.device)
        found = []
        for start in range(0, len(self._matrix), self._height(len(questions))):
            rows = self._halves[start : start + self._height(len(questions))]
            row, column, rough = cuts.select(self._products(rows, halves))
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
        return max(1, min(self._tile // int(self._matrix.shape[1]), _PRODUCTS // questions))


def bound_of(question: Floats) -> float:
    """An upper bound of the half-precision product's distance from the score, for any row."""
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
    """The best rows so far, and with them which rows of a tile matter."""

    def __init__(self, wanted: Sequence[SearchSpec], bounds: Scores, device: torch.device) -> None:
        def tensor(values: Sequence[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device)

        self._bounds = tensor(bounds.tolist())
        self._thresholds = tensor([want.before_cutting for want in wanted])
        self._keep = [want.top_k for want in wanted]
        self._first = [None if want.limit is None else max(want.limit, want.top_k) for want in wanted]
        followed = [place for place in [*self._keep, *self._first] if place and place <= _TOPMOST]
        self._top = torch.full((max(followed, default=0), len(wanted)), -math.inf, device=device)
        self.counted = torch.zeros(len(wanted), dtype=torch.int64, device=device)

    def select(self, products: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
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


def products_of(rows: torch.Tensor, questions: torch.Tensor) -> torch.Tensor:
    if rows.is_cuda:
        return torch.mm(rows, questions.T, out_dtype=torch.float32)
    return rows.float() @ questions.float().T


def _require(wanted: int, left: int) -> None:
    if wanted > left:
        raise MemoryError(f"{wanted >> 20} MiB are wanted and {max(0, left) >> 20} MiB may be taken")


def _free_bytes(card: torch.device) -> int:
    if card.type != "cuda":
        return sys.maxsize
    free, total = torch.cuda.mem_get_info(card)
    # What replaced snapshots gave back is kept by torch for whoever asks next.
    kept = torch.cuda.memory_reserved(card) - torch.cuda.memory_allocated(card)
    return int(free + kept - _SPARE * total)


def _first_line(problem: Exception) -> str:
    return str(problem).partition("\n")[0]
