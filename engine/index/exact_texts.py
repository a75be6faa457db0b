"""Exact text matches: entries that say the same as a question, letter for letter."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.index.invisible import visible

_NAME = "texts2"  # to be renamed with every change of what is the same; older arrays are made anew


@dataclass(frozen=True, eq=False)
class SameTexts:
    """A short digest of each row's text as `fold` sees it. Whoever asks compares the texts themselves."""

    digests: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> SameTexts:
        return cls(np.frombuffer(b"".join(_digest(fold(text)) for text in texts), np.uint64))

    def updated_from(self, rows_before: NDArray[np.intp], text_of: Callable[[int], str]) -> SameTexts:
        """The digests of new rows, from those of their rows here; where that is -1, from `text_of`."""
        new = np.flatnonzero(rows_before < 0)
        digests = np.append(self.digests, np.uint64(0))[rows_before]
        digests[new] = SameTexts.of(map(text_of, new.tolist())).digests
        return SameTexts(digests)

    def rows(self, text: str, text_of: Callable[[int], str]) -> tuple[int, ...]:
        """Every row that says the same, ascending; `text_of` gives the text of a row."""
        wanted = fold(text)
        digest = np.frombuffer(_digest(wanted), np.uint64)[0]
        first, last = (
            np.searchsorted(self.digests, digest, side, sorter=self._order) for side in ("left", "right")
        )
        return tuple(row for row in self._order[first:last].tolist() if fold(text_of(row)) == wanted)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to be stored, by name."""
        return {_NAME: self.digests}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], size: int) -> SameTexts | None:
        """Built from what `arrays` gave, for this many rows; None if that was another version, or nothing.

        Raises:
            ValueError: it does not fit.
        """
        if _NAME not in arrays:
            return None
        digests = arrays[_NAME]
        if digests.shape != (size,) or digests.dtype != np.uint64:
            raise ValueError(f"the texts are {digests.dtype} of shape {digests.shape}, wanted {size}")
        return cls(digests)

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(self.digests, kind="stable")


def fold(text: str) -> str:
    """Fold a text to what it shares with all that count as the same: nobody sees what else differs."""
    if text.isascii():
        return text.strip()
    seen = visible(text)
    usual = unicodedata.normalize("NFKC", seen)
    return (seen if usual == seen else visible(usual)).strip()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
