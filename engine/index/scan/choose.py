"""The choice of a scanner by device."""

from __future__ import annotations

from engine.index.scan.cpu_scan import Scan
from engine.index.scan.dot_products import int8_products
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.scanner import Scanner
from engine.index.score import Floats


def scanner_on(device: str) -> Scanner:
    """The scanner beside a model on this device: the same NVIDIA card, else the processor."""
    if not device.startswith("cuda"):
        return Scan.over
    from engine.index.scan.gpu_scan import card_scanner

    return card_scanner(device)


def as_stored(matrix: Floats, compressed: Compressed | None) -> Scan:
    """A scan on the processor, ready at once: without a stored int8 copy it reads whole rows."""
    return Scan(matrix, compressed, products=int8_products() if compressed else None)
