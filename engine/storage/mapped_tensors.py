"""Named arrays in a file, in the format of safetensors: written piece by piece, mapped instead of read.

The library writes from one buffer and reads into another, twice the bytes in memory for a
while, and the checksum would be a third pass. Here a file is hashed as it is written, and
a mapped one costs no memory that the system could not take back.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Content = bytes | memoryview | mmap.mmap

_LENGTH_BYTES: Final = 8
_ALIGNED: Final = 8
_NAMES: Final[Mapping[str, str]] = {
    "float32": "F32",
    "int8": "I8",
    "int32": "I32",
    "int64": "I64",
    "uint16": "U16",
    "uint64": "U64",
}
_KINDS: Final = {name: np.dtype(kind) for kind, name in _NAMES.items()}


def pieces(arrays: Arrays) -> list[memoryview]:
    """The bytes of a file with these arrays, one after the other; nothing is copied."""
    # The widest numbers first, so that each array begins where its numbers may lie.
    ordered = sorted(arrays.items(), key=lambda each: (-each[1].itemsize, each[0]))
    about: dict[str, Any] = {}
    end = 0
    for name, array in ordered:
        about[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [end, end + array.nbytes],
        }
        end += array.nbytes
    head = json.dumps(about, separators=(",", ":")).encode()
    head += b" " * (-len(head) % _ALIGNED)
    first = len(head).to_bytes(_LENGTH_BYTES, "little") + head
    flat = (np.ascontiguousarray(array).reshape(-1).view(np.uint8).data for _, array in ordered)
    return [memoryview(first), *flat]


def arrays_in(content: Content) -> dict[str, NDArray[Any]]:
    """The arrays of a file, as views of its bytes.

    Raises:
        ValueError, KeyError, TypeError: these are not the bytes of such a file.
    """
    view = memoryview(content)
    start = _LENGTH_BYTES + int.from_bytes(view[:_LENGTH_BYTES], "little")
    about = json.loads(bytes(view[_LENGTH_BYTES:start]))
    about.pop("__metadata__", None)
    return {name: _array(view, start, **each) for name, each in about.items()}


def map_file(path: Path) -> mmap.mmap | bytes:
    """The bytes of a file, read when they are looked at."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return b""  # what is empty cannot be mapped
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _array(
    view: memoryview, start: int, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    kind = _KINDS[dtype]
    begin, end = data_offsets
    content = view[start + begin : start + end]
    if len(content) != end - begin:
        raise ValueError(f"the file ends before byte {start + end}")
    return np.frombuffer(content, kind).reshape(shape)
