"""Exact search over the rows of a matrix: every row at or above a threshold, best first.

    Scan       on the processor: int8 rows first, then the few that matter in full
    CardScan   on an NVIDIA card (`engine.scan.card`, imported by itself: it needs torch)
    scanner_on   which of them, beside a model on a device
    BestPassage  entries by the best of their whole text and its passages

All answer in the same words: a `Wanted` for each question, a `Ranked` back. Nothing
here knows what a row stands for.
"""

from engine.scan.compressed import Compressed
from engine.scan.passages import BestPassage, Passages
from engine.scan.products import int8_products
from engine.scan.ranking import Ranked, Wanted
from engine.scan.scan import Scan
from engine.scan.scanner import as_stored, scanner_on
from engine.scan.score import scores_of
from engine.scan.search import RowSearch, Scanner, Search

__all__ = [
    "BestPassage",
    "Compressed",
    "Passages",
    "Ranked",
    "RowSearch",
    "Scan",
    "Scanner",
    "Search",
    "Wanted",
    "as_stored",
    "int8_products",
    "scanner_on",
    "scores_of",
]
