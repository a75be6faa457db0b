"""Another model, other scores: what becomes of a channel's threshold, and telling the channel once.

The threshold goes where as many of the channel's own questions pass as before. They are
asked again with the new model; their old best scores were kept when they were asked. Where
they are too few, the last questions of all channels stand in for them, as numbers alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from bot import texts
from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.base.ports import Engine, History
from bot.domain import Change, ChannelSettings, Outcome, Query, QuestionScores, Text
from bot.responder.model_change_words import WORDS

QUESTIONS = 100  # asked again; some hundred milliseconds
BACKGROUND = 1_000  # looked through for those: others have told the new model of theirs already
FEWEST = 5
CAUSE = "model"


@dataclass(frozen=True, slots=True)
class ThresholdMigration:
    """The news for a channel, and the settings that change with it."""

    news: Text
    changes: tuple[Change, ...] = ()


class ThresholdMigrator:
    def __init__(self, history: History, engine: Engine, bases: KnowledgeBases) -> None:
        self._history = history
        self._engine = engine
        self._bases = bases

    def is_due(self, context: MessageContext, fingerprint: str) -> bool:
        """Whether the threshold here was set under another model than this."""
        set_under = context.settings.threshold_model
        return context.settings.threshold is not None and bool(set_under) and set_under != fingerprint

    def migration(self, context: MessageContext) -> ThresholdMigration | None:
        """Migrate this channel to the model in use; None where nothing changed since it was told.

        Raises EngineError.
        """
        known = self._bases.get(context.knowledge_base)
        if not known.fingerprint:
            return None
        if context.settings.threshold is not None and self.is_due(context, known.fingerprint):
            return self._carry(context, context.settings.threshold, known.fingerprint)
        if context.settings.threshold is not None:
            return None
        last = self._history.question_scores(context.message.channel, 1, context.knowledge_base)
        if not last or last[0].fingerprint in {"", known.fingerprint}:
            return None
        words = WORDS[context.language]
        # The next question is kept with the new model, so this is said once.
        return ThresholdMigration(
            context.announcement(words.changed.format(name=known.name, model=known.model))
        )

    def news(self, context: MessageContext) -> Outcome:
        """The news of another model, for a channel that has not asked."""
        migration = self.migration(context)
        return Outcome() if migration is None else Outcome((migration.news,), migration.changes)

    def _carry(self, context: MessageContext, old: Decimal, fingerprint: str) -> ThresholdMigration:
        words, own, name = WORDS[context.language], context.settings, context.knowledge_base
        values = {"name": name, "old": texts.threshold(old)}
        before, after = self._scores(
            context, self._history.question_scores(context.message.channel, QUESTIONS, name)
        )
        sentence = words.carried
        if len(before) < FEWEST:
            before, after = self._scores(context, self._history.background(name, BACKGROUND))
            sentence = words.carried_by_all
        if len(before) < FEWEST:
            same = texts.threshold(old)
            kept = Change("threshold", same, same, cause=CAUSE, model=fingerprint)
            return ThresholdMigration(context.announcement(words.kept.format(**values)), (kept,))
        new = round_threshold(map_by_quantiles(float(old), before, after), after)
        share = sum(score >= float(old) for score in before) / len(before)
        said = sentence.format(new=texts.threshold(new), count=len(before), share=f"{share:.0%}", **values)
        changes = [
            Change("threshold", texts.threshold(old), texts.threshold(new), cause=CAUSE, model=fingerprint)
        ]
        if own.review_high is not None and own.review_low is not None:
            high, low = (
                round_threshold(map_by_quantiles(float(each), before, after), after)
                for each in (own.review_high, own.review_low)
            )
            changes += [
                Change("review_high", texts.threshold(own.review_high), texts.threshold(high), cause=CAUSE),
                Change(
                    "review_low",
                    texts.threshold(own.review_low),
                    texts.threshold(min(low, high)),
                    cause=CAUSE,
                ),
            ]
        return ThresholdMigration(context.announcement(said), tuple(changes))

    def _scores(
        self, context: MessageContext, asked: Sequence[QuestionScores]
    ) -> tuple[list[float], list[float]]:
        """The best scores of those that the old model answered, with the old model and with the new."""
        before: list[float] = []
        after: list[float] = []
        known: dict[str, float | None] = {}
        old = [one for one in asked if one.fingerprint == context.settings.threshold_model]
        for one in old[:QUESTIONS]:
            if one.question not in known:
                known[one.question] = self._best_now(context, one.question)
            score = known[one.question]
            if one.best_score is not None and score is not None:
                before.append(one.best_score)
                after.append(score)
        return before, after

    def _best_now(self, context: MessageContext, question: str) -> float | None:
        return self._engine.search(Query(question, context.knowledge_base, 1.0, 1)).best_score


def with_migration(outcome: Outcome, migration: ThresholdMigration) -> Outcome:
    return replace(
        outcome, replies=(*outcome.replies, migration.news), changes=(*migration.changes, *outcome.changes)
    )


def with_migrated_thresholds(own: ChannelSettings, migration: ThresholdMigration) -> ChannelSettings:
    """The settings with which the question is answered that brought the news."""
    return own.with_texts({change.setting: change.new for change in migration.changes})


def map_by_quantiles(threshold: float, before: Sequence[float], after: Sequence[float]) -> float:
    """The threshold that as many of `after` reach as of `before` reach the given one.

    The scores of each side are put in order and tied to each other; in between it goes
    straight. Outside it goes straight to 0 and 1, which are carried to themselves. So the
    way back leads to where one came from, wherever scores are distinct and within 0 to 1.
    """
    left, right = _knots(before), _knots(after)
    if threshold <= left[0]:
        return right[0]
    if threshold >= left[-1]:
        return right[-1]
    at = bisect_right(left, threshold) - 1
    # Of equal scores all pass or none: the threshold stays at the upper end of its step.
    width = left[at + 1] - left[at]
    return right[at] + (threshold - left[at]) / width * (right[at + 1] - right[at])


def round_threshold(value: float, scores: Sequence[float]) -> Decimal:
    """The threshold with the fewest decimals, from two to four, that let the same scores pass."""
    exact = Decimal(repr(min(max(value, 0.0), 1.0)))
    passing = sum(score >= value for score in scores)
    for step in (Decimal("0.01"), Decimal("0.001")):
        candidate = exact.quantize(step, ROUND_DOWN)
        if sum(score >= float(candidate) for score in scores) == passing:
            return candidate
    return exact.quantize(Decimal("0.0001"), ROUND_DOWN)


def _knots(scores: Sequence[float]) -> list[float]:
    return [0.0, *(min(max(score, 0.0), 1.0) for score in sorted(scores)), 1.0]
