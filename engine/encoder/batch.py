"""Completing a batch: its vectors, the look-ups by them, and the failures of single texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.domain import DeviceLost, EncoderFailed, EngineError, NotReady
from engine.encoder import Role
from engine.encoder.line import Waiting, deliver_all
from engine.index.snapshot import Vectors

Encode = Callable[[Sequence[str], Role], Vectors]


def answer_batch(batch: Sequence[Waiting], encode: Encode) -> None:
    """Encode all of a batch together, look it up together, and give everybody their own outcome.

    Raises:
        DeviceLost: which everybody in the batch was told as well.
    """
    texts = [text for waiting in batch for text in waiting.texts]
    try:
        vectors = encode(texts, batch[0].role)
    except DeviceLost as problem:
        _refuse(batch, problem)
        raise
    except NotReady as problem:  # which is about no text, and would be as slow to say so of each alone
        _refuse(batch, problem)
    except Exception as problem:  # noqa: BLE001 - whatever a model raises belongs to those who asked
        _answer_one_by_one(batch, encode, problem)
    else:
        _answer(batch, vectors)
    finally:
        deliver_all(batch)


def _refuse(batch: Sequence[Waiting], problem: EngineError) -> None:
    for waiting in batch:
        waiting.outcome.set_exception(problem)


def _answer_one_by_one(batch: Sequence[Waiting], encode: Encode, problem: Exception) -> None:
    """One text must not take the others with it."""
    if len(batch) == 1:
        batch[0].outcome.set_exception(_as_ours(problem))
        return
    for waiting in batch:
        try:
            vectors = encode(waiting.texts, waiting.role)
        except Exception as own:  # noqa: BLE001 - as in answer_batch
            waiting.outcome.set_exception(_as_ours(own))
        else:
            _answer([waiting], vectors)


def _answer(batch: Sequence[Waiting], vectors: Vectors) -> None:
    """Look up for everybody in a batch, together for those who want the same looked up."""
    if batch[0].look_up is None:  # a piece of a bulk pass, alone in its batch
        batch[0].outcome.set_result(vectors)
        return
    for look_up in dict.fromkeys(waiting.look_up for waiting in batch):
        places = [place for place, waiting in enumerate(batch) if waiting.look_up == look_up]
        _look_up([batch[place] for place in places], vectors[places])


def _look_up(asked: Sequence[Waiting], vectors: Vectors) -> None:
    """Look a batch up together; where that fails, one by one, so that each gets its own failure."""
    try:
        found = list(asked[0].look_up([one.subject for one in asked], vectors)) if asked[0].look_up else []
        outcomes = list(zip(asked, found, strict=True))
    except Exception as problem:  # noqa: BLE001 - it belongs to whoever asked
        if len(asked) == 1:
            asked[0].outcome.set_exception(problem)
            return
        for place, one in enumerate(asked):
            _look_up([one], vectors[place : place + 1])
        return
    for one, each in outcomes:
        one.outcome.set_result(each)


def _as_ours(problem: Exception) -> Exception:
    if isinstance(problem, EncoderFailed | NotReady):
        return problem
    failed = EncoderFailed(f"the model failed on this text: {problem or type(problem).__name__}")
    failed.__cause__ = problem
    return failed
