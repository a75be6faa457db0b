"""Exact search over the rows of a matrix: every row at or above a threshold, best first.

    Scan       on the processor: int8 rows first, then the few that matter in full
    CardScan   on an NVIDIA card (`engine.index.scan.gpu_scan`, imported by itself: it needs torch)
    scanner_on   which of them, beside a model on a device
    BestPassage  entries by the best of their whole text and its passages

All answer in the same words: a `SearchSpec` for each question, a `TopRows` back. Nothing
here knows what a row stands for.
"""

from engine.index.scan.choose import as_stored, scanner_on
from engine.index.scan.cpu_scan import Scan
from engine.index.scan.dot_products import int8_products
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.passage_max import BestPassage, Passages
from engine.index.scan.protocol import RowSearch, Scanner, Search
from engine.index.scan.ranking import SearchSpec, TopRows
from engine.index.scan.score import scores_of

__all__ = [
    "BestPassage",
    "Compressed",
    "Passages",
    "RowSearch",
    "Scan",
    "Scanner",
    "Search",
    "SearchSpec",
    "TopRows",
    "as_stored",
    "int8_products",
    "scanner_on",
    "scores_of",
]
