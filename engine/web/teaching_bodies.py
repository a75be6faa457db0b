"""The bodies of the routes that teach, show and change single entries, and of the trial."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from engine.domain import TaughtWording
from engine.teaching import Change, ShownEntry
from engine.web.bodies import Body, MatchBody, Step, Whole


class TeachRequest(BaseModel):
    """Another wording of an entry, who teaches it, and what they saw that made them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1, max_length=2000)
    by: str = Field(default="", max_length=200)
    because: str = Field(default="", max_length=2000)


class TaughtBody(Body):
    """`refresh` is the one after which the wording is found."""

    id: str
    entry: str
    text: str
    by: str
    because: str
    at: datetime
    refresh: str

    @classmethod
    def of(cls, wording: TaughtWording, refresh: str) -> TaughtBody:
        return cls(**asdict(wording), refresh=refresh)


class ShownWordingBody(Body):
    """A wording from the entry's source has neither id nor teacher and is taken away there."""

    text: str
    id: str | None = None
    by: str | None = None
    because: str | None = None
    at: datetime | None = None


class ShownEntryBody(BaseModel):
    """An entry whole, as it is this moment. Who changes it says with `hash` what they had read.

    `refresh` is the one after which a change is found.
    """

    id: str
    text: str
    answer: str | None
    title: str | None
    url: str | None
    source: str | None
    fields: dict[str, str]
    wordings: list[ShownWordingBody]
    hash: str
    refresh: str | None = None

    @classmethod
    def of(cls, shown: ShownEntry, refresh: str | None = None) -> ShownEntryBody:
        own = [ShownWordingBody(text=text) for text in shown.own_wordings]
        taught = map(ShownWordingBody.model_validate, shown.taught)
        entry = asdict(shown.entry) | {"source": shown.entry.source or None, "wordings": [*own, *taught]}
        return cls(**entry, hash=shown.hash, refresh=refresh)


class ChangeRequest(BaseModel):
    """The changes to a managed entry. What is absent or null stays; an empty answer takes it away."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hash: str = Field(min_length=1, max_length=64)
    text: str | None = Field(default=None, max_length=20_000)
    answer: str | None = Field(default=None, max_length=100_000)

    def as_change(self) -> Change:
        return Change(self.hash, self.text, self.answer)


class TrialRequest(BaseModel):
    """A question over `texts` that are not kept, or over a knowledge base: one of both."""

    model_config = ConfigDict(extra="forbid", strict=True)

    query: str = Field(min_length=1, max_length=20_000)
    texts: list[str] | None = None
    knowledge_base: str | None = Field(default=None, min_length=1, max_length=64)
    steps: list[Step] = Field(default=[], max_length=101)
    limit: Whole = Field(default=5, ge=1, le=2_000)
    threshold: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        allow_inf_nan=False,
        description="The lowest score of a match. Absent: all texts, or the knowledge base's own.",
    )


class TrialResponse(Body):
    """`total` of `size` entries are at or above the threshold, and `counts` at each step, in their order."""

    model: str
    fingerprint: str
    size: int
    total: int
    best_score: float | None
    counts: list[int]
    matches: list[MatchBody]
    took_ms: float = 0
