"""/gaps: the questions that found nothing helpful, and how each is closed.

Questions of one meaning are one gap, named after its most frequent question. A gap is
closed for all the questions in it. One that was answered by an entry opens again when it
is asked later and still finds nothing; one that was dismissed stays closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, assert_never

from bot import texts
from bot.commands.base.context import MessageContext, digest_of
from bot.commands.base.family import Ports
from bot.commands.base.labels import label_of
from bot.commands.base.learning import Learning
from bot.commands.base.ports import (
    Engine,
    Gaps,
    History,
    Labels,
)
from bot.commands.gaps.grammar import AddGap, DismissGap, GapCommand, PointGap, SetDigest, ShowGaps
from bot.domain import (
    Answer,
    AnsweredQuestion,
    Button,
    Change,
    Channel,
    Clock,
    ClosedGap,
    EngineError,
    Outcome,
    RecordedGap,
    RecordedLabel,
    RecordedQuestion,
)
from bot.domain.spelling import folded
from bot.texts.work import work_wording

DAYS = 30
DIGEST_DAYS = {"daily": 1, "weekly": 7}
MOST_QUESTIONS = 5_000
MOST_TEXTS = 500  # the most frequent ones are grouped
SHOWN = 5
ALSO = 2
ALIKE = 0.6
NAME = 8
DEFAULT_HOUR = 9


@dataclass(slots=True)
class _Missed:
    """One question, in one spelling, that found nothing helpful."""

    text: str
    count: int = 0
    asked: list[AnsweredQuestion] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one meaning; the first is the most frequent."""

    questions: tuple[_Missed, ...]

    @property
    def name(self) -> str:
        return digest_of(folded(self.text), NAME)

    @property
    def text(self) -> str:
        return self.questions[0].text

    @property
    def count(self) -> int:
        return sum(question.count for question in self.questions)

    @property
    def nearest(self) -> Answer | None:
        """The answer that came nearest; None where the knowledge base was empty each time."""
        answers = [one.answer for question in self.questions for one in question.asked]
        scored = [answer for answer in answers if answer.best_score is not None]
        return max(scored, key=lambda answer: answer.best_score or 0.0, default=None)


