"""The local index: rows lie in the snapshot's folder, and are searched in memory or on the model's card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from numpy.typing import NDArray

from engine.index.protocol import EarlierRows, Kind, ModelDevice, Place, RowSearch, Table
from engine.index.scan.choose import as_stored, scanner_on
from engine.index.scan.cpu_scan import Scan
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.mapped_rows import release_pages
from engine.index.scan.scanner import Scanner
from engine.index.score import Floats


class Local(Table):
    """The settings of the local index, of which there are none."""

    kind: Literal["local"] = "local"


class ScanIndex:
    """Exact search over memory. It stores nothing: whatever it needs, the snapshot's folder keeps.

    Until it is known where the model runs, what is opened is searched as it was stored.
    """

    def __init__(
        self,
        device: ModelDevice = lambda: "cpu",
        scanner_on: Callable[[str], Scanner] = scanner_on,
    ) -> None:
        self._device = device
        self._scanner_on = scanner_on

    def build(self, place: Place, vectors: Floats, earlier: EarlierRows | None = None) -> RowSearch:  # noqa: ARG002 - its folder is the snapshot's
        old = earlier.search.compressed if earlier and isinstance(earlier.search, Scan) else None
        copy = old.updated_from(earlier.rows, vectors) if earlier and old else None
        return self._scanner()(vectors, copy)

    def open(self, place: Place, stored: Mapping[str, NDArray[Any]], shape: tuple[int, int]) -> RowSearch:  # noqa: ARG002 - as in `build`
        vectors = stored["vectors"]
        if vectors.shape != shape:
            raise ValueError(f"vectors of shape {vectors.shape}, wanted {shape}")
        copy = Compressed.from_arrays(stored, shape) if "int8_rows" in stored else None
        release_pages(vectors)  # all were looked at to check them; questions look at few of them in full
        return self._scanner()(vectors, copy)

    def beside_model(self, held: RowSearch) -> RowSearch:
        return self._scanner()(held.matrix, held.compressed) if isinstance(held, Scan) else held

    def serve(self, snapshots: Sequence[str]) -> None:
        """Nothing to do: all that is kept lies in the snapshots' folders, and goes with them."""

    def _scanner(self) -> Scanner:
        device = self._device()
        return as_stored if device is None else self._scanner_on(device)


KIND = Kind("local", Local, lambda _table, _knowledge_base, device: ScanIndex(device))
