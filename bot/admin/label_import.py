"""A channel's labels out to a file and in from one, for the command line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.admin import label_files
from bot.admin.label_files import LabelFileError, Row, tell_mistakes
from bot.domain import Channel, ChannelSettings, EngineError, Label
from bot.engine_client import EngineClient
from bot.platforms.registry import person_named
from bot.store import Labels, Settings


class Labelling:
    """Every method returns the sentence to print, or raises LabelFileError with one."""

    def __init__(
        self, labels: Labels, settings: Settings, engine: EngineClient, *, default_knowledge_base: str
    ) -> None:
        self._labels = labels
        self._settings = settings
        self._engine = engine
        self._default_knowledge_base = default_knowledge_base

    def write(self, channel: Channel, path: Path) -> str:
        """Every label of the channel, whoever gave it."""
        labels = self._labels.of(channel)
        if not labels:
            raise LabelFileError(f"the channel {channel.key} has no labels yet")
        label_files.write(path, labels)
        return f"{len(labels)} labels of {channel.key} written to {path}"

    def read(self, channel: Channel, path: Path, person: str) -> str:
        """All labels of the file or none. Whoever is named in it stays who said it."""
        rows = label_files.read(path)
        settings: ChannelSettings = self._settings.of(channel)
        base = settings.knowledge_base or self._default_knowledge_base
        # The engine is asked for everything first: once labels are taken in, nothing can fail.
        try:
            self._refuse_unknown_entries(path, rows, base)
            notes = self._other_model(rows, base)
        except EngineError as error:
            raise LabelFileError(
                f"{path}: nothing was imported, because search is away and the entries "
                f"cannot be checked ({error.reason})"
            ) from None
        self._labels.take_in(
            channel, [(person_named(row.person or person), _label(row, base)) for row in rows]
        )
        return "\n".join([f"{len(rows)} labels taken into {channel.key}", *notes])

    def _refuse_unknown_entries(self, path: Path, rows: Sequence[Row], base: str) -> None:
        mistakes = []
        for name in dict.fromkeys(row.knowledge_base or base for row in rows):
            try:
                known = self._engine.entry_ids(name)
            except EngineError as error:
                if error.code != "unknown_knowledge_base":
                    raise
                raise LabelFileError(f"{path}: there is no knowledge base {name}") from None
            mistakes += [
                f'line {row.line}: there is no entry "{row.entry[:40]}" in the knowledge base {name}'
                for row in rows
                if (row.knowledge_base or base) == name and row.entry not in known
            ]
        if mistakes:
            raise LabelFileError(f"{path}: nothing was imported\n  {tell_mistakes(mistakes)}")

    def _other_model(self, rows: Sequence[Row], base: str) -> list[str]:
        """A sentence for each knowledge base whose labels were scored by a model that it has no more."""
        made_with = dict.fromkeys((row.knowledge_base or base, row.model) for row in rows if row.model)
        return [
            f"their scores were made with {model}, the knowledge base {name} runs on {now}"
            for name, model in made_with
            if model != (now := self._engine.knowledge_base(name).model)
        ]


def _label(row: Row, base: str) -> Label:
    knowledge_base = row.knowledge_base or base
    digest = hashlib.sha256(f"{knowledge_base}\n{row.question}".encode()).hexdigest()[:32]
    return Label(
        question=row.question,
        entry_id=row.entry,
        relevant=row.relevant,
        source="import",
        knowledge_base=knowledge_base,
        origin=f"import:{digest}",
        score=row.score,
        model=row.model,
        fingerprint=row.fingerprint,
        snapshot=row.snapshot,
    )
