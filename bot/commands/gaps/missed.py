"""The questions that found nothing helpful, by spelling and by meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.commands.base.context import digest_of
from bot.commands.base.ports import History
from bot.domain import (
    Answer,
    AnsweredQuestion,
    Channel,
    RecordedGap,
    RecordedLabel,
    RecordedQuestion,
)
from bot.domain.spelling import fold

MOST_QUESTIONS = 5_000
NAME = 8
DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Missed:
    """One question, in one spelling, that found nothing helpful."""

    text: str
    count: int = 0
    last_at: datetime | None = None
    asked: list[AnsweredQuestion] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one meaning; the first is the most frequent."""

    questions: tuple[Missed, ...]

    @property
    def name(self) -> str:
        return digest_of(fold(self.text), NAME)

    @property
    def text(self) -> str:
        return self.questions[0].text

    @property
    def count(self) -> int:
        return sum(question.count for question in self.questions)

    @property
    def last_at(self) -> datetime | None:
        return max((question.last_at for question in self.questions if question.last_at), default=None)

    @property
    def nearest(self) -> Answer | None:
        """The answer that came nearest; None where the knowledge base was empty each time."""
        answers = [one.answer for question in self.questions for one in question.asked]
        scored = [answer for answer in answers if answer.best_score is not None]
        return max(scored, key=lambda answer: answer.best_score or 0.0, default=None)


Asked = TypeVar("Asked", Missed, Gap)


def latest(history: History, channel: Channel, now: datetime, days: int) -> list[RecordedQuestion]:
    """The questions of the last days, oldest first; of very many the latest."""
    # A little beyond now: what was asked this very moment counts.
    first, end = now - days * DAY, now + timedelta(seconds=1)
    found: list[RecordedQuestion] = []
    # A day at a time from the end, because the store gives the oldest of a time first.
    while end > first and len(found) < MOST_QUESTIONS:
        start = max(first, end - DAY)
        found = [*history.between(channel, start, end, MOST_QUESTIONS), *found]
        end = start
    return found[-MOST_QUESTIONS:]


def unanswered_questions(
    asked: Sequence[RecordedQuestion], labels: Sequence[RecordedLabel], closed: Sequence[RecordedGap]
) -> list[RecordedQuestion]:
    """The questions without a match, or with negative votes alone, that nobody has closed since."""
    verdicts: dict[str, list[bool]] = {}
    for past in labels:
        verdicts.setdefault(past.label.origin, []).append(past.label.relevant)
    closings = {fold(past.gap.question): past for past in closed}
    return [past for past in asked if _is_missed(past, verdicts) and not _is_closed(past, closings)]


def _is_missed(past: RecordedQuestion, verdicts: dict[str, list[bool]]) -> bool:
    said = verdicts.get(past.asked.answer.id, [])
    return not any(said) and (past.asked.answer.total == 0 or bool(said))


def _is_closed(past: RecordedQuestion, closings: dict[str, RecordedGap]) -> bool:
    closing = closings.get(fold(past.asked.answer.question))
    if closing is None:
        return False
    if closing.gap.decision == "reopened":
        return False
    return closing.gap.decision == "dismissed" or past.asked_at <= closing.made_at


def by_spelling(asked: Sequence[RecordedQuestion]) -> list[Missed]:
    """Each spelling once, the most frequent first, and of those the latest. `asked` is oldest first."""
    found: dict[str, Missed] = {}
    spelled: dict[str, Counter[str]] = {}
    for past in asked:
        answer = past.asked.answer
        key = fold(answer.question)
        one = found.setdefault(key, Missed(answer.question))
        spelled.setdefault(key, Counter())[answer.question] += 1
        one.count += 1
        one.asked.append(past.asked)
        one.last_at = past.asked_at
    for key, one in found.items():
        one.text = spelled[key].most_common(1)[0][0]
    return most_asked([one for one in found.values() if one.text.strip()])


def most_asked(found: Sequence[Asked]) -> list[Asked]:
    """The most frequent first, and of those the latest."""
    latest_first = sorted(found, key=lambda one: one.last_at or _NEVER, reverse=True)
    return sorted(latest_first, key=lambda one: -one.count)
