"""What the engine says of single entries, their wordings and trials, checked before it is used."""

from __future__ import annotations

from pydantic import AwareDatetime

from bot.engine_client.shapes import Count, Finite, MatchShape, _Shape
from bot.engine_client.teaching import ShownEntry, Taught, Tried, Wording


class WordingShape(_Shape):
    text: str
    id: str | None = None
    by: str | None = None
    because: str | None = None
    at: AwareDatetime | None = None

    def wording(self) -> Wording:
        return Wording(self.text, self.id, self.by, self.because, self.at)


class ShownEntryShape(_Shape):
    id: str
    text: str
    hash: str
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None
    wordings: tuple[WordingShape, ...] = ()
    refresh: str | None = None

    def shown(self) -> ShownEntry:
        return ShownEntry(
            id=self.id,
            text=self.text,
            hash=self.hash,
            answer=self.answer,
            title=self.title,
            url=self.url,
            source=self.source,
            wordings=tuple(each.wording() for each in self.wordings),
            refresh=self.refresh,
        )


class TaughtShape(_Shape):
    id: str
    entry: str
    text: str
    refresh: str

    def taught(self) -> Taught:
        return Taught(self.id, self.entry, self.text, self.refresh)


class TriedShape(_Shape):
    model: str
    size: Count
    total: Count
    counts: tuple[Count, ...]
    best_score: Finite | None
    matches: tuple[MatchShape, ...]

    def tried(self) -> Tried:
        return Tried(
            model=self.model,
            size=self.size,
            total=self.total,
            counts=self.counts,
            best_score=self.best_score,
            matches=tuple(each.match() for each in self.matches),
        )
