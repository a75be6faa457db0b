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
    Room,
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
from bot.domain import Answer, Change, Clock, Outcome, PastChange, Scored, TurnDial

SHOWN_CHANGES = 5
STEPS_BACK = 500  # how far undo can see
# Somebody else's change is taken as unseen for as long as it takes to read it and to type a command.
UNSEEN_SECONDS = 20.0


class Dial:
    """Setting works without the engine: the knowledge base's own threshold is then as last known."""

    def __init__(self, settings: Settings, history: History, bases: KnowledgeBases, clock: Clock) -> None:
        self._settings = settings
        self._history = history
        self._bases = bases
        self._clock = clock

    @classmethod
    def of(cls, ports: Ports) -> Dial:
        return cls(ports.settings, ports.history, ports.bases, ports.clock)

    def answer(self, room: Room, command: ThresholdCommand) -> Outcome:
        match command:
            case ShowThreshold():
                return self.show(room)
            case SetThreshold(value):
                return self.set(room, value)
            case TryThreshold(value):
                return self.preview(room, value)
            case ResetThreshold():
                return self.reset(room)
            case UndoThreshold():
                return self.undo(room)
            case SetMargin(margin):
                return self.set_margin(room, margin)
            case _:
                assert_never(command)

    def show(self, room: Room) -> Outcome:
        words = room.words
        changes = [
            change_line(room, past)
            for past in self._settings.history(room.message.channel, "threshold", SHOWN_CHANGES)
        ]
        effective = self._now(room)
        now = words.threshold_shown.format(value=room.shown(effective))
        said = room.text("\n".join([now, *changes]), verb="threshold")
        return Outcome((replace(said, dial=effective.value if effective else None),))

    def set(self, room: Room, value: Decimal) -> Outcome:
        if value == room.settings.threshold:
            same = room.words.threshold_same.format(new=room.shown(Effective(value, "channel")))
            return Outcome((room.text(same, verb="threshold"),))
        return self._turn(room, value, room.words.threshold_set)

    def reset(self, room: Room) -> Outcome:
        if room.settings.threshold is None:
            same = room.words.threshold_same.format(new=room.shown(self._now(room)))
            return Outcome((room.text(same, verb="threshold"),))
        return self._turn(room, None, room.words.threshold_reset)

    def undo(self, room: Room) -> Outcome:
        """Back to what was set before the newest change that still stands; again and again, never forth."""
        changes = standing(self._settings.history(room.message.channel, "threshold", STEPS_BACK))
        if not changes:
            return Outcome((room.aside(room.words.nothing_to_undo, verb="threshold"),))
        before = room.settings.with_texts({"threshold": changes[-1].change.old}).threshold
        return self._turn(room, before, room.words.threshold_undone, is_undo=True)

    def set_margin(self, room: Room, margin: Decimal | None) -> Outcome:
        own = room.settings.margin
        old, new = (None if value is None else texts.threshold(value) for value in (own, margin))
        after = replace(room, settings=replace(room.settings, margin=margin))
        body = room.words.margin_set.format(
            who=room.who, old=texts.threshold(room.margin), new=texts.threshold(after.margin)
        )
        change = Change("margin", old, new, model=self._bases.model(room.knowledge_base))
        return Outcome((room.announcement(body, verb="threshold"),), (change,) if old != new else ())

    def change_to(
        self, room: Room, value: Decimal | None, *, is_undo: bool = False, cause: str = ""
    ) -> Change:
        return Change(
            "threshold",
            old=None if room.settings.threshold is None else texts.threshold(room.settings.threshold),
            new=None if value is None else texts.threshold(value),
            is_undo=is_undo,
            cause=cause,
            model=self._bases.model(room.knowledge_base),
        )

    def preview(self, room: Room, value: Decimal) -> Outcome:
        """How this channel's last questions would fare at another threshold; sets nothing."""
        seen = self._preview(room, self._now(room), Effective(value, "channel"))
        lines = (
            in_words(room.words, seen) if seen else [room.words.no_preview.format(new=texts.threshold(value))]
        )
        return Outcome((room.text("\n".join(lines), verb="threshold"),))

    def preview_lines(self, room: Room, after: Room) -> list[str]:
        """What it does to the last questions that the settings of `room` become those of `after`."""
        seen = self._preview(room, self._now(room), self._now(after))
        return in_words(room.words, seen) if seen else []

    def notes_on(self, room: Room, answer: Answer, turn: TurnDial, before: Decimal) -> tuple[str, ...]:
        """What to say under an answer whose dial was turned while `before` was in force."""
        shown = answer.threshold if turn.shown is None else turn.shown
        at = replace(room, settings=replace(room.settings, knowledge_base=answer.knowledge_base))
        seen = self._preview(at, Effective(before, "channel"), Effective(turn.threshold, "channel"))
        lines = [in_one_line(room.words, seen)] if seen and before != turn.threshold else []
        return (*(self._old_dial(room, before, shown) if shown != before else ()), *lines)

    def unseen(self, room: Room) -> list[str]:
        """Says that somebody else turned the dial too shortly ago for this person to have seen it."""
        for past in self._settings.history(room.message.channel, "threshold", 1):
            seconds = (self._clock.now() - past.made_at).total_seconds()
            if past.person.key != room.message.person.key and seconds < UNSEEN_SECONDS:
                return [
                    room.words.unseen_change.format(
                        who=name_of(past.person),
                        seconds=max(0, round(seconds)),
                        old=past.change.old or room.words.the_default,
                        new=past.change.new or room.words.the_default,
                    )
                ]
        return []

    def _turn(self, room: Room, value: Decimal | None, sentence: str, *, is_undo: bool = False) -> Outcome:
        after = replace(room, settings=replace(room.settings, threshold=value))
        now = self._now(after)
        lines = [
            sentence.format(who=room.who, old=room.shown(self._now(room)), new=room.shown(now)),
            *self.unseen(room),
            *self.preview_lines(room, after),
        ]
        said = room.announcement("\n".join(lines), verb="threshold")
        return Outcome(
            (replace(said, dial=now.value if now else None),),
            (self.change_to(room, value, is_undo=is_undo),),
        )

    def _old_dial(self, room: Room, before: Decimal, shown: Decimal) -> list[str]:
        """Says that the dial was clicked while it showed an old value, unless the clicker set the new one."""
        values = {"shown": texts.threshold(shown), "now": texts.threshold(before)}
        for past in self._settings.history(room.message.channel, "threshold", 1):
            if past.person.key == room.message.person.key:
                return []
            if past.change.new == values["now"]:
                who, when = name_of(past.person), room.moment(past.made_at)
                return [room.words.old_dial_by.format(who=who, when=when, **values)]
        return [room.words.old_dial.format(**values)]

    def _preview(self, room: Room, before: Effective | None, after: Effective | None) -> Preview | None:
        asked = comparable(self._history.scored(room.message.channel, QUESTIONS, room.knowledge_base))
        if not asked or after is None:
            return None
        return preview(asked, before.value if before else asked[0].threshold, after.value)

    def _now(self, room: Room) -> Effective | None:
        return self._bases.threshold_if_known(room, room.knowledge_base)


def build(ports: Ports) -> Callable[[Room, ThresholdCommand], Outcome]:
    return Dial.of(ports).answer


def comparable(asked: Sequence[Scored]) -> list[Scored]:
    """Those (newest first) asked of the model that the newest was asked of: scores of two models differ."""
    return [one for one in asked if (one.model, one.fingerprint) == (asked[0].model, asked[0].fingerprint)]


def change_line(room: Room, past: PastChange) -> str:
    words = room.words
    line = words.changed.format(
        when=room.moment(past.made_at),
        who=name_of(past.person),
        old=past.change.old or words.the_default,
        new=past.change.new or words.the_default,
    )
    cause = words.cause_undo if past.change.is_undo else past.change.cause
    return words.changed_because.format(line=line, cause=cause) if cause else line
