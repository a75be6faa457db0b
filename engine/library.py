"""kbdial in a program of your own: texts, a model, a threshold; no server, no files, no threads.

>>> fruit = Library(["西瓜水分足，夏天解渴", "柠檬富含维生素C", "Bananas are rich in potassium."])
>>> for match in fruit.matches("which fruit has a lot of potassium", threshold=0.5):
...     print(f"{match.rank}. {match.entry.text} ({match.score:.2f})")
1. Bananas are rich in potassium. (0.69)
>>> fruit.best_score("柠檬富含维生素C")
1.0
>>> fruit.matches("how do I reset my password", threshold=0.6)
()

The vectors themselves: a row of length 1 for each text.

>>> fruit.vectors.shape
(3, 512)
>>> fruit.encode("which fruit has a lot of potassium").shape
(512,)

Scores are those that the engine would give: `score >= threshold` on the unrounded number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from engine import encoder
from engine.config import Model
from engine.domain import BadValue, Entry, Match
from engine.encoder import Encoder, add_instruction
from engine.index.parts import parts_of_all
from engine.index.scan import ScanIndex
from engine.index.snapshot import Snapshot, Vectors


class Library:
    """A fixed list of entries with their vectors, to be searched as often as one likes.

    Texts may be given instead of entries; their ids are then their numbers, from
    0 on, filled up with zeros so that they keep their order.
    `model` is loaded when no encoder is given as `loaded`: the bundled one, a sentence-transformers
    name or path, or a remote one. An encoder may serve several libraries, in one thread.
    """

    def __init__(
        self,
        entries: Iterable[str | Entry],
        *,
        model: Model | None = None,
        loaded: Encoder | None = None,
        instruction: str = "",
    ) -> None:
        self._encoder = loaded or encoder.load(model or Model())
        self._instruction = instruction
        given = list(entries)
        digits = len(str(len(given)))
        held = sorted(
            (
                each if isinstance(each, Entry) else Entry(id=str(number).zfill(digits), text=each)
                for number, each in enumerate(given)
            ),
            key=lambda entry: entry.id,
        )
        identity = self._encoder.identity
        texts = [entry.text for entry in held]
        parts = parts_of_all(held)
        vectors = (
            self._encoder.encode([*texts, *parts.texts], "document")
            if held
            else np.empty((0, identity.dimension), np.float32)
        )
        self._snapshot = Snapshot.of(
            id="library",
            knowledge_base="library",
            created=datetime.now(UTC),
            model=identity,
            entries=held,
            vectors=vectors,
            index=ScanIndex(lambda: self._encoder.device),
            parts=parts,
        )

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them, in the order of their ids."""
        return tuple(self._snapshot.entries)

    @property
    def vectors(self) -> Vectors:
        """A row for each of `entries`."""
        return self._snapshot.vectors

    def encode(self, question: str) -> Vectors:
        """The vector of a question."""
        if self._instruction:
            told = add_instruction(self._encoder.identity, self._instruction, question)
            rows = self._encoder.encode([told], "bare")
        else:
            rows = self._encoder.encode([question], "query")
        return np.asarray(rows[0], np.float32)

    def matches(self, question: str, *, threshold: float, limit: int | None = None) -> tuple[Match, ...]:
        """Every entry at or above the threshold, best first; at most `limit` of them.

        Raises:
            BadValue: a threshold that is not from -1 to 1.
            EncoderFailed: the model could not make a vector of this question.
        """
        if not -1 <= threshold <= 1:
            raise BadValue(f"threshold must be from -1 to 1 (got {threshold})")
        most = max(1, self._snapshot.size)
        found = self._snapshot.matches(
            question, self.encode(question), threshold=threshold, limit=most if limit is None else limit
        )
        return found.matches

    def best_score(self, question: str) -> float | None:
        """The best score of all entries, None when there are none."""
        return self._snapshot.matches(question, self.encode(question), threshold=1, limit=1).best_score
