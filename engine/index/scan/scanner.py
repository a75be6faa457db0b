"""The type of a scanner: makes a matrix searchable."""

from __future__ import annotations

from collections.abc import Callable

from engine.index.protocol import RowSearch
from engine.index.scan.int8_copy import Compressed
from engine.index.score import Floats

Scanner = Callable[[Floats, Compressed | None], RowSearch]
"""Takes the rows, and the copy of them that was stored, if any."""
