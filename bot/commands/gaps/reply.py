"""/gaps: the questions that found nothing helpful, and how each is closed.

Questions of one meaning are one gap, named after its most frequent question. A gap is
closed for all the questions in it. One that was answered by an entry opens again when it
is asked later and still finds nothing; one that was dismissed stays closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, assert_never

from bot import texts
from bot.commands.base.context import MessageContext
from bot.commands.base.entry_ids import find_id
from bot.commands.base.family import Ports
from bot.commands.base.labels import label_of
from bot.commands.base.learning import Learning
from bot.commands.base.lessons import Lessons
from bot.commands.base.ports import (
    Engine,
    Gaps,
    History,
    Labels,
    Proposals,
)
from bot.commands.base.refreshes import Refreshes
from bot.commands.gaps.grammar import AddGap, DismissGap, GapCommand, PointGap, SetDigest, ShowGaps, UndoGap
from bot.commands.gaps.missed import Gap
from bot.commands.gaps.open_gaps import OpenGaps, is_named
from bot.commands.gaps.undo_words import UNDO
from bot.commands.gaps.words import WORDS
from bot.domain import (
    Button,
    Change,
    Channel,
    Clock,
    ClosedGap,
    EngineError,
    Outcome,
    Proposal,
    ProposalDecision,
)
from bot.domain.spelling import fold

DAYS = 30
DIGEST_DAYS = {"daily": 1, "weekly": 7}
SHOWN = 5
ALSO = 2
MOST_TAUGHT = 20
DEFAULT_HOUR = 9


class GapList:
    """`speaks_first` says where a digest can be said at all."""

    def __init__(
        self,
        *,
        history: History,
        labels: Labels,
        gaps: Gaps,
        proposals: Proposals,
        engine: Engine,
        clock: Clock,
        speaks_first: Callable[[Channel], bool],
        learning: Learning,
        refreshes: Refreshes,
    ) -> None:
        self._lessons = Lessons(engine)
        self._refreshes = refreshes
        self._history = history
        self._engine = engine
        self._reads = OpenGaps(history, labels, gaps, proposals, engine, clock)
        self._speaks_first = speaks_first
        self._learning = learning

    @classmethod
    def of(cls, ports: Ports) -> GapList:
        return cls(
            history=ports.history,
            labels=ports.labels,
            gaps=ports.gaps,
            proposals=ports.proposals,
            engine=ports.engine,
            clock=ports.clock,
            speaks_first=ports.speaks_first,
            learning=Learning.of(ports),
            refreshes=Refreshes.of(ports),
        )

    def answer(self, context: MessageContext, command: GapCommand) -> Outcome:
        """Raises EngineError."""
        match command:
            case ShowGaps(page):
                return self.show(context, page)
            case AddGap():
                return self.add(context, command)
            case PointGap():
                return self.point(context, command)
            case DismissGap():
                return self.dismiss(context, command)
            case UndoGap():
                return self.undo(context)
            case SetDigest():
                return self.set_digest(context, command)
            case _:
                assert_never(command)

    def show(self, context: MessageContext, page: int) -> Outcome:
        """Raises EngineError."""
        lines, buttons = self._list(context, DAYS, page)
        if not lines:
            lines = [WORDS[context.language].none.format(days=DAYS)]
        return Outcome((replace(context.text("\n".join(lines), verb="gaps"), buttons=buttons),))

    def digest(self, context: MessageContext) -> Outcome:
        """The digest, which nobody asked for; nothing where there is nothing to tell. Raises EngineError."""
        if context.settings.digest is None:
            return Outcome()
        lines, buttons = self._list(context, DIGEST_DAYS[context.settings.digest])
        learned = self._learning.lines(context)
        # Of teaching alone a daily digest would say the same for weeks.
        if not lines and not (learned and context.settings.digest == "weekly"):
            return Outcome()
        lines = [WORDS[context.language].digest_head, *lines, *learned]
        return Outcome((replace(context.announcement("\n".join(lines), verb="gaps"), buttons=buttons),))

    def add(self, context: MessageContext, wanted: AddGap) -> Outcome:
        words, gap = WORDS[context.language], self._find(context, wanted.gap)
        if gap is None:
            return self._say_unknown(context, wanted.gap)
        name, question = context.knowledge_base, _one_line(gap.text)
        try:
            addition = self._refreshes.addition(context, name, question, wanted.answer)
        except EngineError as error:
            if error.code != "refused":
                raise
            return self._not_added(context, [context.words.refused], ())
        there = (*addition.added.added, *addition.added.repeated)
        if not there:
            return self._not_added(context, addition.lines, addition.buttons)
        said = words.added.format(who=context.who, question=texts.shorten(gap.text), name=name)
        reply = context.announcement("\n".join([said, *addition.lines]), verb="gaps")
        return Outcome(
            (replace(reply, buttons=addition.buttons),),
            closed=_close(context, gap, "added", there[0].id),
            awaits=addition.awaits,
            edits=addition.edits,
        )

    def point(self, context: MessageContext, wanted: PointGap) -> Outcome:
        """The gap's questions become wordings of that entry, and labels say it is right."""
        words, gap, name = (
            WORDS[context.language],
            self._find(context, wanted.gap),
            context.knowledge_base,
        )
        if gap is None:
            return self._say_unknown(context, wanted.gap)
        entry_id = find_id(self._engine, name, wanted.entry_id)
        shown = texts.shorten(entry_id)
        lines, decisions, refresh = self._teach(context, gap, entry_id)
        if not decisions:
            return Outcome((context.aside("\n".join(lines), verb="gaps"),))
        taught = sum(decision.state == "accepted" for decision in decisions)
        said = words.pointed.format(
            who=context.who, question=texts.shorten(gap.text), entry=shown, count=taught
        )
        awaits = None
        if taught:
            settled = self._refreshes.settle(context, name, refresh, said, verb="gaps")
            lines.append(settled.beside(words.undo_taught))
            awaits = settled.awaits
        labels = tuple(label_of(question.asked[-1], entry_id, relevant=True) for question in gap.questions)
        return Outcome(
            (context.announcement("\n".join([said, *lines]), verb="gaps"),),
            labels=labels,
            closed=_close(context, gap, "pointed", entry_id),
            ruled=decisions,
            awaits=awaits,
        )

    def dismiss(self, context: MessageContext, wanted: DismissGap) -> Outcome:
        gap = self._find(context, wanted.gap)
        if gap is None:
            return self._say_unknown(context, wanted.gap)
        said = WORDS[context.language].dismissed.format(who=context.who, question=texts.shorten(gap.text))
        return Outcome(
            (context.announcement(said, verb="gaps"),), closed=_close(context, gap, "dismissed", None)
        )

    def undo(self, context: MessageContext) -> Outcome:
        """Open again what was closed last; an entry that was written for it is taken away.

        Raises EngineError.
        """
        words, name = UNDO[context.language], context.knowledge_base
        closed = self._reads.closed_last(context.message.channel, name)
        if not closed:
            return Outcome((context.aside(words.nothing, verb="gaps"),))
        first = closed[0].gap
        lines = [words.reopened.format(who=context.who, question=texts.shorten(first.question))]
        if first.decision == "added" and first.entry_id is not None:
            lines.append(self._take_away(context, first.entry_id))
        if first.decision == "pointed":
            lines.append(words.still_taught)
        reopened = tuple(ClosedGap(name, past.gap.question, "reopened") for past in closed)
        return Outcome((context.announcement("\n".join(lines), verb="gaps"),), closed=reopened)

    def _take_away(self, context: MessageContext, entry_id: str) -> str:
        words, shown = UNDO[context.language], texts.shorten(entry_id)
        try:
            self._engine.remove_entry(context.knowledge_base, entry_id)
        except EngineError as error:
            if error.code not in {"unknown_entry", "foreign_entry"}:
                raise
            return words.not_taken_away.format(entry=shown)
        return words.taken_away.format(entry=shown)

    def set_digest(self, context: MessageContext, wanted: SetDigest) -> Outcome:
        words, own = WORDS[context.language], context.settings
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

    def _list(
        self, context: MessageContext, days: int, page: int = 1
    ) -> tuple[list[str], tuple[Button, ...]]:
        words = WORDS[context.language]
        found, private = self._open(context, days)
        pages = max(1, -(-len(found) // SHOWN))
        page = min(page, pages)
        shown = found[(page - 1) * SHOWN : page * SHOWN]
        if not shown:
            return ([words.private.format(count=private)] if private else []), ()
        lines = [words.head.format(days=days)]
        for gap in shown:
            lines.append(
                words.line.format(
                    gap=gap.name,
                    count=gap.count,
                    score=self._score(context, gap),
                    question=texts.shorten(gap.text),
                )
            )
            also = [texts.shorten(one.text) for one in gap.questions[1 : 1 + ALSO]]
            if also:
                lines.append(words.also.format(questions=" · ".join(also)))
        left = len(found) - page * SHOWN
        if left > 0:
            # A digest looks back less far, and so has other pages than /gaps.
            next_page = f"/gaps {page + 1}" if days == DAYS else "/gaps"
            lines.append(words.more.format(count=left, command=next_page))
        if private:
            lines.append(words.private.format(count=private))
        lines.append(words.how.format(gap=shown[0].name))
        buttons = tuple(
            Button(words.dismiss.format(gap=gap.name), f"/gaps dismiss {gap.name}", is_explained=True)
            for gap in shown
        )
        return lines, buttons

    def _score(self, context: MessageContext, gap: Gap) -> str:
        """The best so far with the entry's id, which `point` takes. Its text is below the threshold."""
        words, answer = WORDS[context.language], gap.nearest
        if answer is None:
            return words.no_score
        kept = self._history.answered_question(context.message.channel, answer.id)
        score = texts.score(answer.best_score or 0.0)
        if kept is None or not kept.scores:
            return score
        return words.score.format(score=score, entry=texts.shorten(kept.scores[0][0]))

    def _open(self, context: MessageContext, days: int) -> tuple[list[Gap], int]:
        return self._reads.open_in(context.message.channel, context.knowledge_base, days)

    def _find(self, context: MessageContext, name: str) -> Gap | None:
        """The open gap that this is the name of, or of one of its questions."""
        for gap in self._open(context, DAYS)[0]:
            if is_named(gap, name):
                return gap
        return None

    def _say_unknown(self, context: MessageContext, name: str) -> Outcome:
        return Outcome((context.aside(WORDS[context.language].unknown.format(gap=name), verb="gaps"),))

    def _not_added(
        self, context: MessageContext, lines: Sequence[str], buttons: tuple[Button, ...]
    ) -> Outcome:
        said = WORDS[context.language].not_added
        reply = context.aside("\n".join([said, *lines]), verb="gaps")
        return Outcome((replace(reply, buttons=buttons),))

    def _teach(
        self, context: MessageContext, gap: Gap, entry_id: str
    ) -> tuple[list[str], tuple[ProposalDecision, ...], str | None]:
        """Teach a gap's questions: lines on those not taught, the decisions, the refresh to await."""
        words, name = WORDS[context.language], context.knowledge_base
        lines: list[str] = []
        decisions: list[ProposalDecision] = []
        refresh = None
        for question in gap.questions[:MOST_TAUGHT]:
            wording = _one_line(question.text)
            lesson = self._lessons.give(Proposal(name, entry_id, wording, origin="gap"), context.who)
            quoted, entry = texts.shorten(wording), texts.shorten(entry_id)
            match lesson.result:
                case "no_entry" | "no_wording":
                    return [words.no_entry.format(entry=entry, name=name)], (), None
                case "refused":
                    return [context.words.refused], (), None
                case "other_has_it":
                    lines.append(words.taken.format(question=quoted, entry=texts.shorten(lesson.other)))
            if lesson.decision is not None:
                decisions.append(lesson.decision)
            refresh = lesson.refresh or refresh
        return lines, tuple(decisions), refresh


def build(ports: Ports) -> Callable[[MessageContext, GapCommand], Outcome]:
    return GapList.of(ports).answer


def _close(
    context: MessageContext,
    gap: Gap,
    decision: Literal["added", "pointed", "dismissed"],
    entry_id: str | None,
) -> tuple[ClosedGap, ...]:
    return tuple(
        ClosedGap(context.knowledge_base, fold(question.text), decision, entry_id)
        for question in gap.questions
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
