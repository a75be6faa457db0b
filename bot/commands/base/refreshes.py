"""Telling how refreshes and changes made in chat ended, at once or as soon as they have.

asked for ─► ended within two seconds ─► one reply with the outcome
          └► takes longer ─► a first reply, and the outcome as another (`Outcome.awaits`)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot import texts
from bot.commands.base.context import MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.ports import Engine
from bot.domain import (
    Awaited,
    Button,
    Clock,
    EngineError,
    EntryChange,
    FailedSource,
    LeftOut,
    NewEntry,
    Outcome,
    Refreshed,
)
from bot.engine_client import Added, Contradicted
from bot.texts import sources
from bot.texts.refreshing import RefreshWording, refresh_wording

LOOKS, LOOK_SECONDS = 8, 0.25
# Where a platform lets a reply follow for an hour, the result still comes in time.
WAITS_AT_MOST = timedelta(minutes=50)
SHOWN = 3
# Enough to see that they were read as meant; their ids are what /kb remove takes.
SHOWN_ADDED = 10
# What a button carries beside the name of its command; 2,000 characters is the least that a platform takes.
LONGEST_COMMAND = 1_500
MANAGED = "managed"


@dataclass(frozen=True, slots=True)
class Addition:
    """Entries that were added, what is to be said of them, and what is still awaited."""

    added: Added
    lines: tuple[str, ...]
    buttons: tuple[Button, ...]
    awaits: Awaited | None
    edits: tuple[EntryChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """The moment from which a change holds, and what is still awaited before it does."""

    lines: tuple[str, ...]
    awaits: Awaited | None = None

    def beside(self, hint: str) -> str:
        """All of it, with a hint after its first sentence."""
        return "\n".join((f"{self.lines[0]} {hint}".rstrip(), *self.lines[1:]))


class Refreshes:
    """Knows how to wait for a refresh, and how to say how it ended."""

    def __init__(self, engine: Engine, clock: Clock, wait: Callable[[float], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._wait = wait

    @classmethod
    def of(cls, ports: Ports) -> Refreshes:
        return cls(ports.engine, ports.clock, ports.wait)

    def begin(self, context: MessageContext, name: str) -> Outcome:
        """Ask for a refresh by hand. Raises EngineError."""
        awaited = Awaited(name, self._engine.refresh(name), self._clock.now())
        ended = self._end_soon(awaited)
        if ended is not None:
            return self._tell(context, awaited, ended)
        started = refresh_wording(context.language).started.format(name=name)
        return Outcome((context.announcement(started, verb="refresh"),), awaits=awaited)

    def add(self, context: MessageContext, name: str, lines: str, answer: str | None = None) -> Outcome:
        """Add entries, and tell what became of each. Raises EngineError."""
        addition = self.addition(context, name, lines, answer)
        told = "\n".join([*_added_lines(context, name, addition.added), *addition.lines])
        reply = replace(context.announcement(told, verb="kb"), buttons=addition.buttons)
        return Outcome((reply,), awaits=addition.awaits, edits=addition.edits)

    def addition(self, context: MessageContext, name: str, lines: str, answer: str | None = None) -> Addition:
        """Add entries, and see whether they can be found.

        With an `answer`, whose lines stay lines, `lines` is the text of one entry. Raises EngineError.
        """
        if answer is None:
            added = self._engine.add_entries(name, lines)
        else:
            added = self._engine.add_entry(name, lines, answer)
        told, buttons = _not_added(context, added)
        awaits = None
        if added.added and added.refresh is not None:
            new = tuple(NewEntry(entry.id, texts.shorten(entry.text)) for entry in added.added)
            awaited = Awaited(name, added.refresh, self._clock.now(), new)
            ended = self._end_soon(awaited)
            if ended is None:
                told.append(refresh_wording(context.language).findable_soon)
                awaits = awaited
            else:
                more, more_buttons = _findable(context, awaited, ended)
                told, buttons = [*told, *more], [*buttons, *more_buttons]
        edits = tuple(EntryChange(name, entry.id, "added", entry.text) for entry in added.added)
        return Addition(added, tuple(told), tuple(buttons), awaits, edits)

    def settle(
        self, context: MessageContext, name: str, refresh: str | None, change: str, *, verb: str
    ) -> Settled:
        """Whether what was just changed holds; `change` is what is said of it, now and again when it does.

        `refresh` None: nobody knows which refresh takes it up.
        """
        words = refresh_wording(context.language)
        if refresh is None:
            return Settled((words.holds_soon,))
        awaited = Awaited(name, refresh, self._clock.now(), change=change, verb=verb)
        ended = self._end_soon(awaited)
        if ended is None:
            return Settled((words.holds_later,), awaited)
        return Settled(tuple(_holds(context, awaited, ended)))

    def follow(self, context: MessageContext, awaited: Awaited) -> Outcome:
        """Follow a refresh: what is to be said now, nothing while it still runs. Raises EngineError."""
        words = refresh_wording(context.language)
        refreshed = self._engine.refresh_state(awaited.knowledge_base, awaited.refresh)
        if refreshed is None:
            said = words.forgotten.format(name=awaited.knowledge_base)
        elif refreshed.state != "running":
            return self._tell(context, awaited, refreshed)
        elif self._clock.now() - awaited.since < WAITS_AT_MOST:
            return Outcome(awaits=awaited)
        else:
            minutes = int(WAITS_AT_MOST.total_seconds()) // 60
            said = words.too_long.format(name=awaited.knowledge_base, minutes=minutes)
        return Outcome((context.announcement(said, verb="refresh"),))

    def _end_soon(self, awaited: Awaited) -> Refreshed | None:
        """The refresh once it has ended; None when it has not by the last look, or the engine fails."""
        for look in range(LOOKS + 1):
            if look:
                self._wait(LOOK_SECONDS)
            try:
                refreshed = self._engine.refresh_state(awaited.knowledge_base, awaited.refresh)
            except EngineError:
                return None
            if refreshed is not None and refreshed.state != "running":
                return refreshed
        return None

    def _tell(self, context: MessageContext, awaited: Awaited, ended: Refreshed) -> Outcome:
        verb, buttons = awaited.verb or "refresh", list[Button]()
        if awaited.change:
            lines = [awaited.change, *_holds(context, awaited, ended)]
        elif awaited.entries:
            verb, (lines, buttons) = "kb", _findable(context, awaited, ended)
            lines = [_names(context, awaited), *lines]
        else:
            lines = _report(context, awaited.knowledge_base, ended)
        reply = context.announcement("\n".join(lines), verb=verb)
        return Outcome((replace(reply, buttons=tuple(buttons)),))


def _holds(context: MessageContext, awaited: Awaited, ended: Refreshed) -> list[str]:
    """Whether a change of entries that are there can be found."""
    words = refresh_wording(context.language)
    if ended.state == "failed":
        return [words.holds_not, *_failures(context, awaited.knowledge_base, ended)]
    return [words.holds]


def _names(context: MessageContext, awaited: Awaited) -> str:
    """The entries added, quoted (at most SHOWN), for a reply that comes long after."""
    words = refresh_wording(context.language)
    head = words.added.format(name=awaited.knowledge_base, count=len(awaited.entries))
    quoted = "  ".join(f"“{entry.text}”" for entry in awaited.entries[:SHOWN])
    return f"{head} {quoted}"


def _added_lines(context: MessageContext, name: str, added: Added) -> list[str]:
    words = refresh_wording(context.language)
    return [
        words.added.format(name=name, count=len(added.added)),
        *(
            words.added_line.format(entry=entry.id, text=texts.shorten(entry.text))
            for entry in added.added[:SHOWN_ADDED]
        ),
    ]


def _not_added(context: MessageContext, added: Added) -> tuple[list[str], list[Button]]:
    words = refresh_wording(context.language)
    lines = []
    if added.repeated:
        lines.append(words.repeated.format(count=len(added.repeated)))
    buttons = []
    for each in added.contradicted[:SHOWN]:
        said, button = _contradiction(words, each)
        lines.append(said)
        buttons += [button] if button else []
    if len(added.contradicted) > SHOWN:
        lines.append(words.conflict_more.format(count=len(added.contradicted) - SHOWN))
    if added.dropped:
        lines.append(words.dropped.format(count=len(added.dropped)))
        lines += [
            words.dropped_line.format(line=drop.where, reason=sources.why_left_out(drop, context.language))
            for drop in added.dropped[:SHOWN]
        ]
    return lines, buttons


def _contradiction(words: RefreshWording, each: Contradicted) -> tuple[str, Button | None]:
    """Both answers, and the way to put the new one in the place of the old."""
    said = words.contradicted.format(
        text=texts.shorten(each.text), kept=each.answer or "–", left_out=each.left_out
    )
    command = f"/kb edit {each.id} => {' '.join(each.left_out.split())}"
    if len(command) > LONGEST_COMMAND:
        return f"{said}\n{words.replace_by_hand.format(command=f'/kb edit {each.id} => …')}", None
    return said, Button(words.replace.format(entry=each.id), command)


def _findable(context: MessageContext, awaited: Awaited, ended: Refreshed) -> tuple[list[str], list[Button]]:
    """Lines on which added entries can be found and what shadows the others, with buttons to remove those."""
    words = refresh_wording(context.language)
    if ended.state == "failed":
        return [words.findable_not, *_failures(context, awaited.knowledge_base, ended)], []
    by_id = {entry.id: entry.text for entry in awaited.entries}
    lost = [each for each in ended.left_out if _managed_id(each) in by_id]
    if not lost:
        return [words.findable], []
    lines, buttons = [], []
    for each in lost[:SHOWN]:
        entry = _managed_id(each)
        sentence = words.shadowed if each.code == "other_answer" else words.shadowed_same
        lines.append(
            sentence.format(
                text=by_id[entry],
                first=sources.place(each.details.get("first", ""), context.language),
                kept=each.details.get("kept", ""),
                left_out=each.details.get("left_out", ""),
            )
        )
        buttons.append(Button(words.take_back.format(entry=entry), f"/kb remove {entry}"))
    if len(awaited.entries) > len(lost):
        lines.append(words.findable_others.format(count=len(awaited.entries) - len(lost)))
    return lines, buttons


def _managed_id(left_out: LeftOut) -> str:
    """The id of an entry added in chat that an earlier source shadows; "" for all else."""
    is_ours = left_out.where.startswith(f"{MANAGED}, ")
    return left_out.details.get("entry", "") if is_ours else ""


def _report(context: MessageContext, name: str, ended: Refreshed) -> list[str]:
    """Lines on a finished refresh: counts, failed sources, conflicting answers, what was left out."""
    words = refresh_wording(context.language)
    lines = [_summary(words, name, ended), *_failures(context, name, ended)]
    conflicts = [each for each in ended.left_out if each.code == "other_answer"]
    lines += [
        words.conflict.format(
            text=texts.shorten(each.details.get("text", "")),
            first=sources.place(each.details.get("first", ""), context.language),
            kept=each.details.get("kept", ""),
            where=sources.place(each.where, context.language),
            left_out=each.details.get("left_out", ""),
        )
        for each in conflicts[:SHOWN]
    ]
    if len(conflicts) > SHOWN:
        lines.append(words.conflict_more.format(count=len(conflicts) - SHOWN))
    # Blank lines are no loss, and two answers were told above.
    others = [each for each in ended.left_out if each.code not in {"other_answer", "blank"}]
    lost = others + [each for each in ended.left_out if each.code == "other_answer"]
    unseen = ended.left_out_total - len(ended.left_out)
    if others or unseen:
        lines.append(words.left_out.format(count=len(lost) + unseen))
        lines += _some(context, others)
    if ended.notes:
        lines.append(words.notes.format(count=len(ended.notes)))
        lines += _some(context, ended.notes)
    return lines


def _some(context: MessageContext, left_out: Sequence[LeftOut]) -> list[str]:
    lines = [sources.left_out(each, context.language) for each in left_out[:SHOWN]]
    if len(left_out) > SHOWN:
        lines.append(sources.source_wording(context.language).more.format(count=len(left_out) - SHOWN))
    return lines


def _summary(words: RefreshWording, name: str, ended: Refreshed) -> str:
    if ended.state == "failed":
        return words.failed.format(name=name)
    if ended.held_back:
        return words.held_back.format(name=name)
    is_same = not (ended.added or ended.changed or ended.removed)
    sentence = words.partial if ended.failed else words.unchanged if is_same else words.done
    return sentence.format(
        name=name,
        read=ended.read,
        kept=ended.kept,
        added=ended.added,
        changed=ended.changed,
        removed=ended.removed,
    )


def _failures(context: MessageContext, name: str, ended: Refreshed) -> list[str]:
    """The sources that failed; else why all of it did."""
    if ended.failed:
        return failing_lines(context, name, ended.failed)
    if ended.state != "failed":
        return []
    reason = ended.error or "" if context.language == "en" else sources.source_wording("zh").unknown_error
    return [refresh_wording(context.language).why.format(reason=reason)]


def failing_lines(context: MessageContext, name: str, failed: Sequence[FailedSource]) -> list[str]:
    """A line for each of the first failing sources, and how to say that it is meant."""
    words = sources.source_wording(context.language)
    lines = [sources.failing(each, context.moment, context.language) for each in failed[:SHOWN]]
    if len(failed) > SHOWN:
        lines.append(words.more.format(count=len(failed) - SHOWN))
    if any(each.code in sources.HELD_BACK for each in failed):
        lines.append(words.confirm.format(name=name))
    return lines
