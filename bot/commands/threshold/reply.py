"""The threshold: showing it, setting it, trying one, going back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from bot import texts
from bot.commands.base.context import (
    Effective,
    KnowledgeBases,
    MessageContext,
    name_of,
    standing,
)
from bot.commands.base.family import Ports
from bot.commands.base.ports import History, Settings
from bot.commands.threshold.grammar import (
    ResetThreshold,
    SetMargin,
    SetThreshold,
    ShowThreshold,
    ThresholdCommand,
    TryThreshold,
    UndoThreshold,
)
from bot.commands.threshold.preview import (
    QUESTIONS,
    Preview,
    in_one_line,
    in_words,
    preview,
)
from bot.commands.threshold.words import WORDS
from bot.domain import Answer, Change, Clock, Outcome, QuestionScores, RecordedChange, TurnDial

SHOWN_CHANGES = 5
STEPS_BACK = 500  # how far undo can see
# Somebody else's change is taken as unseen for as long as it takes to read it and to type a command.
UNSEEN_SECONDS = 20.0


class ThresholdCommands:
    """Setting works without the engine: the knowledge base's own threshold is then as last known."""

    def __init__(self, settings: Settings, history: History, bases: KnowledgeBases, clock: Clock) -> None:
        self._settings = settings
        self._history = history
        self._bases = bases
        self._clock = clock

    @classmethod
    def of(cls, ports: Ports) -> ThresholdCommands:
        return cls(ports.settings, ports.history, ports.bases, ports.clock)

    def answer(self, context: MessageContext, command: ThresholdCommand) -> Outcome:
        match command:
            case ShowThreshold():
                return self.show(context)
            case SetThreshold(value):
                return self.set(context, value)
            case TryThreshold(value):
                return self.preview(context, value)
            case ResetThreshold():
                return self.reset(context)
            case UndoThreshold():
                return self.undo(context)
            case SetMargin(margin):
                return self.set_margin(context, margin)
            case _:
                assert_never(command)

    def show(self, context: MessageContext) -> Outcome:
        words = WORDS[context.language]
        changes = [
            change_line(context, past)
            for past in self._settings.history(context.message.channel, "threshold", SHOWN_CHANGES)
        ]
        effective = self._now(context)
        now = words.shown.format(value=context.describe_threshold(effective))
        said = context.text("\n".join([now, *changes]), verb="threshold")
        return Outcome((replace(said, dial=effective.value if effective else None),))

    def set(self, context: MessageContext, value: Decimal) -> Outcome:
        if value == context.settings.threshold:
            same = WORDS[context.language].same.format(
                new=context.describe_threshold(Effective(value, "channel"))
            )
            return Outcome((context.text(same, verb="threshold"),))
        return self._turn(context, value, WORDS[context.language].set)

    def reset(self, context: MessageContext) -> Outcome:
        if context.settings.threshold is None:
            same = WORDS[context.language].same.format(new=context.describe_threshold(self._now(context)))
            return Outcome((context.text(same, verb="threshold"),))
        return self._turn(context, None, WORDS[context.language].reset)

    def undo(self, context: MessageContext) -> Outcome:
        """Restore the threshold before the newest change that still stands; again and again, never forth."""
        changes = standing(self._settings.history(context.message.channel, "threshold", STEPS_BACK))
        if not changes:
            return Outcome((context.aside(WORDS[context.language].nothing_to_undo, verb="threshold"),))
        before = context.settings.with_texts({"threshold": changes[-1].change.old}).threshold
        return self._turn(context, before, WORDS[context.language].undone, is_undo=True)

    def set_margin(self, context: MessageContext, margin: Decimal | None) -> Outcome:
        own = context.settings.margin
        old, new = (None if value is None else texts.threshold(value) for value in (own, margin))
        after = replace(context, settings=replace(context.settings, margin=margin))
        body = WORDS[context.language].margin_set.format(
            who=context.who, old=texts.threshold(context.margin), new=texts.threshold(after.margin)
        )
        change = Change("margin", old, new, model=self._bases.model(context.knowledge_base))
        return Outcome((context.announcement(body, verb="threshold"),), (change,) if old != new else ())

    def change_to(
        self, context: MessageContext, value: Decimal | None, *, is_undo: bool = False, cause: str = ""
    ) -> Change:
        return Change(
            "threshold",
            old=None if context.settings.threshold is None else texts.threshold(context.settings.threshold),
            new=None if value is None else texts.threshold(value),
            is_undo=is_undo,
            cause=cause,
            model=self._bases.model(context.knowledge_base),
        )

    def preview(self, context: MessageContext, value: Decimal) -> Outcome:
        """Preview another threshold over this channel's last questions; sets nothing."""
        seen = self._preview(context, self._now(context), Effective(value, "channel"))
        lines = (
            in_words(WORDS[context.language], seen)
            if seen
            else [WORDS[context.language].no_preview.format(new=texts.threshold(value))]
        )
        return Outcome((context.text("\n".join(lines), verb="threshold"),))

    def preview_lines(self, context: MessageContext, after: MessageContext) -> list[str]:
        """The effect on the last questions when the settings of `context` become those of `after`."""
        before, now = self._now(context), self._now(after)
        if before == now:
            return []
        seen = self._preview(context, before, now)
        return in_words(WORDS[context.language], seen) if seen else []

    def notes_on(
        self, context: MessageContext, answer: Answer, turn: TurnDial, before: Decimal
    ) -> tuple[str, ...]:
        """The notes under an answer whose dial was turned while `before` was in force."""
        shown = answer.threshold if turn.shown is None else turn.shown
        at = replace(context, settings=replace(context.settings, knowledge_base=answer.knowledge_base))
        seen = self._preview(at, Effective(before, "channel"), Effective(turn.threshold, "channel"))
        lines = [in_one_line(WORDS[context.language], seen)] if seen and before != turn.threshold else []
        return (*(self._old_dial(context, before, shown) if shown != before else ()), *lines)

    def unseen_change_lines(self, context: MessageContext) -> list[str]:
        """Says that somebody else turned the dial too shortly ago for this person to have seen it."""
        for past in self._settings.history(context.message.channel, "threshold", 1):
            seconds = (self._clock.now() - past.made_at).total_seconds()
            if past.person.key != context.message.person.key and seconds < UNSEEN_SECONDS:
                return [
                    WORDS[context.language].unseen_change.format(
                        who=name_of(past.person),
                        seconds=max(0, round(seconds)),
                        old=past.change.old or context.words.the_default,
                        new=past.change.new or context.words.the_default,
                    )
                ]
        return []

    def _turn(
        self, context: MessageContext, value: Decimal | None, sentence: str, *, is_undo: bool = False
    ) -> Outcome:
        after = replace(context, settings=replace(context.settings, threshold=value))
        now = self._now(after)
        lines = [
            sentence.format(
                who=context.who,
                old=context.describe_threshold(self._now(context)),
                new=context.describe_threshold(now),
            ),
            *self.unseen_change_lines(context),
            *self.preview_lines(context, after),
        ]
        said = context.announcement("\n".join(lines), verb="threshold")
        return Outcome(
            (replace(said, dial=now.value if now else None),),
            (self.change_to(context, value, is_undo=is_undo),),
        )

    def _old_dial(self, context: MessageContext, before: Decimal, shown: Decimal) -> list[str]:
        """Says that the dial was clicked while it showed an old value, unless the clicker set the new one."""
        values = {"shown": texts.threshold(shown), "now": texts.threshold(before)}
        for past in self._settings.history(context.message.channel, "threshold", 1):
            if past.person.key == context.message.person.key:
                return []
            if past.change.new == values["now"]:
                who, when = name_of(past.person), context.moment(past.made_at)
                return [WORDS[context.language].old_dial_by.format(who=who, when=when, **values)]
        return [WORDS[context.language].old_dial.format(**values)]

    def _preview(
        self, context: MessageContext, before: Effective | None, after: Effective | None
    ) -> Preview | None:
        asked = comparable(
            self._history.question_scores(context.message.channel, QUESTIONS, context.knowledge_base)
        )
        if not asked or after is None:
            return None
        return preview(asked, before.value if before else asked[0].threshold, after.value)

    def _now(self, context: MessageContext) -> Effective | None:
        return self._bases.threshold_if_known(context, context.knowledge_base)


def build(ports: Ports) -> Callable[[MessageContext, ThresholdCommand], Outcome]:
    return ThresholdCommands.of(ports).answer


def comparable(asked: Sequence[QuestionScores]) -> list[QuestionScores]:
    """The questions (newest first) scored by the newest one's model: scores of two models do not compare."""
    return [one for one in asked if (one.model, one.fingerprint) == (asked[0].model, asked[0].fingerprint)]


def change_line(context: MessageContext, past: RecordedChange) -> str:
    words, default = WORDS[context.language], context.words.the_default
    is_again = past.change.old == past.change.new
    line = (words.changed_again if is_again else words.changed).format(
        when=context.moment(past.made_at),
        who=name_of(past.person),
        old=past.change.old or default,
        new=past.change.new or default,
    )
    cause = words.cause_undo if past.change.is_undo else past.change.cause
    return words.changed_because.format(line=line, cause=cause) if cause else line
