"""The shapes that go over the wire: the bodies of questions, knowledge bases, entries and readiness."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from engine.domain import Added, Dropped, Query, SearchAnswer

DROPPED_SHOWN = 50


def _whole(value: Any) -> Any:
    # To JSON, 5.0 is a whole number too.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


def _number(value: Any) -> Any:
    # Two decimals are exact as text, and only nearly so as a binary number that somebody added up.
    return float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


_DECIMAL = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,20})?")
Step = Annotated[float, BeforeValidator(_number), Field(ge=-1, le=1, allow_inf_nan=False)]


def _null_when_empty(text: str | None) -> str | None:
    return text or None


class Body(BaseModel):
    """An answer, made from the domain's value of the same field names by `model_validate`."""

    model_config = ConfigDict(from_attributes=True)


class SearchRequest(BaseModel):
    """A question. Only `query` is required."""

    model_config = ConfigDict(extra="forbid", strict=True)

    query: str = Field(
        min_length=1,
        max_length=20_000,
        description="The question. The model reads the beginning of a very long one.",
    )
    knowledge_base: str = Field(default="default", min_length=1, max_length=64)
    threshold: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        allow_inf_nan=False,
        description="The lowest score shown. Absent or null: the knowledge base's own.",
    )
    limit: Whole = Field(default=5, ge=1, le=10_000_000)
    offset: Whole = Field(default=0, ge=0, le=10_000_000)
    keyword_weight: float = Field(
        default=0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="The share of the keyword score in the order of the matches. It changes no score.",
    )
    keep: Whole = Field(
        default=0, ge=0, le=200, description="How many scores to report of all entries, the best ones."
    )

    collapse: bool = Field(
        default=False, description="One match an answer; `limit` and `offset` count those, as `groups` does."
    )
    steps: list[Step] = Field(
        default=[],
        max_length=101,
        description="Thresholds to count at; `counts` are the totals there, in their order.",
    )
    snapshot: str | None = Field(
        default=None, max_length=200, description="Answer from this snapshot, or with 410."
    )
    min_snapshot: Whole | None = Field(
        default=None,
        ge=0,
        le=(1 << 53) - 1,
        description="Answer from a snapshot of this `snapshot_number` or a later one, or with 409.",
    )

    def as_query(self) -> Query:
        fields = self.model_dump()
        return Query(text=fields.pop("query"), steps=tuple(fields.pop("steps")), **fields)


_Source = Annotated[str | None, BeforeValidator(_null_when_empty)]


class OtherBody(Body):
    """An entry with the same answer as the match."""

    id: str
    text: str
    score: float


class MatchBody(Body):
    """`score` was compared; `cosine` and `keyword` are its parts; `ranking`, when it differs, sorts.

    `wording` and `passage` are what matched, null when it was the text itself. In a collapsed
    answer `collapsed` entries with the same answer stand behind the match; `also` names the first.
    """

    rank: int
    id: str = Field(validation_alias=AliasPath("entry", "id"))
    text: str = Field(validation_alias=AliasPath("entry", "text"))
    answer: str | None = Field(validation_alias=AliasPath("entry", "answer"))
    score: float
    cosine: float | None
    keyword: float | None
    ranking: float | None
    source: _Source = Field(validation_alias=AliasPath("entry", "source"))
    title: str | None = Field(validation_alias=AliasPath("entry", "title"))
    url: str | None = Field(validation_alias=AliasPath("entry", "url"))
    fields: dict[str, str] = Field(validation_alias=AliasPath("entry", "fields"))
    wording: str | None = None
    passage: str | None = None
    also: list[OtherBody] = []
    collapsed: int = 0

    @field_validator("ranking")
    @classmethod
    def _only_when_it_differs(cls, ranking: float | None, so_far: ValidationInfo) -> float | None:
        return None if ranking == so_far.data.get("score") else ranking


class ScoreBody(BaseModel):
    id: str
    score: float


class SearchResponse(Body):
    """Every number comes from one snapshot; `total` counts every entry at or above `threshold`."""

    knowledge_base: str
    snapshot: str
    snapshot_number: int
    snapshot_at: datetime
    model: str
    fingerprint: str
    threshold: float
    total: int
    best_score: float | None
    matches: list[MatchBody]
    scores: list[ScoreBody] | None
    counts: list[int] | None = None
    groups: int | None = None
    took_ms: float = 0

    @field_validator("scores", mode="before")
    @classmethod
    def _name_scores(cls, scores: Any) -> Any:
        return scores and [{"id": each, "score": score} for each, score in scores]

    @classmethod
    def of(cls, answer: SearchAnswer, took_ms: float) -> SearchResponse:
        return cls.model_validate(answer).model_copy(update={"took_ms": took_ms})


class DroppedBody(Body):
    """A line that was left out, or is told of. `code` and `details` say `reason` for programs."""

    where: str
    reason: str
    code: str
    details: dict[str, str]


class FailedSourceBody(Body):
    """A source, or a file of one, that could not be read.

    `kept` entries of it are served as they were at `since`. `code` and `details` say why, for programs
    that have their own words; `failing_since` when it began.
    """

    source: str
    reason: str
    kept: int
    since: datetime | None
    code: str
    failing_since: datetime | None
    details: dict[str, str]


