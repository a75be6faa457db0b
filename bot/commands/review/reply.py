"""Two thresholds: what somebody has to look at, what is only observed, and what is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from bot import texts
from bot.commands.base.attachments import CSV, Attachments
from bot.commands.base.context import KnowledgeBases, MessageContext, digest_of, name_of
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine, Reviews
from bot.commands.review.grammar import (
    Decide,
    ExportQueue,
    ReviewCommand,
    ReviewOff,
    SetReview,
    ShowQueue,
    ShowReview,
)
from bot.commands.review.words import WORDS
from bot.csv_table import as_csv
from bot.domain import (
    Answer,
    Button,
    Change,
    Clock,
    Decision,
    Label,
    Match,
    Outcome,
    Query,
    ReviewCandidate,
    ReviewItem,
    ReviewState,
)
from bot.domain.records import Decided

SHOWN = 5
ONE_IN = 5  # of what is observed goes into the pool
HEAD = (
    "number", "state", "at", "person", "question", "knowledge_base", "entry_id", "entry",
    "score", "high", "low", "model", "decided_by", "decided_at",
)  # fmt: skip


class Review:
    def __init__(
        self,
        *,
        reviews: Reviews,
        engine: Engine,
        bases: KnowledgeBases,
        clock: Clock,
        attachments: Attachments,
    ) -> None:
        self._reviews = reviews
        self._engine = engine
        self._bases = bases
        self._clock = clock
        self._attachments = attachments

    @classmethod
    def of(cls, ports: Ports) -> Review:
        return cls(
            reviews=ports.reviews,
            engine=ports.engine,
            bases=ports.bases,
            clock=ports.clock,
            attachments=ports.attachments,
        )

    def answer(self, context: MessageContext, command: ReviewCommand) -> Outcome:
        match command:
            case ShowReview():
                return self.show(context)
            case SetReview(high, low):
                return self.set(context, high, low)
            case ReviewOff():
                return self.off(context)
            case ShowQueue(pool):
                return self.queue(context, pool=pool)
            case Decide():
                return self.decide(context, command.numbers, command.decision)
            case ExportQueue():
                return self.export(context)
            case _:
                assert_never(command)

    def show(self, context: MessageContext) -> Outcome:
        words, own = WORDS[context.language], context.settings
        if own.review_high is None or own.review_low is None:
            return Outcome((context.text(words.none, verb="review"),))
        body = words.shown.format(high=texts.threshold(own.review_high), low=texts.threshold(own.review_low))
        return Outcome((context.text(body, verb="review"),))

    def set(self, context: MessageContext, high: Decimal, low: Decimal) -> Outcome:
        if (context.settings.review_high, context.settings.review_low) == (high, low):
            return self.show(context)
        body = WORDS[context.language].set.format(
            who=context.who, high=texts.threshold(high), low=texts.threshold(low)
        )
        return Outcome((context.announcement(body, verb="review"),), self._changes(context, high, low))

    def off(self, context: MessageContext) -> Outcome:
        if context.settings.review_high is None and context.settings.review_low is None:
            return self.show(context)
        body = WORDS[context.language].off.format(who=context.who)
        return Outcome((context.announcement(body, verb="review"),), self._changes(context, None, None))

    def mark(self, context: MessageContext, outcome: Outcome) -> Outcome:
        """The same answer, marked and saying so when its best match reaches one of the two thresholds."""
        own, asked = context.settings, outcome.asked
        if own.review_high is None or own.review_low is None or asked is None:
            return outcome
        best = asked.answer.best_score
        if best is None or best < float(own.review_low):
            return outcome
        match = self._best_match(asked.answer, best)
        if match is None:
            return outcome
        words, state = WORDS[context.language], _state(asked.answer, best, own.review_high)
        note = (
            words.queued.format(score=texts.score(best), high=texts.threshold(own.review_high))
            if state == "queued"
            else words.observed.format(score=texts.score(best), low=texts.threshold(own.review_low))
        )
        answer = replace(asked.answer, notes=(*asked.answer.notes, note))
        return replace(
            outcome,
            replies=tuple(answer if reply == asked.answer else reply for reply in outcome.replies),
            asked=replace(asked, answer=answer),
            marked=ReviewCandidate(answer, match, own.review_high, own.review_low, state),
        )

    def queue(self, context: MessageContext, *, pool: bool) -> Outcome:
        words, channel = WORDS[context.language], context.message.channel
        counts = self._reviews.counts(channel)
        state: ReviewState = "pooled" if pool else "queued"
        items = self._reviews.waiting(channel, state, SHOWN)
        if not items:
            decided = sum(counts.get(state, 0) for state in ("confirmed", "dismissed", "cleared"))
            lines = [words.queue_empty.format(decided=decided)]
        else:
            head = words.queue_pool_head if pool else words.queue_head
            lines = [head.format(count=counts[state])]
            lines += [self._line(context, item) for item in items]
            if counts[state] > len(items):
                lines.append(words.queue_more.format(count=counts[state] - len(items)))
        observed, pooled = counts.get("observed", 0), counts.get("pooled", 0)
        if not pool and observed + pooled:
            lines.append(words.queue_pool.format(observed=observed + pooled, pooled=pooled))
        buttons = [
            button
            for item in items
            for button in (
                Button(words.queue_confirm.format(number=item.id), f"/queue confirm {item.id}"),
                Button(words.queue_dismiss.format(number=item.id), f"/queue dismiss {item.id}"),
                Button(words.queue_clear.format(number=item.id), f"/queue clear {item.id}"),
            )
        ]
        said = replace(context.text("\n".join(lines), verb="queue"), buttons=tuple(buttons))
        return Outcome((said,))

    def decide(self, context: MessageContext, numbers: Sequence[int], decision: Decided) -> Outcome:
        """Deciding again changes nothing and says who decided first."""
        words = WORDS[context.language]
        found = {number: self._reviews.get(context.message.channel, number) for number in numbers}
        still_open = [item for item in found.values() if item is not None and item.is_open]
        problems = [_problem(context, number, item) for number, item in found.items()]
        lines = [problem for problem in problems if problem]
        if not still_open:
            return Outcome((context.aside("\n".join(lines), verb="queue"),))
        sentence = {
            "confirmed": words.queue_confirmed,
            "dismissed": words.queue_dismissed,
            "cleared": words.queue_cleared,
        }[decision]
        told = ", #".join(str(item.id) for item in still_open)
        said = [sentence.format(who=context.who, number=told), *lines]
        return Outcome(
            (context.announcement("\n".join(said), verb="queue"),),
            labels=()
            if decision == "cleared"
            else tuple(_label(item, relevant=decision == "confirmed") for item in still_open),
            decisions=tuple(Decision(item.id, decision) for item in still_open),
        )

    def export(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        items = self._reviews.everything(context.message.channel)
        if not items:
            return Outcome((context.aside(words.queue_export_none, verb="queue"),))
        content = as_csv(
            HEAD,
            (
                (
                    item.id, item.state, f"{item.made_at:%Y-%m-%dT%H:%M:%SZ}", name_of(item.person),
                    item.question, item.knowledge_base, item.entry_id, item.entry_text, item.score,
                    float(item.high), float(item.low), item.model, item.decided_by,
                    f"{item.decided_at:%Y-%m-%dT%H:%M:%SZ}" if item.decided_at else "",
                )
                for item in items
            ),
        )  # fmt: skip
        document, file = self._attachments.offer(
            context,
            content,
            name="kbdial-queue.csv",
            media_type=CSV,
            body=words.queue_exported.format(count=len(items)),
            verb="queue",
        )
        return Outcome((document,), files=(file,))

    def _changes(
        self, context: MessageContext, high: Decimal | None, low: Decimal | None
    ) -> tuple[Change, ...]:
        own, model = context.settings, self._bases.model(context.knowledge_base)
        wanted = (("review_high", own.review_high, high), ("review_low", own.review_low, low))
        return tuple(
            Change(
                "review_high" if name == "review_high" else "review_low",
                None if old is None else texts.threshold(old),
                None if new is None else texts.threshold(new),
                model=model,
            )
            for name, old, new in wanted
            if old != new
        )

    def _best_match(self, answer: Answer, best: float) -> Match | None:
        """The entry of the best score; searched for when the channel's threshold kept it back."""
        for match in answer.matches:
            if match.score >= best:
                return match
        found = self._engine.search(Query(answer.question, answer.knowledge_base, best, 1))
        return found.matches[0] if found.matches else None

    def _line(self, context: MessageContext, item: ReviewItem) -> str:
        return WORDS[context.language].queue_line.format(
            number=item.id,
            when=context.moment(item.made_at),
            who=name_of(item.person),
            question=texts.shorten(item.question),
            entry=" ".join(item.entry_id.split()),
            text=texts.shorten(item.entry_text),
            score=texts.score(item.score),
        )


