"""The engine's answers as JSON, checked before anything is built from them.

Types are strict and unknown fields are passed over, so that a newer engine may say more. A value that
is named as the engine names it is read as it stands; a shape is for what the bot calls otherwise.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, RootModel

from bot.domain import (
    Count,
    FailedSource,
    Found,
    KnowledgeBase,
    LeftOut,
    Match,
    Query,
    Refreshed,
    RefreshState,
)
from bot.domain.search import Also, SourceReport
from bot.engine_client.teaching import Tried

ROUNDING = 1e-6  # scores are float32 somewhere on their way; 1 may be a little more
_NAMED: Final = 3  # of what was left out, in /status; /refresh says more

Value = TypeVar("Value")


def read_json(kind: type[Value], body: bytes | str) -> Value:
    """A shape or a value, of the body of an answer.

    Raises:
        ValidationError: the body is none.
    """
    wanted: Any = kind
    value: Value = _whole(wanted).model_validate_json(body).root
    return value


@cache
def _whole(kind: Any) -> type[_Whole[Any]]:
    return _Whole[kind]


class _Whole(RootModel[Value]):
    """The body as one value, a dataclass or a shape, which takes its strictness from here."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class AlsoShape(_Shape):
    id: str
    text: str
    score: float


class MatchShape(_Shape):
    rank: int
    id: str
    text: str
    score: float
    ranking: float | None = None
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None
    cosine: float | None = None
    keyword: float | None = None
    wording: str | None = None
    passage: str | None = None
    also: tuple[AlsoShape, ...] = ()
    collapsed: Count = 0

    def match(self) -> Match:
        return Match(
            rank=self.rank,
            entry_id=self.id,
            text=self.text,
            score=self.score,
            answer=self.answer,
            title=self.title,
            url=self.url,
            source=self.source,
            cosine=self.cosine,
            keyword=self.keyword,
            ranking=self.ranking,
            wording=self.wording,
            passage=self.passage,
            also=tuple(Also(each.id, each.text, each.score) for each in self.also),
            collapsed=self.collapsed,
        )


class ScoreShape(_Shape):
    id: str
    score: float


class FoundShape(_Shape):
    knowledge_base: str
    snapshot: str
    snapshot_at: AwareDatetime | None = None
    model: str
    threshold: float
    total: Count
    best_score: float | None
    matches: tuple[MatchShape, ...]
    scores: tuple[ScoreShape, ...] | None = None
    fingerprint: str = ""
    groups: Count | None = None
    counts: tuple[Count, ...] | None = None
    snapshot_number: Count = 0

    def mistakes(self, query: Query, keep: int) -> list[str]:
        """The reasons why this cannot be the answer to the query; empty when it can."""
        ranks = [match.rank for match in self.matches]
        there = self.groups or 0 if query.collapse else self.total
        wanted = max(0, min(query.limit, there - query.offset))
        order = [match.score if match.ranking is None else match.ranking for match in self.matches]
        kept = [entry.score for entry in self.scores or ()]
        checks = {
            "it is about another knowledge base": self.knowledge_base == query.knowledge_base,
            "it holds another threshold": query.threshold is None or self.threshold == query.threshold,
            "it is not collapsed": not query.collapse or self.groups is not None,
            "it does not hold as many matches as it says": len(self.matches) == wanted,
            "its ranks are not in order": ranks == [query.offset + 1 + at for at in range(len(ranks))],
            "its matches are not in order": order == sorted(order, reverse=True),
            "a match is below the threshold": all(match.score >= self.threshold for match in self.matches),
            "a score is beyond 1": all(abs(match.score) <= 1 + ROUNDING for match in self.matches),
            "its best score fits neither its matches nor its total": self._best_fits(),
            "it does not count at each step": len(self.counts or ()) == len(query.steps),
            "its scores are not in order": kept == sorted(kept, reverse=True) and len(kept) <= keep,
        }
        return [mistake for mistake, is_fine in checks.items() if not is_fine]

    def _best_fits(self) -> bool:
        if self.best_score is None:
            return self.total == 0
        best_shown = max((match.score for match in self.matches), default=self.best_score)
        return best_shown <= self.best_score and (self.best_score >= self.threshold) == (self.total > 0)

    def to_found(self) -> Found:
        return Found(
            knowledge_base=self.knowledge_base,
            snapshot=self.snapshot,
            snapshot_at=self.snapshot_at,
            model=self.model,
            threshold=self.threshold,
            total=self.total,
            best_score=self.best_score,
            matches=tuple(match.match() for match in self.matches),
            scores=tuple((entry.id, entry.score) for entry in self.scores or ()),
            fingerprint=self.fingerprint,
            groups=self.groups,
            counts=self.counts or (),
            snapshot_number=self.snapshot_number,
        )


