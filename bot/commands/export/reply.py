"""The export of a channel: its questions, matches, feedback and settings, as one table.

One row a fact: `question`, then its `match` rows, `feedback` and `change`, in the order in
which they happened. A question that was asked privately is without the asker's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.commands.base.attachments import CSV, Attachments
from bot.commands.base.context import MessageContext, name_of
from bot.commands.base.family import Ports
from bot.commands.base.ports import History, Labels, Settings
from bot.commands.export.grammar import Export
from bot.commands.export.words import WORDS
from bot.csv_table import Cell, as_csv
from bot.domain import (
    Clock,
    Outcome,
    RecordedChange,
    RecordedLabel,
    RecordedQuestion,
)

HEAD = (
    "record", "at", "person", "answer_id", "question", "private", "knowledge_base", "model", "snapshot",
    "threshold", "threshold_source", "total", "best_score",
    "rank", "entry_id", "text", "answer", "score", "verdict", "source",
    "setting", "old", "new", "cause", "channel",
)  # fmt: skip
MOST_QUESTIONS, MOST_ROWS = 20_000, 200_000

Row = dict[str, Cell]


class Exporter:
    def __init__(
        self,
        *,
        settings: Settings,
        history: History,
        labels: Labels,
        clock: Clock,
        attachments: Attachments,
    ) -> None:
        self._settings = settings
        self._history = history
        self._labels = labels
        self._clock = clock
        self._attachments = attachments

    def answer(self, context: MessageContext, command: Export) -> Outcome:
        """Export from the beginning of the first day to the end of the last, in the channel's time zone."""
        words, channel, start = WORDS[context.language], context.message.channel, command.start
        today = self._clock.now().astimezone(context.timezone).date()
        end = command.end or today
        begins, ends = _span(start or date.min, end, context.timezone)
        questions = self._history.between(channel, begins, ends, MOST_QUESTIONS + 1)
        labels = self._labels.between(channel, begins, ends)
        changes = self._settings.between(channel, begins, ends)
        days = {"start": start or _first_day(context, questions, labels, changes) or end, "end": end}
        name = context.settings.label or channel.key
        all_rows = records(questions, labels, changes)
        rows = [row | {"channel": name} for row in islice(all_rows, MOST_ROWS + 1)]
        if len(questions) > MOST_QUESTIONS or len(rows) > MOST_ROWS:
            too_long = words.too_long.format(questions=MOST_QUESTIONS, rows=MOST_ROWS, **days)
            return Outcome((context.aside(too_long, verb="export"),))
        if not rows:
            return Outcome((context.aside(words.none.format(**days), verb="export"),))
        document, file = self._attachments.offer(
            context,
            as_csv(HEAD, ([row.get(name) for name in HEAD] for row in rows)),
            name=f"kbdial-{days['start']}-{days['end']}.csv",
            media_type=CSV,
            body=words.done.format(questions=len(questions), rows=len(rows), **days),
            verb="export",
        )
        return Outcome((document,), files=(file,))


def build(ports: Ports) -> Callable[[MessageContext, Export], Outcome]:
    return Exporter(
        settings=ports.settings,
        history=ports.history,
        labels=ports.labels,
        clock=ports.clock,
        attachments=ports.attachments,
    ).answer


def records(
    questions: Sequence[RecordedQuestion], labels: Sequence[RecordedLabel], changes: Sequence[RecordedChange]
) -> Iterator[Row]:
    """Every fact, in order of time; the matches of a question right behind it."""
    shown = {
        (past.asked.answer.knowledge_base, match.entry_id): (match.text, match.answer)
        for past in questions
        for match in past.asked.answer.matches
    }
    timed: list[tuple[datetime, int, list[Row]]] = [
        (past.asked_at, 0, [_question(past), *_matches(past, shown)]) for past in questions
    ]
    timed += [(past.made_at, 1, [_change(past)]) for past in changes]
    aside = {past.asked.answer.id for past in questions if past.asked.answer.private}
    timed += [(past.made_at, 2, [_feedback(past, private=past.label.origin in aside)]) for past in labels]
    for _, _, rows in sorted(timed, key=lambda one: one[:2]):
        yield from rows


def _question(past: RecordedQuestion) -> Row:
    answer = past.asked.answer
    return {
        "record": "question",
        "at": _moment(past.asked_at),
        "person": "" if answer.private else name_of(past.person),
        "answer_id": answer.id,
        "question": answer.question,
        "private": "yes" if answer.private else "no",
        "knowledge_base": answer.knowledge_base,
        "model": answer.model,
        "snapshot": answer.snapshot,
        "threshold": float(answer.threshold),
        "threshold_source": answer.threshold_source,
        "total": answer.total,
        "best_score": answer.best_score,
    }


def _matches(past: RecordedQuestion, shown: dict[tuple[str, str], tuple[str, str | None]]) -> Iterator[Row]:
    """All at or above the threshold that were kept, shown or not: those behind "more" too.

    The text of one that was never shown in these days is not known here.
    """
    answer = past.asked.answer
    scores = dict(past.asked.scores) or {match.entry_id: match.score for match in answer.matches}
    passing = [(entry_id, score) for entry_id, score in scores.items() if score >= float(answer.threshold)]
    ranks = {match.entry_id: match.rank for match in answer.matches}
    for at, (entry_id, score) in enumerate(passing, start=1):
        text, told = shown.get((answer.knowledge_base, entry_id), ("", None))
        yield {
            "record": "match",
            "at": _moment(past.asked_at),
            "answer_id": answer.id,
            "knowledge_base": answer.knowledge_base,
            "rank": ranks.get(entry_id, None if answer.keyword_weight else at),
            "entry_id": entry_id,
            "text": text,
            "answer": told,
            "score": score,
        }


def _feedback(past: RecordedLabel, *, private: bool) -> Row:
    """Without the name where the question was asked privately: there the voter is the asker."""
    label = past.label
    return {
        "record": "feedback",
        "at": _moment(past.made_at),
        "person": "" if private else name_of(past.person),
        "answer_id": label.origin if label.source != "import" else "",
        "question": label.question,
        "knowledge_base": label.knowledge_base,
        "model": label.model,
        "snapshot": label.snapshot,
        "entry_id": label.entry_id,
        "score": label.score,
        "verdict": "helpful" if label.relevant else "not helpful",
        "source": label.source,
    }


def _change(past: RecordedChange) -> Row:
    change = past.change
    return {
        "record": "change",
        "at": _moment(past.made_at),
        "person": name_of(past.person),
        "setting": change.setting,
        "old": _value(change.old),
        "new": _value(change.new),
        "cause": "undo" if change.is_undo else change.cause,
    }


def _value(text: str | None) -> Cell:
    """A number as a number; the default as an empty cell."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _span(start: date, end: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The span from the beginning of one day to the end of the other; the far past has no time zones."""
    begins = datetime.combine(max(start, date(1970, 1, 2)), time(), zone)
    return begins, datetime.combine(min(end, date(9000, 1, 1)) + timedelta(days=1), time(), zone)


def _first_day(
    context: MessageContext,
    questions: Sequence[RecordedQuestion],
    labels: Sequence[RecordedLabel],
    changes: Sequence[RecordedChange],
) -> date | None:
    moments = [
        *(past.asked_at for past in questions[:1]),
        *(past.made_at for past in labels[:1]),
        *(past.made_at for past in changes[:1]),
    ]
    return min(moments).astimezone(context.timezone).date() if moments else None
