"""Our files are files of safetensors, and theirs are ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from engine.index.scan.mapped_rows import release_pages
from engine.storage import mapped_tensors

ARRAYS: dict[str, NDArray[Any]] = {
    "bytes": np.arange(-3, 4, dtype=np.int8),
    "floats": np.arange(12, dtype=np.float32).reshape(4, 3),
    "words": np.array([2**64 - 1, 0], dtype=np.uint64),
    "times": np.array([1, 2, 3], dtype=np.uint16),
    "rows": np.array([[-1]], dtype=np.int32),
    "starts": np.array([0, 2**40], dtype=np.int64),
    "none": np.empty((0, 5), dtype=np.float32),
}


def written() -> bytes:
    return b"".join(mapped_tensors.pieces(ARRAYS))


def assert_equal(found: mapped_tensors.Arrays) -> None:
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)


def test_the_library_reads_what_we_write() -> None:
    assert_equal(load(written()))


def test_we_read_what_the_library_writes() -> None:
    assert_equal(mapped_tensors.arrays_in(save(ARRAYS, metadata={"made": "by the library"})))


def test_a_mapped_file_is_the_file_also_after_its_memory_was_let_go(tmp_path: Path) -> None:
    (tmp_path / "arrays").write_bytes(written())
    arrays = mapped_tensors.arrays_in(mapped_tensors.map_file(tmp_path / "arrays"))
    assert_equal(arrays)
    release_pages(arrays["floats"][1:])
    assert_equal(arrays)


def test_letting_go_of_what_is_not_mapped_does_nothing() -> None:
    array = np.ones(3)
    release_pages(array)
    assert array.tolist() == [1, 1, 1]


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert mapped_tensors.map_file(tmp_path / "empty") == b""


@pytest.mark.parametrize("left", [0, 4, 40, -1])
def test_a_file_cut_short_is_refused(left: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        mapped_tensors.arrays_in(written()[:left])