class TriedShape(_Shape):
    model: str
    size: Count
    total: Count
    counts: tuple[Count, ...]
    best_score: float | None
    matches: tuple[MatchShape, ...]

    def to_tried(self) -> Tried:
        matches = tuple(each.match() for each in self.matches)
        return Tried(self.model, self.size, self.total, self.counts, self.best_score, matches)


class RefreshStateShape(_Shape):
    id: str
    state: str
    error: str | None = None
    read: Count = 0
    kept: Count = 0
    added: Count = 0
    changed: Count = 0
    removed: Count = 0
    dropped_total: Count = 0
    dropped: tuple[LeftOut, ...] = ()
    notes: tuple[LeftOut, ...] = ()
    failed_sources: tuple[FailedSource, ...] = ()
    held_back: bool = False
    requested: AwareDatetime | None = None
    finished: AwareDatetime | None = None

    def to_refreshed(self) -> Refreshed:
        states: dict[str, RefreshState] = {"done": "done", "failed": "failed"}
        return Refreshed(
            id=self.id,
            state=states.get(self.state, "running"),
            read=self.read,
            kept=self.kept,
            added=self.added,
            changed=self.changed,
            removed=self.removed,
            left_out_total=self.dropped_total,
            left_out=self.dropped,
            notes=self.notes,
            failed=self.failed_sources,
            held_back=self.held_back,
            error=self.error,
            requested_at=self.requested,
            ended_at=self.finished,
        )


class ProgressShape(_Shape):
    done: Count
    total: Count


class RolledBackShape(_Shape):
    at: AwareDatetime


class KnowledgeBaseShape(_Shape):
    name: str
    size: Count
    model: str
    dimension: Count
    snapshot: str | None = None
    snapshot_at: AwareDatetime | None = None
    threshold: float | None = None
    next_refresh: AwareDatetime | None = None
    refreshing: bool = False
    last_refresh: RefreshStateShape | None = None
    refreshes: tuple[RefreshStateShape, ...] = ()
    refresh: str = ""
    sources: tuple[str, ...] = ()
    rolled_back: RolledBackShape | None = None
    progress: ProgressShape | None = None
    fingerprint: str = ""
    failed_sources: tuple[FailedSource, ...] = ()

    def knowledge_base(self) -> KnowledgeBase:
        return KnowledgeBase(
            name=self.name,
            size=self.size,
            threshold=self.threshold,
            snapshot=self.snapshot,
            snapshot_at=self.snapshot_at,
            model=self.model,
            dimension=self.dimension,
            refreshing=self.refreshing,
            next_refresh=self.next_refresh,
            progress=(self.progress.done, self.progress.total) if self.progress else None,
            fingerprint=self.fingerprint,
            failed=self.failed_sources,
            left_out=self.last_refresh.dropped_total if self.last_refresh else 0,
            first_left_out=self.last_refresh.dropped[:_NAMED] if self.last_refresh else (),
        )

    def report(self) -> SourceReport:
        return SourceReport(
            base=self.knowledge_base(),
            sources=self.sources,
            schedule=self.refresh,
            rolled_back_at=self.rolled_back.at if self.rolled_back else None,
            refreshes=tuple(each.to_refreshed() for each in self.refreshes),
        )


class KnowledgeBasesShape(_Shape):
    knowledge_bases: tuple[KnowledgeBaseShape, ...]


class EntryShape(_Shape):
    id: str
    text: str
    answer: str | None = None
    source: str | None = None


class EntriesShape(_Shape):
    entries: tuple[EntryShape, ...]
    total: Count


class ContradictedShape(_Shape):
    id: str
    text: str
    answer: str | None = None
    left_out: str


class DroppedShape(_Shape):
    line: int | str | None = None
    reason: str
    code: str = ""
    details: dict[str, str] = {}


class AddedShape(_Shape):
    added: tuple[EntryShape, ...]
    repeated: tuple[EntryShape, ...] = ()
    contradicted: tuple[ContradictedShape, ...] = ()
    dropped: tuple[DroppedShape, ...] = ()
    refresh: str | None = None


class RefreshShape(_Shape):
    refresh: str


class ReadyShape(_Shape):
    ready: bool
    device: str = ""
    model: str = ""
    state: str = "failed"
    reason: str = ""
    warnings: tuple[str, ...] = ()
    progress: ProgressShape | None = None


class ErrorCodeShape(_Shape):
    code: str
    message: str = ""
    details: dict[str, str | None] | None = None


class ErrorShape(_Shape):
    error: ErrorCodeShape
