"""The gaps of a channel that nobody has closed: for the chat's list, its digest, and the console's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.commands.base.context import digest_of
from bot.commands.base.ports import Engine, Gaps, History, Labels, Proposals
from bot.commands.gaps.missed import NAME, Gap, by_spelling, latest, most_asked, unanswered_questions
from bot.domain import Channel, Clock, RecordedGap
from bot.domain.spelling import fold

MOST_TEXTS = 500  # the most frequent ones are grouped
ALIKE = 0.6
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenGaps:
    history: History
    labels: Labels
    gaps: Gaps
    proposals: Proposals
    engine: Engine
    clock: Clock

    def open_in(self, channel: Channel, knowledge_base: str, days: int) -> tuple[list[Gap], int]:
        """The gaps of the last days, the most asked first, and how many were asked privately.

        Raises EngineError.
        """
        asked = [
            past
            for past in latest(self.history, channel, self.clock.now(), days)
            if past.asked.answer.knowledge_base == knowledge_base
        ]
        labels = self.labels.of(channel, knowledge_base=knowledge_base)
        missed = unanswered_questions(asked, labels, self.gaps.closed_gaps(channel, knowledge_base))
        taught = self._taught(channel, knowledge_base)
        missed = [
            past for past in missed if past.asked_at > taught.get(fold(past.asked.answer.question), _NEVER)
        ]
        public = [past for past in missed if not past.asked.answer.private]
        questions = by_spelling(public)[:MOST_TEXTS]
        if not questions:
            return [], len(missed) - len(public)
        groups = self.engine.groups([question.text for question in questions], ALIKE)
        gaps = [Gap(tuple(most_asked([questions[at] for at in rows]))) for rows in groups]
        return most_asked(gaps), len(missed) - len(public)

    def _taught(self, channel: Channel, knowledge_base: str) -> dict[str, datetime]:
        """The questions that were taught here as a wording, and when; they are found by that."""
        return {
            fold(kept.proposal.wording): kept.decided_at
            for kept in self.proposals.everything(channel)
            if kept.proposal.knowledge_base == knowledge_base
            and (kept.proposal.kind, kept.state) == ("teach", "accepted")
            and kept.decided_at is not None
        }

    def closed_last(self, channel: Channel, knowledge_base: str) -> tuple[RecordedGap, ...]:
        """The gaps that the last message to close any has closed, as far as that still stands."""
        standing = [
            past for past in self.gaps.closed_gaps(channel, knowledge_base) if past.gap.decision != "reopened"
        ]
        last = max((past.made_at for past in standing), default=None)
        return tuple(past for past in standing if past.made_at == last)


def is_named(gap: Gap, name: str) -> bool:
    """Whether this is the name of the gap, or of one of its questions."""
    return any(digest_of(fold(one.text), NAME) == name for one in gap.questions)
