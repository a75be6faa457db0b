"""/tune: what a channel's own labels say of its threshold, and which labels would say more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import assert_never

from bot import texts
from bot.commands.base.attachments import Attachments
from bot.commands.base.context import Effective, KnowledgeBases, MessageContext
from bot.commands.base.family import Ports
from bot.commands.base.labels import label_of
from bot.commands.base.learning import Learning
from bot.commands.base.ports import Engine, History, Labels
from bot.commands.tune.grammar import LabelMatch, Tune, TuneCommand
from bot.commands.tune.judged import Gathered, gather
from bot.commands.tune.words import WORDS, Words
from bot.domain import AnsweredQuestion, Button, Label, Outcome, Text
from bot.engine_client import Chosen, Evaluated, Point

LOOKS_BACK = 200  # questions among which something to label is looked for
TO_LABEL = 5
ENOUGH_RIGHT, ENOUGH_WRONG = 10, 5
WIDEST = 0.25
CHART_ROWS = 16
HUNDREDTH = Decimal("0.01")


class Tuning:
    def __init__(
        self,
        *,
        history: History,
        labels: Labels,
        engine: Engine,
        bases: KnowledgeBases,
        attachments: Attachments,
        learning: Learning,
    ) -> None:
        self._history = history
        self._labels = labels
        self._engine = engine
        self._bases = bases
        self._attachments = attachments
        self._learning = learning

    def answer(self, context: MessageContext, command: TuneCommand) -> Outcome:
        """Raises EngineError."""
        match command:
            case Tune(precision):
                return self.tune(context, precision)
            case LabelMatch():
                return self.judge(context, command)
            case _:
                assert_never(command)

    def tune(self, context: MessageContext, precision: Decimal | None) -> Outcome:
        """Raises EngineError."""
        words, name = WORDS[context.language], context.knowledge_base
        fingerprint = self._bases.get_anew(name).fingerprint
        now = self._bases.threshold(context, name)
        given = [past.label for past in self._labels.of(context.message.channel, knowledge_base=name)]
        gathered = gather(self._engine, given, name, fingerprint)
        if not gathered.judged:
            lines, buttons = self._to_label(context, given, fingerprint, None, now)
            lines += self._learning.lines(context)
            return Outcome((_say(context, [words.none, *lines], buttons),))
        is_drawn = not context.traits.shows_pictures
        found = self._engine.evaluate(
            gathered.judged,
            precision=None if precision is None else float(precision),
            threshold=float(now.value),
            picture=None if is_drawn else context.language,
        )
        lines = _figures(words, gathered, found, precision)
        problem = not_enough(words, found)
        chosen = found.best if precision is None else found.wanted
        buttons = ()
        if problem or chosen is None:
            asking, buttons = self._to_label(context, given, fingerprint, found.best, now)
            lines += [*([problem] if problem else []), *asking]
        else:
            wanted, buttons = _offer(words, chosen, now, is_best=precision is None)
            lines += [*_lowest(words, chosen, gathered), *wanted]
        lines += self._learning.lines(context)
        if is_drawn:
            lines += _chart(words, found)
        said = _say(context, lines, buttons)
        if found.picture is None:
            return Outcome((said,))
        document, file = self._attachments.offer(
            context,
            found.picture,
            name="tune.png",
            media_type="image/png",
            body=words.picture,
            verb="tune",
        )
        return Outcome((said, document), files=(file,))

    def judge(self, context: MessageContext, wanted: LabelMatch) -> Outcome:
        """Label a match, as a click on helpful or not helpful does."""
        asked = self._find_answer(context, wanted.answer_id)
        if asked is None:
            return Outcome((context.aside(context.words.answer_gone, verb="tune"),))
        match = next((match for match in asked.answer.matches if match.rank == wanted.rank), None)
        if match is None:
            gone = WORDS[context.language].no_match.format(rank=wanted.rank)
            return Outcome((context.aside(gone, verb="tune"),))
        thanks = context.words.voted_helpful if wanted.relevant else context.words.voted_not_helpful
        label = label_of(asked, match.entry_id, relevant=wanted.relevant)
        # Another question may have been answered while this was typed: what was judged is said.
        said = WORDS[context.language].judged.format(
            question=texts.shorten(asked.answer.question), text=texts.shorten(match.text)
        )
        lines = [thanks] if wanted.answer_id else [said, thanks]
        return Outcome((context.aside("\n".join(lines), verb="tune"),), labels=(label,))

    def _find_answer(self, context: MessageContext, answer_id: str) -> AnsweredQuestion | None:
        """The answer with this id; "": the last one here that everybody saw."""
        channel = context.message.channel
        if answer_id:
            return self._history.answered_question(channel, answer_id)
        latest = self._history.recent(channel, LOOKS_BACK)
        return next((past for past in latest if not past.answer.private), None)

    def _to_label(
        self,
        context: MessageContext,
        given: Sequence[Label],
        fingerprint: str,
        best: Chosen | None,
        now: Effective,
    ) -> tuple[list[str], tuple[Button, ...]]:
        """The lines that ask for labels, and the buttons that give them."""
        words = WORDS[context.language]
        recent = self._history.recent(context.message.channel, LOOKS_BACK, context.knowledge_base)
        wanted = worth_labelling(recent, given, fingerprint, best, float(now.value))
        if not wanted:
            return [words.nothing_to_label], ()
        lines, buttons = [words.label_these], []
        for number, (asked, rank) in enumerate(wanted, start=1):
            match = next(match for match in asked.answer.matches if match.rank == rank)
            lines.append(
                words.question.format(
                    number=number,
                    question=texts.shorten(asked.answer.question),
                    entry=texts.shorten(match.text),
                    score=texts.score(match.score),
                )
            )
            buttons += [
                Button(words.yes.format(number=number), f"/tune yes {asked.answer.id} {rank}"),
                Button(words.no.format(number=number), f"/tune no {asked.answer.id} {rank}"),
            ]
        return lines, tuple(buttons)


def build(ports: Ports) -> Callable[[MessageContext, TuneCommand], Outcome]:
    return Tuning(
        history=ports.history,
        labels=ports.labels,
        engine=ports.engine,
        bases=ports.bases,
        attachments=ports.attachments,
        learning=Learning.of(ports),
    ).answer


def worth_labelling(
    recent: Sequence[AnsweredQuestion],
    given: Sequence[Label],
    fingerprint: str,
    best: Chosen | None,
    threshold: float,
    *,
    limit: int = TO_LABEL,
) -> list[tuple[AnsweredQuestion, int]]:
    """Up to `limit` shown matches, as (question, rank), whose label would narrow the interval most.

    Those are the unlabelled ones inside the interval, the nearest to its middle first, and
    then the nearest outside; without an interval the nearest to the threshold in force. One
    of each question, and none of a question that was asked privately.
    """
    low, high = (best.low, best.high) if best else (None, None)
    low = threshold if low is None else low
    high = max(low, threshold) if high is None else high
    known = {(label.question, label.entry_id) for label in given}
    offered = [
        (asked, match)
        for asked in recent
        if not asked.answer.private and asked.answer.fingerprint == fingerprint
        for match in asked.answer.matches
        if (asked.answer.question, match.entry_id) not in known
    ]
    offered.sort(
        key=lambda one: (
            max(low - one[1].score, one[1].score - high, 0.0),
            abs(one[1].score - (low + high) / 2),
        )
    )
    chosen: dict[str, tuple[AnsweredQuestion, int]] = {}
    for asked, match in offered:
        chosen.setdefault(asked.answer.question, (asked, match.rank))
    return list(chosen.values())[:limit]


def _say(context: MessageContext, lines: Sequence[str], buttons: Sequence[Button]) -> Text:
    return replace(context.announcement("\n".join(lines), verb="tune"), buttons=tuple(buttons))


def _figures(words: Words, gathered: Gathered, found: Evaluated, precision: Decimal | None) -> list[str]:
    lines = [words.labels.format(labels=found.labels, questions=found.questions, relevant=found.relevant)]
    if gathered.rescored:
        lines.append(words.rescored.format(count=gathered.rescored))
    if gathered.left_out:
        lines.append(words.left_out.format(count=gathered.left_out))
    if found.current is not None:
        lines.append(words.now.format(threshold=_number(found.current.threshold), **_of(found.current)))
    if found.best is not None:
        lines.append(
            words.best.format(
                threshold=_number(found.best.suggested),
                interval=_interval(words, found.best),
                **_of(found.best.at_suggested),
            )
        )
    if precision is not None:
        lines.append(_pick(words, found.wanted, precision))
    return lines


def _pick(words: Words, chosen: Chosen | None, precision: Decimal) -> str:
    if chosen is None:
        return words.wanted_none.format(wanted=texts.threshold(precision))
    point = chosen.at_suggested
    return words.wanted.format(
        wanted=texts.threshold(precision),
        threshold=_number(chosen.suggested),
        interval=_interval(words, chosen),
        bound=Decimal(repr(chosen.lower_bound)).quantize(HUNDREDTH, ROUND_FLOOR),
        precision=f"{point.precision:.2f}",
        recall=f"{point.recall:.2f}",
    )


def not_enough(words: Words, found: Evaluated) -> str:
    """The reason why these labels carry no suggestion; empty when they do."""
    wrong = found.labels - found.relevant
    if found.relevant < ENOUGH_RIGHT or wrong < ENOUGH_WRONG or found.best is None:
        return words.few.format(right=ENOUGH_RIGHT, wrong=ENOUGH_WRONG)
    low, high = found.best.low, found.best.high
    if low is None or high is None or high - low > WIDEST:
        return words.wide.format(width=WIDEST)
    return ""


def _offer(
    words: Words, chosen: Chosen, now: Effective, *, is_best: bool
) -> tuple[list[str], tuple[Button, ...]]:
    if is_best and chosen.at_suggested.f1 < chosen.f1:
        return [words.too_close], ()
    wanted = Decimal(repr(chosen.suggested))
    if wanted == now.value:
        return [words.is_set], ()
    shown = texts.threshold(wanted)
    return [], (Button(words.apply.format(threshold=shown), f"/threshold {shown}"),)


def _lowest(words: Words, chosen: Chosen, gathered: Gathered) -> list[str]:
    """Says so when the best is the lowest that anybody could label: there may be better below."""
    lowest = min(judged.score for judged in gathered.judged)
    return [words.lowest.format(score=texts.score(lowest))] if chosen.threshold <= lowest else []


def _interval(words: Words, chosen: Chosen) -> str:
    if chosen.low is None:
        return words.no_interval
    # Rounded outwards, so that no number within stands outside of it.
    low = Decimal(repr(chosen.low)).quantize(HUNDREDTH, ROUND_FLOOR)
    if chosen.high is None:
        return words.open_interval.format(low=low)
    high = Decimal(repr(chosen.high)).quantize(HUNDREDTH, ROUND_CEILING)
    return words.interval.format(low=low, high=high)


def _of(point: Point) -> dict[str, str]:
    return {
        "precision": f"{point.precision:.2f}",
        "recall": f"{point.recall:.2f}",
        "f1": f"{point.f1:.2f}",
    }


def _number(threshold: float) -> str:
    return texts.threshold(Decimal(repr(threshold)))


def _chart(words: Words, found: Evaluated) -> list[str]:
    """The curve with characters, a line a threshold, with today's marked."""
    points = list(found.curve)
    if len(points) > CHART_ROWS:
        step = (len(points) - 1) / (CHART_ROWS - 1)
        points = [points[round(at * step)] for at in range(CHART_ROWS)]
    rows = [(point, "") for point in points]
    if found.current is not None:
        rows.append((found.current, words.chart_now))
    if found.best is not None:
        rows.append((found.best.at_suggested, words.chart_best))
    rows.sort(key=lambda row: row[0].threshold)
    return [
        words.chart,
        *(
            f"{point.threshold:.2f} {texts.bar(point.f1, 20)} {point.f1:.2f} {point.precision:.2f}"
            f" {point.recall:.2f}{f' {mark}' if mark else ''}"
            for point, mark in rows
        ),
    ]