def build(ports: Ports) -> Callable[[MessageContext, ReviewCommand], Outcome]:
    return Review.of(ports).answer


def _state(answer: Answer, best: float, high: Decimal) -> ReviewState:
    if best >= float(high):
        return "queued"
    # By its name and not by chance, so that a message worked twice ends in the same place.
    return "pooled" if int(digest_of(answer.id, 8), 16) % ONE_IN == 0 else "observed"


def _problem(context: MessageContext, number: int, item: ReviewItem | None) -> str:
    """The reason this number cannot be decided, as a sentence; "" where it can."""
    words = WORDS[context.language]
    if item is None:
        return words.queue_unknown.format(number=number)
    if item.is_open:
        return ""
    already = {"confirmed": words.queue_already_confirmed, "dismissed": words.queue_already_dismissed}.get(
        item.state, words.queue_already_cleared
    )
    when = context.moment(item.decided_at) if item.decided_at else ""
    return already.format(number=number, who=item.decided_by, when=when)


def _label(item: ReviewItem, *, relevant: bool) -> Label:
    return Label(
        question=item.question,
        entry_id=item.entry_id,
        relevant=relevant,
        source="review",
        knowledge_base=item.knowledge_base,
        origin=item.answer_id,
        score=item.score,
        model=item.model,
        fingerprint=item.fingerprint,
        snapshot=item.snapshot,
    )
