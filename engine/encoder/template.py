"""The template process of `engine.encoder.processes`: loads the model once, and is forked for each lane.

    python -m engine.encoder.template DESCRIPTOR

    engine ──descriptor──► template     loads; makes a copy of itself, or ends one, when told to
           ──a pipe each─► its copies   texts in, vectors out

Copies are forks: they take no time to load, and share the memory of the weights. So nothing here starts a
thread, which a fork would not have. Whoever is not told anything any more has no engine, and ends.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from engine.domain import EngineError
from engine.encoder import CountsTokens, Encoder, Role, load


def main(descriptor: int) -> None:
    # A terminal and systemd tell everybody in the group to stop. The engine is who ends us, by ending.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    logging.getLogger().addHandler(logging.NullHandler())
    with suppress(EOFError, ConnectionError):
        with Connection(descriptor) as engine:
            encoder = _load(engine)
            own = _serve_template(engine) if encoder else None
        if encoder and own is not None:
            with Connection(own) as pipe:
                _serve_copy(pipe, encoder)


def _load(engine: Connection) -> Encoder | None:
    try:
        encoder = load(engine.recv(), lambda stage: engine.send(("stage", stage)))
    except Exception as problem:  # noqa: BLE001 - whatever it is, the engine tells it
        engine.send(("problem", _sendable(problem)))
        return None
    engine.send(("loaded", (encoder.identity, encoder.device)))
    return encoder


def _serve_template(engine: Connection) -> int | None:
    """Do as told until nobody is there; in a copy, return at once with the descriptor of its pipe."""
    gc.collect()
    gc.freeze()  # what the collector never looks at stays shared
    copies: set[int] = set()
    try:
        while True:
            wanted, process = engine.recv()
            if wanted == "end":
                engine.send(("ended", _end(process)))
                copies.remove(process)
                continue
            pipe = recv_handle(engine)
            try:
                process = os.fork()
            except OSError as problem:
                engine.send(("problem", problem))
            else:
                if not process:
                    return pipe
                copies.add(process)
                engine.send(("copy", process))
            os.close(pipe)
    except EOFError:
        for each in copies:
            _end(each)
        return None


def _end(copy: int) -> int:
    """Its exit code, negative for the signal that ended it; one that runs still is killed."""
    os.kill(
        copy, signal.SIGKILL
    )  # it is our child and not waited for yet, so the number is certainly its own
    _, status = os.waitpid(copy, 0)
    return os.waitstatus_to_exitcode(status)


def _serve_copy(engine: Connection, encoder: Encoder) -> None:
    while True:
        wanted, texts, role = engine.recv()
        try:
            made = _make(encoder, wanted, texts, role)
        except Exception as problem:  # noqa: BLE001 - it belongs to those who asked
            engine.send(("problem", _sendable(problem)))
        else:
            engine.send(("made", made))


def _make(encoder: Encoder, wanted: str, texts: Sequence[str], role: Role) -> Any:
    if wanted == "count_tokens" and isinstance(encoder, CountsTokens):
        return sum(encoder.count_tokens(text, role) for text in texts)
    return encoder.encode(texts, role)


def _sendable(problem: Exception) -> Exception:
    """Ours as it is; of any other only the words, because not each can be sent."""
    return (
        problem if isinstance(problem, EngineError) else RuntimeError(str(problem) or type(problem).__name__)
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