class GapList:
    """`speaks_first` says where a digest can be said at all."""

    def __init__(
        self,
        *,
        history: History,
        labels: Labels,
        gaps: Gaps,
        engine: Engine,
        clock: Clock,
        speaks_first: Callable[[Channel], bool],
        learning: Learning,
    ) -> None:
        self._history = history
        self._labels = labels
        self._gaps = gaps
        self._engine = engine
        self._clock = clock
        self._speaks_first = speaks_first
        self._learning = learning

    @classmethod
    def of(cls, ports: Ports) -> GapList:
        return cls(
            history=ports.history,
            labels=ports.labels,
            gaps=ports.gaps,
            engine=ports.engine,
            clock=ports.clock,
            speaks_first=ports.speaks_first,
            learning=Learning.of(ports),
        )

    def answer(self, context: MessageContext, command: GapCommand) -> Outcome:
        """Raises EngineError."""
        match command:
            case ShowGaps():
                return self.show(context)
            case AddGap():
                return self.add(context, command)
            case PointGap():
                return self.point(context, command)
            case DismissGap():
                return self.dismiss(context, command)
            case SetDigest():
                return self.set_digest(context, command)
            case _:
                assert_never(command)

    def show(self, context: MessageContext) -> Outcome:
        """Raises EngineError."""
        lines, buttons = self._list(context, DAYS)
        if not lines:
            lines = [work_wording(context.language).gaps_none.format(days=DAYS)]
        return Outcome((replace(context.text("\n".join(lines), verb="gaps"), buttons=buttons),))

    def digest(self, context: MessageContext) -> Outcome:
        """What is said unasked; nothing where there is nothing to tell. Raises EngineError."""
        if context.settings.digest is None:
            return Outcome()
        lines, buttons = self._list(context, DIGEST_DAYS[context.settings.digest])
        learned = self._learning.lines(context)
        # Of teaching alone a daily digest would say the same for weeks.
        if not lines and not (learned and context.settings.digest == "weekly"):
            return Outcome()
        lines = [work_wording(context.language).digest_head, *lines, *learned]
        return Outcome((replace(context.announcement("\n".join(lines), verb="gaps"), buttons=buttons),))

    def add(self, context: MessageContext, wanted: AddGap) -> Outcome:
        words, gap = work_wording(context.language), self._find(context, wanted.gap)
        if gap is None:
            return self._unknown(context, wanted.gap)
        refusal, entry_id = self._add(context, gap.text, wanted.answer)
        if refusal:
            return Outcome((context.aside(words.gaps_not_added.format(reason=refusal), verb="gaps"),))
        said = words.gaps_added.format(
            who=context.who, question=texts.shortened(gap.text), name=context.knowledge_base
        )
        return Outcome(
            (context.announcement(said, verb="gaps"),), closed=_close(context, gap, "added", entry_id)
        )

    def point(self, context: MessageContext, wanted: PointGap) -> Outcome:
        """The gap's question becomes another way to ask for that entry, and a label says it is right."""
        words, gap, name = (
            work_wording(context.language),
            self._find(context, wanted.gap),
            context.knowledge_base,
        )
        if gap is None:
            return self._unknown(context, wanted.gap)
        entry = self._engine.entry(name, wanted.entry_id)
        shown = texts.shortened(wanted.entry_id)
        if entry is None:
            none = words.gaps_no_entry.format(entry=shown, name=name)
            return Outcome((context.aside(none, verb="gaps"),))
        refusal, _ = self._add(context, gap.text, entry.answer or entry.text)
        if refusal:
            return Outcome((context.aside(words.gaps_not_added.format(reason=refusal), verb="gaps"),))
        said = words.gaps_pointed.format(who=context.who, question=texts.shortened(gap.text), entry=shown)
        labels = tuple(
            label_of(question.asked[-1], wanted.entry_id, relevant=True) for question in gap.questions
        )
        return Outcome(
            (context.announcement(said, verb="gaps"),),
            labels=labels,
            closed=_close(context, gap, "pointed", wanted.entry_id),
        )

    def dismiss(self, context: MessageContext, wanted: DismissGap) -> Outcome:
        gap = self._find(context, wanted.gap)
        if gap is None:
            return self._unknown(context, wanted.gap)
        said = work_wording(context.language).gaps_dismissed.format(
            who=context.who, question=texts.shortened(gap.text)
        )
        return Outcome(
            (context.announcement(said, verb="gaps"),), closed=_close(context, gap, "dismissed", None)
        )

    def set_digest(self, context: MessageContext, wanted: SetDigest) -> Outcome:
        words, own = work_wording(context.language), context.settings
        if wanted.often is None:
            off = (Change("digest", own.digest, None),) if own.digest else ()
            return Outcome(
                (context.announcement(words.digest_off.format(who=context.who), verb="gaps"),), off
            )
        if not self._speaks_first(context.message.channel):
            return Outcome((context.aside(words.digest_nowhere, verb="gaps"),))
        hour = wanted.hour if wanted.hour is not None else own.digest_hour
        hour = DEFAULT_HOUR if hour is None else hour
        zone = wanted.timezone or own.timezone
        sentence = words.digest_daily if wanted.often == "daily" else words.digest_weekly
        said = sentence.format(who=context.who, hour=f"{hour:02d}", timezone=zone or context.timezone.key)
        old_hour = None if own.digest_hour is None else str(own.digest_hour)
        # Also when it is the same: what is asked for now is not told of a time already past.
        changes = [
            Change("digest", own.digest, wanted.often),
            Change("digest_hour", old_hour, str(hour)),
            *([Change("timezone", own.timezone, zone)] if zone != own.timezone else []),
        ]
        return Outcome((context.announcement(said, verb="gaps"),), tuple(changes))

    def _list(self, context: MessageContext, days: int) -> tuple[list[str], tuple[Button, ...]]:
        words = work_wording(context.language)
        found, private = self._open(context, days)
        shown = found[:SHOWN]
        if not shown:
            return ([words.gaps_private.format(count=private)] if private else []), ()
        lines = [words.gaps_head.format(days=days)]
        for gap in shown:
            lines.append(
                words.gaps_line.format(
                    gap=gap.name,
                    count=gap.count,
                    score=self._score(context, gap),
                    question=texts.shortened(gap.text),
                )
            )
            also = [texts.shortened(one.text) for one in gap.questions[1 : 1 + ALSO]]
            if also:
                lines.append(words.gaps_also.format(questions=" · ".join(also)))
        if private:
            lines.append(words.gaps_private.format(count=private))
        lines.append(words.gaps_how.format(gap=shown[0].name))
        buttons = tuple(
            Button(words.gaps_dismiss.format(gap=gap.name), f"/gaps dismiss {gap.name}", is_explained=True)
            for gap in shown
        )
        return lines, buttons

    def _score(self, context: MessageContext, gap: Gap) -> str:
        """The best so far with the entry's id, which `point` takes. Its text is below the threshold."""
        words, answer = work_wording(context.language), gap.nearest
        if answer is None:
            return words.gaps_no_score
        kept = self._history.asked(context.message.channel, answer.id)
        score = texts.score(answer.best_score or 0.0)
        if kept is None or not kept.scores:
            return score
        return words.gaps_score.format(score=score, entry=texts.shortened(kept.scores[0][0]))

    def _open(self, context: MessageContext, days: int) -> tuple[list[Gap], int]:
        """The gaps of the last days, the most frequent first, and how many were asked privately."""
        channel, name, now = context.message.channel, context.knowledge_base, self._clock.now()
        # A little beyond now: what was asked this very moment counts.
        span = now - timedelta(days=days), now + timedelta(seconds=1)
        asked = [
            past
            for past in self._history.between(channel, *span, MOST_QUESTIONS)
            if past.asked.answer.knowledge_base == name
        ]
        labels = self._labels.of(channel, knowledge_base=name)
        missed = unanswered(asked, labels, self._gaps.closed(channel, name))
        public = [past for past in missed if not past.asked.answer.private]
        questions = _by_spelling(public)[:MOST_TEXTS]
        if not questions:
            return [], len(missed) - len(public)
        groups = self._engine.groups([question.text for question in questions], ALIKE)
        gaps = [
            Gap(tuple(sorted((questions[at] for at in rows), key=lambda one: -one.count))) for rows in groups
        ]
        return sorted(gaps, key=lambda gap: -gap.count), len(missed) - len(public)

    def _find(self, context: MessageContext, name: str) -> Gap | None:
        """The open gap that this is the name of, or of one of its questions."""
        for gap in self._open(context, DAYS)[0]:
            if any(digest_of(folded(one.text), NAME) == name for one in gap.questions):
                return gap
        return None

    def _unknown(self, context: MessageContext, name: str) -> Outcome:
        return Outcome(
            (context.aside(work_wording(context.language).gaps_unknown.format(gap=name), verb="gaps"),)
        )

    def _add(self, context: MessageContext, question: str, answer: str) -> tuple[str, str | None]:
        """Why nothing was added ("" when it was), and the id of the new entry."""
        line = f"{_one_line(question).replace('=>', '→')} => {_one_line(answer)}"
        try:
            added = self._engine.add_entries(context.knowledge_base, line)
        except EngineError as error:
            if error.code != "refused":
                raise
            return context.words.refused, None
        entries = (*added.added, *added.repeated)
        if not entries:
            return "; ".join(drop.reason for drop in added.dropped) or context.words.refused, None
        return "", entries[0].id


