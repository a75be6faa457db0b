"""The engine's own search over a labelled set, with the model that ships and without a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.answer_quality import DEPTH, LabelledSet, encode
from engine.config import Model
from engine.domain import Entry
from engine.encoder.bundled import BundledEncoder
from engine.index.parts import parts_of_all
from engine.index.scan import ScanIndex
from engine.index.scoring import Question, Scoring
from engine.index.snapshot import Found, Snapshot


class OwnSearch:
    """Asks every question of the set in the set's order."""

    def __init__(self, labelled: LabelledSet) -> None:
        encoder = BundledEncoder(Model())
        self._questions = [question["text"] for question in labelled.questions]
        self._vectors = encode(_Encoding(encoder), self._questions)
        entries = sorted(
            (Entry(id=entry["id"], text=entry["text"]) for entry in labelled.entries),
            key=lambda entry: entry.id,
        )
        texts = [entry.text for entry in entries]
        parts = parts_of_all(entries)
        self._snapshot = Snapshot.of(
            id="s",
            knowledge_base=labelled.name,
            created=datetime.now(UTC),
            model=encoder.identity,
            entries=entries,
            vectors=encode(_Encoding(encoder), [*texts, *parts.texts]),
            index=ScanIndex(),
            parts=parts,
        )

    def find_all(
        self,
        scoring: Scoring,
        *,
        depth: int = DEPTH,
        weight: float = 0.0,
        steps: Sequence[float] = (),
    ) -> list[Found]:
        """The best `depth` of every question, whatever their scores, and how many reach each step."""
        return [
            self._snapshot.answers(
                [
                    Question(
                        text,
                        vector,
                        -1.0,
                        depth,
                        keep=depth,
                        keyword_weight=weight,
                        scoring=scoring,
                        steps=tuple(steps),
                    )
                ]
            )[0]
            for text, vector in zip(self._questions, self._vectors, strict=True)
        ]


class _Encoding:
    def __init__(self, encoder: BundledEncoder) -> None:
        self._encoder = encoder

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        return self._encoder.encode(texts, "document")