class RefreshRequest(BaseModel):
    """`confirm` lets a source shrink or change below the floor of its knowledge base, this once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirm: bool = False


class RefreshBody(Body):
    """One refresh: `added`, `changed` and `removed` are entries beside those served before.

    `dropped` shows the first of `dropped_total`, `notes` what is told of the rest.

    Of the new texts, `embedded` went through the model and `recalled` were known from before.
    `held_back`: the sources still say what was rolled back from, so it was not published.
    """

    id: str
    state: str
    requested: datetime
    started: datetime | None
    finished: datetime | None
    read: int
    kept: int
    embedded: int
    recalled: int
    added: int
    changed: int
    removed: int
    held_back: bool
    dropped_total: int
    dropped: list[DroppedBody]
    notes: list[DroppedBody]
    failed_sources: list[FailedSourceBody]
    confirmed: bool
    snapshot: str | None
    error: str | None

    @field_validator("dropped", "notes", mode="before")
    @classmethod
    def _first(cls, dropped: Any) -> Any:
        return dropped[:DROPPED_SHOWN]


class ProgressBody(Body):
    done: int
    total: int
    per_second: float | None


class RolledBackBody(Body):
    """A rollback to the snapshot that is served. A refresh by hand, or a source that changes, ends it."""

    at: datetime
    from_snapshot: str = Field(validation_alias="snapshot")


class RollbackDoneBody(Body):
    """The snapshot served from now on, the one it was gone back from, and how long that holds."""

    snapshot: str
    snapshot_at: datetime
    from_snapshot: str
    says: str = (
        "Scheduled refreshes keep this snapshot as long as the sources say what they said."
        " It ends when a source changes, or when somebody asks for a refresh."
    )


class KnowledgeBaseBody(Body):
    """A knowledge base as it is now. `refreshes` are the last ones, newest first.

    `failed_sources` are those of the last refresh that has ended.
    """

    name: str
    size: int
    model: str
    fingerprint: str
    dimension: int
    device: str
    snapshot: str | None
    snapshot_number: int
    snapshot_at: datetime | None
    threshold: float | None
    instruction: str
    refresh: str
    sources: list[str]
    refreshing: bool
    progress: ProgressBody | None
    last_refresh: RefreshBody | None
    next_refresh: datetime | None
    rolled_back: RolledBackBody | None
    failed_sources: list[FailedSourceBody]
    refreshes: list[RefreshBody]


class KnowledgeBasesBody(BaseModel):
    knowledge_bases: list[KnowledgeBaseBody]


class RefreshAccepted(BaseModel):
    refresh: str


class EntryBody(Body):
    id: str
    text: str
    answer: str | None
    title: str | None
    url: str | None
    source: _Source
    fields: dict[str, str]
    wordings: list[str] = []


class EntriesQuery(BaseModel):
    """The page that is wanted; with `find` only those whose id, text, answer, title or wording holds it."""

    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=10_000_000)
    find: str = Field(
        default="",
        max_length=200,
        description="Only entries whose id, text, answer, title or wording holds this.",
    )


class EntriesBody(BaseModel):
    entries: list[EntryBody]
    total: int


class NamedText(Body):
    id: str
    text: str


class ContradictedBody(Body):
    """An entry that was there already with `answer`, and the other answer, which was not taken."""

    id: str = Field(validation_alias=AliasPath("entry", "id"))
    text: str = Field(validation_alias=AliasPath("entry", "text"))
    answer: str | None = Field(validation_alias=AliasPath("entry", "answer"))
    left_out: str


class DroppedLine(BaseModel):
    line: int | None
    reason: str
    code: str
    details: dict[str, str]

    @classmethod
    def of(cls, dropped: Dropped) -> DroppedLine:
        number = dropped.where.rpartition(":")[2]
        return cls(
            line=int(number) if number.isascii() and number.isdigit() else None,
            reason=dropped.reason,
            code=dropped.code,
            details=dict(dropped.details),
        )


class AddedBody(BaseModel):
    """The fate of each line; `refresh` is the one after which the new entries are found."""

    added: list[NamedText]
    repeated: list[NamedText]
    contradicted: list[ContradictedBody]
    dropped: list[DroppedLine]
    refresh: str

    @classmethod
    def of(cls, added: Added, refresh: str) -> AddedBody:
        return cls(
            added=list(map(NamedText.model_validate, added.added)),
            repeated=list(map(NamedText.model_validate, added.repeated)),
            contradicted=list(map(ContradictedBody.model_validate, added.contradicted)),
            dropped=list(map(DroppedLine.of, added.dropped)),
            refresh=refresh,
        )


class ReadyBody(Body):
    ready: bool = True
    model: str
    device: str
    warnings: list[str]


class NotReadyBody(Body):
    """Waiting helps while the model is "loading" or entries are "embedding", not when it "failed"."""

    ready: bool = False
    state: Literal["loading", "embedding", "failed"]
    reason: str
    progress: ProgressBody | None
