"""A labelled file: questions, and which entries answer them. One JSON object a line.

    {"id": "q1", "text": "how do I return it", "in_scope": true, "relevant": ["e7"]}
    {"id": "q2", "text": "what is love", "in_scope": false}
    {"id": "q3", "text": "track my parcel", "in_scope": true, "group": "tracking"}

`relevant` names entries; without it every entry whose field `group` is the question's is
right. Nothing is, for a question out of scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.domain import BadValue
from engine.evaluation.curve import Label

_MISTAKES_SHOWN = 5


class LabelledQuery(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    in_scope: bool
    relevant: list[str] | None = None
    group: str | None = None

    def is_answered_by(self, entry_id: str, fields: dict[str, str]) -> bool:
        if not self.in_scope:
            return False
        if self.relevant is not None:
            return entry_id in self.relevant
        return fields.get("group") == self.group


def read(path: Path) -> list[LabelledQuery]:
    """All questions of the file, or none: it is right from the first line to the last.

    Raises:
        BadValue: naming the first wrong lines.
    """
    queries, mistakes = [], []
    try:
        # At line ends alone: JSON takes U+2028 and its like inside a text.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as problem:
        raise BadValue(f"{path} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadValue(f"{path} is not UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            query = LabelledQuery.model_validate_json(line)
        except ValidationError as wrong:
            first = wrong.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            mistakes.append(f"{path}:{number}: {where + ': ' if where else ''}{first['msg']}")
            continue
        if query.in_scope and query.relevant is None and query.group is None:
            mistakes.append(f"{path}:{number}: a question in scope needs relevant or group")
        queries.append(query)
    if mistakes:
        more = len(mistakes) - _MISTAKES_SHOWN
        raise BadValue("\n".join([*mistakes[:_MISTAKES_SHOWN], *([f"and {more} more"] if more > 0 else [])]))
    if not queries:
        raise BadValue(f"{path} holds no questions")
    return queries


def unknown_entries(queries: Iterable[LabelledQuery], known: set[str]) -> list[str]:
    """The entries that the questions call relevant and the knowledge base does not hold."""
    return sorted({entry for query in queries for entry in query.relevant or () if entry not in known})


@dataclass(frozen=True, slots=True)
class Scored:
    """One entry among the best of a question, and whether it answers it."""

    query: LabelledQuery
    rank: int
    entry_id: str
    score: float
    relevant: bool


def judge(query: LabelledQuery, matches: Sequence[dict[str, Any]]) -> list[Scored]:
    """The matches of a search answer, as labels."""
    return [
        Scored(
            query,
            match["rank"],
            match["id"],
            match["score"],
            query.is_answered_by(match["id"], match["fields"]),
        )
        for match in matches
    ]


def as_labels(scored: Iterable[Scored]) -> list[Label]:
    return [Label(one.score, one.relevant, one.query.id) for one in scored]
