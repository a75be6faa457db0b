"""The threshold: showing it, setting it, trying one, going back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot import texts
from bot.domain import Change, EngineError, Outcome
from bot.responder.needs import History, Settings
from bot.responder.preview import QUESTIONS, answered_at
from bot.responder.room import Effective, KnowledgeBases, Room, name_of, standing

SHOWN_CHANGES = 5
STEPS_BACK = 500  # how far undo can see


class Dial:
    """Setting works without the engine: the knowledge base's own threshold is then as last known."""

    def __init__(self, settings: Settings, history: History, bases: KnowledgeBases) -> None:
        self._settings = settings
        self._history = history
        self._bases = bases

    def show(self, room: Room) -> Outcome:
        words = room.words
        changes = [
            words.changed.format(
                when=room.moment(past.made_at),
                who=name_of(past.person),
                old=past.change.old or words.the_default,
                new=past.change.new or words.the_default,
            )
            for past in self._settings.history(room.message.channel, "threshold", SHOWN_CHANGES)
        ]
        now = words.threshold_shown.format(value=room.shown(self._now(room)))
        return Outcome((room.text("\n".join([now, *changes]), verb="threshold"),))

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
        before = changes[-1].old
        return self._turn(
            room, None if before is None else Decimal(before), room.words.threshold_undone, is_undo=True
        )

    def change_to(self, room: Room, value: Decimal | None, *, is_undo: bool = False) -> Change:
        return Change(
            "threshold",
            old=None if room.settings.threshold is None else texts.threshold(room.settings.threshold),
            new=None if value is None else texts.threshold(value),
            is_undo=is_undo,
        )

    def preview(self, room: Room, value: Decimal) -> Outcome:
        """How this channel's last questions would fare at another threshold; sets nothing."""
        asked = [
            one
            for one in self._history.recent(room.message.channel, QUESTIONS)
            if one.answer.knowledge_base == room.knowledge_base
        ]
        try:
            now = self._bases.threshold(room, room.knowledge_base).value
        except EngineError:
            now = asked[0].answer.threshold if asked else value
        words = room.words
        body = (
            words.preview.format(
                count=len(asked),
                then=answered_at(asked, value),
                new=texts.threshold(value),
                now=answered_at(asked, now),
                old=texts.threshold(now),
            )
            if asked
            else words.no_preview.format(new=texts.threshold(value))
        )
        return Outcome((room.text(body, verb="threshold"),))

    def _turn(self, room: Room, value: Decimal | None, sentence: str, *, is_undo: bool = False) -> Outcome:
        after = replace(room, settings=replace(room.settings, threshold=value))
        body = sentence.format(
            who=room.who, old=room.shown(self._now(room)), new=room.shown(self._now(after))
        )
        return Outcome(
            (room.announcement(body, verb="threshold"),), (self.change_to(room, value, is_undo=is_undo),)
        )

    def _now(self, room: Room) -> Effective | None:
        return self._bases.threshold_if_known(room, room.knowledge_base)
