"""Parts of an answer that all renderers share: numbers, tiers, the context line, the empty answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from bot.domain import Answer, Language, Match, decimal_text
from bot.texts.languages import wording
from bot.texts.wording import Tier

STRONG = 0.60
FAIR = 0.40
STEP = Decimal("0.05")
NEAR = Decimal("0.10")  # how far below the threshold the best may be and still be named
QUOTED = 80  # characters of a wording or passage
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def context_line(answer: Answer, now: datetime) -> str:
    """The one line under an answer: threshold and its source, shown of total, knowledge base, age."""
    words = wording(answer.language)
    sources = {
        "channel": words.from_channel,
        "knowledge base": words.from_knowledge_base,
        "default": words.from_default,
    }
    return words.context.format(
        threshold=threshold(answer.threshold),
        source=sources[answer.threshold_source],
        shown=_share_shown(answer),
        knowledge_base=answer.knowledge_base,
        age=age(answer.snapshot_at, now, answer.language),
    )


def nothing_found(answer: Answer, mention: str = "") -> str:
    """The whole answer when nothing passes: the best score, and the threshold that would have shown it.

    `mention` is what the platform wants written before a command.
    """
    words = wording(answer.language)
    if answer.best_score is None:
        return words.knowledge_base_empty.format(
            knowledge_base=answer.knowledge_base, command=f"{mention}{words.kb_add_example}"
        )
    best = _as_decimal(answer.best_score)
    suggestion = suggested_threshold(answer.best_score)
    # Only what is near and not weak is worth a look; a lower dial would let the rest of its kind in.
    is_near = answer.threshold - best <= NEAR and answer.best_score >= FAIR and suggestion is not None
    second = (
        words.nothing_suggestion.format(command=f"{mention}/threshold try {threshold(suggestion)}")
        if is_near and suggestion is not None
        else words.nothing_at_all
    )
    first = words.nothing.format(
        threshold=threshold(answer.threshold), best=_score_below(best, answer.threshold)
    )
    return f"{first}{'' if answer.language == 'zh' else ' '}{second}"


def suggested_threshold(best_score: float) -> Decimal | None:
    """The highest threshold of two decimals that lets this score pass; None for one below 0."""
    best = _as_decimal(best_score)
    return max(best.quantize(Decimal("0.01"), ROUND_DOWN), Decimal("0.00")) if best >= 0 else None


def that_fit_whole(answer: Answer, room: int, measure: Callable[[str], int] = len) -> Answer:
    """The answer with as many of its matches as `room` takes whole; the first always.

    The others come with "more": what is shown is shown to its end.
    """
    shown = 0
    for match in answer.matches:
        room -= measure(match.text) + measure(match.answer or "")
        if room < 0 and shown:
            break
        shown += 1
    return answer if shown == len(answer.matches) else replace(answer, matches=answer.matches[:shown])


def turned_by(answer: Answer, who: str = "") -> str | None:
    """The line that says who turned the dial of this answer; None where nobody did.

    `who` is for platforms that have a better form of the name; else it is the name, or
    the id where no name is known.
    """
    if answer.turned_by is None:
        return None
    person, old = answer.turned_by
    return wording(answer.language).turned.format(
        who=who or person.name or person.id, old=threshold(old), new=threshold(answer.threshold)
    )


def near_tie(answer: Answer) -> str | None:
    """The line that says that the first two matches are hardly apart; None where they are."""
    if answer.margin is None or not is_near_tie(answer.matches, answer.margin):
        return None
    words = wording(answer.language)
    return words.near_tie.format(gap=score(_gap(answer.matches)), margin=threshold(answer.margin))


def near_tie_command(answer: Answer, mention: str = "") -> str | None:
    """The command that says that the second was meant, where no button does; None without a near tie."""
    if near_tie(answer) is None:
        return None
    command = f"{mention}/tune yes {answer.id} {answer.matches[1].rank}"
    return wording(answer.language).near_tie_command.format(rank=answer.matches[1].rank, command=command)


def is_near_tie(matches: Sequence[Match], margin: Decimal) -> bool:
    """Whether the first two matches differ by less than the margin in what they are ranked by."""
    has_two = len(matches) > 1 and matches[0].rank == 1
    return has_two and _gap(matches) < float(margin)


def _gap(matches: Sequence[Match]) -> float:
    first, second = (match.score if match.ranking is None else match.ranking for match in matches[:2])
    return abs(first - second)


def what_matched(match: Match, language: Language) -> str:
    """The part of the entry that matched, if not its own text, and how much else has its answer."""
    words = wording(language)
    told = []
    if match.wording:
        told.append(words.matched_wording.format(text=_quote(match.wording)))
    if match.passage:
        told.append(words.matched_passage.format(text=_quote(match.passage)))
    if match.collapsed == 1:
        told.append(words.one_more_wording)
    elif match.collapsed:
        told.append(words.more_wordings.format(count=match.collapsed))
    return " · ".join(told)


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"


def tier(value: float) -> Tier:
    """The confidence in a match, by its unrounded score: strong from 0.60, fair from 0.40, weak below."""
    if value >= STRONG:
        return "strong"
    return "fair" if value >= FAIR else "weak"


def tier_word(value: float, language: Language) -> str:
    words = wording(language)
    return {"strong": words.strong, "fair": words.fair, "weak": words.weak}[tier(value)]


def tier_mark(value: float) -> Literal["●", "◐", "○"]:
    """The tier as one character, where there is no colour."""
    marks: dict[Tier, Literal["●", "◐", "○"]] = {"strong": "●", "fair": "◐", "weak": "○"}
    return marks[tier(value)]


def bar(value: float, width: int = 10) -> str:
    """A bar as long as the score, always `width` characters; scores below 0 are empty bars."""
    filled = round(min(max(value, 0.0), 1.0) * width)
    return "█" * filled + "░" * (width - filled)


def score(value: float) -> str:
    """A score as it is shown everywhere: four decimals."""
    return f"{value:.4f}" if round(value, 4) else "0.0000"  # never "-0.0000"


def threshold(value: Decimal) -> str:
    """A threshold as it is shown everywhere: all its digits, at least two decimals."""
    return decimal_text(value)


def exact(value: Decimal) -> str:
    """All digits that mean something, without an exponent: 0.650 is 0.65, and 1.0 is 1."""
    return f"{value.normalize():f}"


def dial_steps(value: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """The steps of the dial: one step down, the value, one step up, never beyond 0 and 1."""
    return max(value - STEP, Decimal("0.00")), value, min(value + STEP, Decimal("1.00"))


def age(then: datetime | None, now: datetime, language: Language) -> str:
    """The time since `then`, in one unit; a time ahead of our clock was just now."""
    words = wording(language)
    if then is None:
        return words.never
    seconds = int((now - then).total_seconds())
    if seconds < MINUTE:
        return words.just_now
    if seconds < HOUR:
        return words.minutes_ago.format(count=seconds // MINUTE)
    if seconds < DAY:
        return words.hours_ago.format(count=seconds // HOUR)
    return words.days_ago.format(count=seconds // DAY)


def _share_shown(answer: Answer) -> str:
    words, count = wording(answer.language), len(answer.matches)
    span = f"{answer.offset + 1}–{answer.offset + count}" if answer.offset and count else str(count)
    entries = words.of_entries.format(count=answer.total) if answer.rows != answer.total else ""
    return words.shown.format(shown=span, total=answer.rows) + entries


def _score_below(best: Decimal, limit: Decimal) -> str:
    """The best score of an answer that found nothing: never rounded up to the threshold it missed."""
    rounded = Decimal(score(float(best)))
    if best < limit <= rounded:
        return f"{best.quantize(Decimal('0.0001'), ROUND_DOWN):f}"
    return f"{rounded:f}"


def _as_decimal(value: float) -> Decimal:
    return Decimal(repr(value))  # the shortest text that stands for this number and no other
