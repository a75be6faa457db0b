"""Two thresholds: what somebody has to look at, what is only observed, and what is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Literal, assert_never

from bot import texts
from bot.commands.base.attachments import CSV, Attachments
from bot.commands.base.context import KnowledgeBases, Room, digest_of, name_of
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
from bot.csv_table import as_csv
from bot.domain import (
    Answer,
    Button,
    Change,
    Clock,
    Decision,
    Label,
    Marked,
    Match,
    Outcome,
    Query,
    ReviewItem,
    ReviewState,
)
from bot.texts.work import work_wording

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

    def answer(self, room: Room, command: ReviewCommand) -> Outcome:
        match command:
            case ShowReview():
                return self.show(room)
            case SetReview(high, low):
                return self.set(room, high, low)
            case ReviewOff():
                return self.off(room)
            case ShowQueue(pool):
                return self.queue(room, pool=pool)
            case Decide(number, decision):
                return self.decide(room, number, decision)
            case ExportQueue():
                return self.export(room)
            case _:
                assert_never(command)

    def show(self, room: Room) -> Outcome:
        words, own = work_wording(room.language), room.settings
        if own.review_high is None or own.review_low is None:
            return Outcome((room.text(words.review_none, verb="review"),))
        body = words.review_shown.format(
            high=texts.threshold(own.review_high), low=texts.threshold(own.review_low)
        )
        return Outcome((room.text(body, verb="review"),))

    def set(self, room: Room, high: Decimal, low: Decimal) -> Outcome:
        if (room.settings.review_high, room.settings.review_low) == (high, low):
            return self.show(room)
        body = work_wording(room.language).review_set.format(
            who=room.who, high=texts.threshold(high), low=texts.threshold(low)
        )
        return Outcome((room.announcement(body, verb="review"),), self._changes(room, high, low))

    def off(self, room: Room) -> Outcome:
        if room.settings.review_high is None and room.settings.review_low is None:
            return self.show(room)
        body = work_wording(room.language).review_off.format(who=room.who)
        return Outcome((room.announcement(body, verb="review"),), self._changes(room, None, None))

    def marked(self, room: Room, outcome: Outcome) -> Outcome:
        """The same answer, marked and saying so when its best match reaches one of the two thresholds."""
        own, asked = room.settings, outcome.asked
        if own.review_high is None or own.review_low is None or asked is None:
            return outcome
        best = asked.answer.best_score
        if best is None or best < float(own.review_low):
            return outcome
        match = self._best_match(asked.answer, best)
        if match is None:
            return outcome
        words, state = work_wording(room.language), _state(asked.answer, best, own.review_high)
        note = (
            words.review_queued.format(score=texts.score(best), high=texts.threshold(own.review_high))
            if state == "queued"
            else words.review_observed.format(score=texts.score(best), low=texts.threshold(own.review_low))
        )
        answer = replace(asked.answer, notes=(*asked.answer.notes, note))
        return replace(
            outcome,
            replies=tuple(answer if reply == asked.answer else reply for reply in outcome.replies),
            asked=replace(asked, answer=answer),
            marked=Marked(answer, match, own.review_high, own.review_low, state),
        )

    def queue(self, room: Room, *, pool: bool) -> Outcome:
        words, channel = work_wording(room.language), room.message.channel
        counts = self._reviews.counts(channel)
        state: ReviewState = "pooled" if pool else "queued"
        items = self._reviews.waiting(channel, state, SHOWN)
        if not items:
            decided = counts.get("confirmed", 0) + counts.get("dismissed", 0)
            lines = [words.queue_empty.format(decided=decided)]
        else:
            head = words.queue_pool_head if pool else words.queue_head
            lines = [head.format(count=counts[state])]
            lines += [self._line(room, item) for item in items]
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
            )
        ]
        said = replace(room.text("\n".join(lines), verb="queue"), buttons=tuple(buttons))
        return Outcome((said,))

    def decide(self, room: Room, number: int, decision: Literal["confirmed", "dismissed"]) -> Outcome:
        """Deciding again changes nothing and says who decided first."""
        words = work_wording(room.language)
        item = self._reviews.get(room.message.channel, number)
        if item is None:
            return Outcome((room.aside(words.queue_unknown.format(number=number), verb="queue"),))
        if not item.is_open:
            already = (
                words.queue_already_confirmed if item.state == "confirmed" else words.queue_already_dismissed
            )
            when = room.moment(item.decided_at) if item.decided_at else ""
            said = already.format(number=number, who=item.decided_by, when=when)
            return Outcome((room.aside(said, verb="queue"),))
        sentence = words.queue_confirmed if decision == "confirmed" else words.queue_dismissed
        said = sentence.format(who=room.who, number=number)
        return Outcome(
            (room.announcement(said, verb="queue"),),
            labels=(_label(item, relevant=decision == "confirmed"),),
            decisions=(Decision(number, decision),),
        )

    def export(self, room: Room) -> Outcome:
        words = work_wording(room.language)
        items = self._reviews.everything(room.message.channel)
        if not items:
            return Outcome((room.aside(words.queue_export_none, verb="queue"),))
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
            room,
            content,
            name="kbdial-queue.csv",
            media_type=CSV,
            body=words.queue_exported.format(count=len(items)),
            verb="queue",
        )
        return Outcome((document,), files=(file,))

    def _changes(self, room: Room, high: Decimal | None, low: Decimal | None) -> tuple[Change, ...]:
        own, model = room.settings, self._bases.model(room.knowledge_base)
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

    def _line(self, room: Room, item: ReviewItem) -> str:
        return work_wording(room.language).queue_line.format(
            number=item.id,
            when=room.moment(item.made_at),
            who=name_of(item.person),
            question=texts.shortened(item.question),
            entry=texts.shortened(item.entry_text),
            score=texts.score(item.score),
        )


def build(ports: Ports) -> Callable[[Room, ReviewCommand], Outcome]:
    return Review.of(ports).answer


def _state(answer: Answer, best: float, high: Decimal) -> ReviewState:
    if best >= float(high):
        return "queued"
    # By its name and not by chance, so that a message worked twice ends in the same place.
    return "pooled" if int(digest_of(answer.id, 8), 16) % ONE_IN == 0 else "observed"


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