def build(ports: Ports) -> Callable[[MessageContext, GapCommand], Outcome]:
    return GapList.of(ports).answer


def unanswered(
    asked: Sequence[RecordedQuestion], labels: Sequence[RecordedLabel], closed: Sequence[RecordedGap]
) -> list[RecordedQuestion]:
    """Those that found nothing, or only what was called not helpful, and that nobody has closed since."""
    verdicts: dict[str, list[bool]] = {}
    for past in labels:
        verdicts.setdefault(past.label.origin, []).append(past.label.relevant)
    closings = {folded(past.gap.question): past for past in closed}
    return [past for past in asked if _is_missed(past, verdicts) and not _is_closed(past, closings)]


def _is_missed(past: RecordedQuestion, verdicts: dict[str, list[bool]]) -> bool:
    said = verdicts.get(past.asked.answer.id, [])
    return not any(said) and (past.asked.answer.total == 0 or bool(said))


def _is_closed(past: RecordedQuestion, closings: dict[str, RecordedGap]) -> bool:
    closing = closings.get(folded(past.asked.answer.question))
    if closing is None:
        return False
    return closing.gap.decision == "dismissed" or past.asked_at <= closing.made_at


def _by_spelling(asked: Sequence[RecordedQuestion]) -> list[_Missed]:
    """Each spelling once, the most frequent first."""
    found: dict[str, _Missed] = {}
    spelled: dict[str, Counter[str]] = {}
    for past in asked:
        answer = past.asked.answer
        key = folded(answer.question)
        one = found.setdefault(key, _Missed(answer.question))
        spelled.setdefault(key, Counter())[answer.question] += 1
        one.count += 1
        one.asked.append(past.asked)
    for key, one in found.items():
        one.text = spelled[key].most_common(1)[0][0]
    return sorted((one for one in found.values() if one.text.strip()), key=lambda one: -one.count)


def _close(
    context: MessageContext,
    gap: Gap,
    decision: Literal["added", "pointed", "dismissed"],
    entry_id: str | None,
) -> tuple[ClosedGap, ...]:
    return tuple(
        ClosedGap(context.knowledge_base, folded(question.text), decision, entry_id)
        for question in gap.questions
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
