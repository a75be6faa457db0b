"""The local index. Exact search over the rows of a matrix: every row at or above a threshold, best first.

    ScanIndex    the index (`engine.index.scan.index`), over one of these
    Scan         on the processor: int8 rows first, then the few that matter in full
    CardScan     on an NVIDIA card (`engine.index.scan.gpu_scan`, imported by itself: it needs torch)
    scanner_on   which of them, beside a model on a device

Nothing here knows what a row stands for.
"""

from engine.index.scan.choose import as_stored, scanner_on
from engine.index.scan.cpu_scan import Scan
from engine.index.scan.dot_products import int8_products
from engine.index.scan.index import ScanIndex
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.scanner import Scanner

__all__ = ["Compressed", "Scan", "ScanIndex", "Scanner", "as_stored", "int8_products", "scanner_on"]
