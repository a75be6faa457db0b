from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.snapshot import ModelIdentity, Vectors
from engine.storage.vector_cache import VectorCache

MODEL = ModelIdentity("m", 4, "fingerprint")
OTHER = ModelIdentity("m", 4, "another")
PLENTY = 1 << 30


def rows(*numbers: float) -> Vectors:
    return np.array([[number, 0, 0, 1] for number in numbers], np.float32)


def a_cache(folder: Path, limit_bytes: int = PLENTY) -> VectorCache:
    """A cache whose clock goes a second further with each look."""
    ticks: Iterator[int] = iter(range(1, 1_000_000))
    return VectorCache(folder, limit_bytes=limit_bytes, now=lambda: float(next(ticks)))


def found(cache: VectorCache, *texts: str, model: ModelIdentity = MODEL) -> dict[str, float]:
    return {texts[place]: float(vector[0]) for place, vector in cache.find(model, texts).items()}


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.safetensors"))


def test_what_was_kept_is_found_after_a_restart_to_the_last_bit(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((3, 4), dtype=np.float32)
    a_cache(tmp_path).keep(MODEL, ["a", "b", "苹果"], vectors)
    again = a_cache(tmp_path).find(MODEL, ["苹果", "new", "a", "a"])
    assert sorted(again) == [0, 2, 3]
    assert np.array_equal(np.stack([again[0], again[2], again[3]]), vectors[[2, 0, 0]])


def test_another_model_finds_nothing_and_the_first_still_does(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a"], rows(1))
    assert found(cache, "a", model=OTHER) == {}
    cache.keep(OTHER, ["a"], rows(2))
    assert (found(cache, "a"), found(cache, "a", model=OTHER)) == ({"a": 1.0}, {"a": 2.0})


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a", "b"], rows(1, 2))
    size = cache.size_bytes
    a_cache(tmp_path).keep(MODEL, ["b", "a"], rows(2, 1))
    assert cache.size_bytes == size


def test_many_small_segments_become_one(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    texts = [f"text {n}" for n in range(40)]
    for number, text in enumerate(texts):
        cache.keep(MODEL, [text], rows(number))
    assert len(segments(tmp_path)) < 16
    assert found(cache, *texts) == {text: float(n) for n, text in enumerate(texts)}
    assert found(a_cache(tmp_path), *texts) == {text: float(n) for n, text in enumerate(texts)}


def test_what_was_of_no_use_for_longest_makes_room(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["old"], rows(1))
    one = cache.size_bytes
    cache = a_cache(tmp_path, limit_bytes=2 * one + one // 2)
    cache.keep(MODEL, ["middle"], rows(2))
    assert found(cache, "old") == {"old": 1.0}  # used again, so "middle" is now the oldest
    cache.keep(MODEL, ["new"], rows(3))
    assert found(cache, "old", "middle", "new") == {"old": 1.0, "new": 3.0}
    assert cache.size_bytes <= 2 * one + one // 2


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    a_cache(tmp_path, limit_bytes=0).keep(MODEL, ["a"], rows(1))
    assert segments(tmp_path) == []


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_never_believed(
    place: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    a_cache(folder).keep(MODEL, ["a", "b"], rows(1, 2))
    path = segments(folder)[0]
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    cache = a_cache(folder)
    # Blanks that fill the head up mean nothing, so flipping them may leave all as it was.
    assert found(cache, "a", "b") in ({}, {"a": 1.0, "b": 2.0}, {"a": 1.0}, {"b": 2.0})
    cache.keep(MODEL, ["a", "b"], rows(1, 2))
    assert found(cache, "a", "b") == {"a": 1.0, "b": 2.0}


def test_a_segment_of_another_model_is_dropped(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a"], rows(1))
    (tmp_path / OTHER.fingerprint).mkdir()
    segments(tmp_path)[0].rename(tmp_path / OTHER.fingerprint / "00000001.safetensors")
    assert found(a_cache(tmp_path), "a", model=OTHER) == {}
    assert segments(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 100])
def test_a_file_that_is_no_segment_is_dropped(tmp_path: Path, content: bytes) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a"], rows(1))
    segments(tmp_path)[0].write_bytes(content)
    again = a_cache(tmp_path)
    assert found(again, "a") == {}
    again.keep(MODEL, ["a"], rows(1))
    assert found(again, "a") == {"a": 1.0}


def test_what_a_crash_left_half_written_is_cleared(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a"], rows(1))
    partial = segments(tmp_path)[0].with_suffix(".partial")
    partial.write_bytes(b"half")
    cache.clear_leftovers()
    assert not partial.exists()
    assert found(cache, "a") == {"a": 1.0}


def test_a_folder_that_cannot_be_written_costs_no_more_than_time(tmp_path: Path) -> None:
    (tmp_path / MODEL.fingerprint).write_text("in the way")
    cache = a_cache(tmp_path)
    cache.keep(MODEL, ["a"], rows(1))
    assert found(cache, "a") == {}


def test_lots_are_gathered_and_kept_even_when_the_pass_breaks(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)

    def break_off() -> None:
        with cache.gathering(MODEL, lambda: 0.0) as remember:
            for number in range(5):
                remember([f"text {number}"], rows(number))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert len(segments(tmp_path)) == 1
    assert len(found(cache, *(f"text {n}" for n in range(5)))) == 5


def test_a_slow_pass_is_kept_as_it_goes(tmp_path: Path) -> None:
    clock = iter([0.0, 10.0, 31.0, 31.0, 31.0])
    cache = a_cache(tmp_path)
    with cache.gathering(MODEL, lambda: next(clock)) as remember:
        remember(["a"], rows(1))
        assert segments(tmp_path) == []
        remember(["b"], rows(2))
        assert len(segments(tmp_path)) == 1
