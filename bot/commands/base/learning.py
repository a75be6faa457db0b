"""The results of teaching for a channel: wordings taught, and missed questions that are answered now.

Nothing is guessed: the questions are those that were stored, and each is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine, History, Proposals
from bot.domain import Clock, Language, Query
from bot.domain.spelling import fold

MOST_QUESTIONS = 5_000  # of a month, looked through
MOST_WAITING = 1_000
MOST_ASKED = 100  # asked again: half a second


@dataclass(frozen=True, slots=True)
class _Words:
    waiting: str
    taught: str
    answered: str
    answered_of: str
    months: Sequence[str]


_WORDS: Mapping[Language, _Words] = {
    "en": _Words(
        waiting="Proposals that wait for a decision: {count} (/teach).",
        taught="Wordings taught this month: {count}.",
        answered="Of the questions that found nothing in {month} ({missed}), {count} would be answered now.",
        answered_of="Of the last {asked} of {missed} questions that found nothing in {month}, "
        "{count} would be answered now.",
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
    ),
    "zh": _Words(
        waiting="等待决定的建议：{count} 项（/teach）。",
        taught="本月教的问法：{count}。",
        answered="{month}没有找到答案的问题（{missed} 个）中，现在有 {count} 个能找到。",
        answered_of="{month}没有找到答案的 {missed} 个问题中最近的 {asked} 个，现在有 {count} 个能找到。",
        months=tuple(f"{number} 月" for number in range(1, 13)),
    ),
}


class Learning:
    def __init__(
        self,
        *,
        proposals: Proposals,
        history: History,
        engine: Engine,
        bases: KnowledgeBases,
        clock: Clock,
    ) -> None:
        self._proposals = proposals
        self._history = history
        self._engine = engine
        self._bases = bases
        self._clock = clock

    @classmethod
    def of(cls, ports: Ports) -> Learning:
        return cls(
            proposals=ports.proposals,
            history=ports.history,
            engine=ports.engine,
            bases=ports.bases,
            clock=ports.clock,
        )

    def lines(self, context: MessageContext) -> list[str]:
        """Lines on the proposals that wait, and on the wordings taught this month or the last.

        The missed questions are last month's, or this month's where there are none yet.
        Raises EngineError.
        """
        words, name = _WORDS[context.language], context.knowledge_base
        now = self._clock.now() + timedelta(seconds=1)
        this_month = _first_of_month(now.astimezone(context.timezone))
        last_month = _first_of_month(this_month - timedelta(days=1))
        channel = context.message.channel
        taught = self._proposals.count_taught(channel, name, this_month, now)
        waiting = len(self._proposals.waiting(channel, name, MOST_WAITING))
        lines = [words.waiting.format(count=waiting)] if waiting else []
        if not taught and not self._proposals.count_taught(channel, name, last_month, this_month):
            return lines
        lines += [words.taught.format(count=taught)] if taught else []
        for start, end in ((last_month, this_month), (this_month, now)):
            missed = self._missed_questions(context, start, end)
            if missed:
                lines.append(self._answered_line(context, missed, words, words.months[start.month - 1]))
                break
        return lines

    def _missed_questions(self, context: MessageContext, start: datetime, end: datetime) -> list[str]:
        """The questions that found nothing, each spelling once, the last ones first."""
        asked = self._history.between(context.message.channel, start, end, MOST_QUESTIONS)
        missed: dict[str, str] = {}
        for answer in (one.asked.answer for one in reversed(asked)):
            if answer.total == 0 and answer.knowledge_base == context.knowledge_base:
                missed.setdefault(fold(answer.question), answer.question)
        return list(missed.values())

    def _answered_line(
        self, context: MessageContext, missed: Sequence[str], words: _Words, month: str
    ) -> str:
        name, asked = context.knowledge_base, missed[:MOST_ASKED]
        threshold = float(self._bases.threshold(context, name).value)
        found = sum(self._engine.search(Query(text, name, threshold, 1)).total > 0 for text in asked)
        sentence = words.answered if len(asked) == len(missed) else words.answered_of
        return sentence.format(count=found, month=month, missed=len(missed), asked=len(asked))


def _first_of_month(when: datetime) -> datetime:
    return when.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
