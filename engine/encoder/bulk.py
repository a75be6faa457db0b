"""Bulk encoding: many texts in pieces so small that a question never waits long behind one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import NamedTuple

from engine.domain import EncoderFailed
from engine.index.snapshot import Vectors

# Text costs by its length: 64 short questions or 6 passages take the bundled model 30 to 100 ms, which is
# how long a question may wait behind a piece.
PIECE = 64
PIECE_CHARACTERS = 4096
# While people ask. 8 short texts at once cost the bundled model per text what 64 do, and hold it for 11 ms.
ASKED_PIECE = 8
ASKED_PIECE_CHARACTERS = 512
# A card is not fast on less: 16,384 characters are 4,000 to 12,000 tokens, and those take
# Qwen3-Embedding-4B 0.04 to 0.2 s at 60,000 a second (computed, not measured).
CARD_PIECE = 512
CARD_PIECE_CHARACTERS = 16_384

# More failures than these are not about the texts.
_MANY_FAILURES = 20
_NAMED_FAILURES = 3
_SHOWN_CHARACTERS = 40


class Size(NamedTuple):
    """The upper limits of a piece; a single text may exceed them."""

    texts: int
    characters: int


QUIET = Size(PIECE, PIECE_CHARACTERS)

Submit = Callable[[Sequence[str]], Future[Vectors]]
"""Puts a piece into the line."""


def encode_in_pieces(
    texts: Sequence[str], submit: Submit, *, size: Callable[[], Size] = lambda: QUIET, ahead: int = 1
) -> Iterator[tuple[list[int], Vectors]]:
    """Places in `texts` and their vectors, piece by piece.

    Texts of like length go together, the longest first. `size`: of the next piece. `ahead`: how many pieces
    are submitted beside the one that is given next.

    Raises:
        EncoderFailed: naming the texts that the model cannot encode, after all others
            were given, or at once when it fails on everything.
    """
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
    cut = pieces([texts[place] for place in order], size)
    failed: list[str] = []
    start = 0
    for piece, vectors_of_piece in _submit_ahead(cut, submit, ahead):
        places = order[start : start + len(piece)]
        start += len(piece)
        try:
            yield places, vectors_of_piece.result()
        except EncoderFailed as problem:
            passed, more = _encode_each_alone(piece, submit, problem)
            failed += more
            if len(failed) > _MANY_FAILURES:
                raise EncoderFailed(_name(failed)) from problem
            for number, vectors in passed:
                yield [places[number]], vectors
    if failed:
        raise EncoderFailed(_name(failed))


def size_for(device: str, *, is_asked: bool) -> Size:
    """The limits of a piece on this device, where questions are asked meanwhile or not."""
    if device.startswith("cuda"):
        return Size(CARD_PIECE, CARD_PIECE_CHARACTERS)
    # A server somewhere is asked through a network, which makes small pieces slow.
    return Size(ASKED_PIECE, ASKED_PIECE_CHARACTERS) if is_asked and device == "cpu" else QUIET


def pieces(texts: Sequence[str], size: Callable[[], Size] = lambda: QUIET) -> Iterator[Sequence[str]]:
    """Cut a bulk pass so that no piece holds the model for long; `size` is asked before each."""
    if not texts:
        return
    start = 0
    characters = 0
    most = size()
    for end, text in enumerate(texts):
        characters += len(text)
        if end > start and (end - start == most.texts or characters > most.characters):
            yield texts[start:end]
            start, characters = end, len(text)
            most = size()
    yield texts[start:]


def _submit_ahead(
    cut: Iterator[Sequence[str]], submit: Submit, ahead: int
) -> Iterator[tuple[Sequence[str], Future[Vectors]]]:
    submitted = ((piece, submit(piece)) for piece in cut)
    waiting = deque(islice(submitted, ahead))
    for each in submitted:
        waiting.append(each)
        yield waiting.popleft()
    yield from waiting


def _encode_each_alone(
    piece: Sequence[str], submit: Submit, problem: EncoderFailed
) -> tuple[list[tuple[int, Vectors]], list[str]]:
    """Encode a failed piece text by text: the vectors of those that pass, sentences about the others."""
    passed: list[tuple[int, Vectors]] = []
    failed: list[str] = []
    for number, text in enumerate(piece):
        try:
            passed.append((number, submit([text]).result()))
        except EncoderFailed as own:
            failed.append(f'"{text[:_SHOWN_CHARACTERS]}": {own.message}')
            if not passed and len(failed) > _MANY_FAILURES:
                raise problem from own
    return passed, failed


def _name(failed: Sequence[str]) -> str:
    named = "; ".join(failed[:_NAMED_FAILURES])
    more = f", and {len(failed) - _NAMED_FAILURES} more" if len(failed) > _NAMED_FAILURES else ""
    return f"{len(failed)} text{'s' * (len(failed) > 1)} cannot be encoded: {named}{more}"
