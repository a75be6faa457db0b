"""One channel as its page shows it: each setting with its origin, and what another threshold would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from bot import texts
from bot.commands.base.context import Effective, MessageContext, effective
from bot.commands.registry import FAMILIES
from bot.commands.threshold.preview import QUESTIONS, preview
from bot.commands.threshold.reply import comparable
from bot.console.parts import Parts
from bot.domain import (
    SETTINGS,
    Channel,
    EngineError,
    IncomingMessage,
    KnowledgeBase,
    Language,
    Person,
    QuestionScores,
    RecordedChange,
    Setting,
    Surface,
    Traits,
)

Origin = Literal["channel", "knowledge_base", "default"]
# Every hundredth from 0 to 1, as the slider writes it; never added up, see `bot.console.trial`.
HUNDREDTHS = tuple(f"{hundredths / 100:.2f}" for hundredths in range(101))


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting as it holds now. `value` is "" where only the engine knows it, and is silent."""

    setting: Setting
    name: str
    value: str
    origin: Origin
    changed: RecordedChange | None


@dataclass(frozen=True, slots=True)
class Moving:
    """A question in the preview. `text` is "" where it was asked privately."""

    text: str
    best_score: float


@dataclass(frozen=True, slots=True)
class Sliding:
    """The effect of every hundredth on the last questions, so that sliding asks nobody.

    `silent`, `means` and `moved` (how many gain or lose their best match) are by `HUNDREDTHS`;
    `questions` are those that may be shown, best first; `now` is the threshold in force and
    `after` the one looked at.
    """

    count: int
    private: int
    now: Decimal
    after: str
    silent: tuple[int, ...]
    means: tuple[str, ...]
    moved: tuple[int, ...]
    questions: tuple[Moving, ...]

    @property
    def place(self) -> int:
        return HUNDREDTHS.index(self.after)

    def moves(self, question: Moving) -> Literal["gains", "loses"] | None:
        """Whether the question gains or loses its best match between `now` and `after`."""
        now, after = float(self.now), float(self.after)
        if not min(now, after) <= question.best_score < max(now, after):
            return None
        return "loses" if after > now else "gains"


def context_of(parts: Parts, channel: Channel, person: Person) -> MessageContext:
    """The channel with its settings over the defaults, as a command in it would find them."""
    own = parts.read.settings.of(channel)
    message = IncomingMessage(channel, person, (), Surface.ACTION)
    zone = ZoneInfo(own.timezone or parts.bot.timezone)
    return MessageContext(
        message, own, parts.bot.defaults, zone, parts.traits.get(channel.platform, Traits())
    )


def bases_of(parts: Parts) -> Mapping[str, KnowledgeBase] | None:
    """The engine's knowledge bases by name; None while it is silent."""
    if parts.engine.is_away:
        return None
    try:
        return {base.name: base for base in parts.engine.knowledge_bases()}
    except EngineError:
        return None


def threshold_of(context: MessageContext, bases: Mapping[str, KnowledgeBase] | None) -> Effective | None:
    """The threshold in force; None where only a silent engine knows it."""
    if context.settings.threshold is None and bases is None:
        return None
    return effective(context, (bases or {}).get(context.knowledge_base))


def settings_of(
    parts: Parts, context: MessageContext, bases: Mapping[str, KnowledgeBase] | None, language: Language
) -> list[SettingRow]:
    """Every setting that holds a value here, in the order of /settings, named in the visitor's language."""
    names = names_in(language)
    threshold = threshold_of(context, bases)
    held: dict[Setting, str] = {
        "threshold": texts.threshold(threshold.value) if threshold else "",
        "limit": str(context.limit),
        "knowledge_base": context.knowledge_base,
        "language": context.language,
        "keyword_weight": texts.threshold(context.keyword_weight),
        "margin": texts.threshold(context.margin),
    }
    rows = []
    for setting in SETTINGS:
        own = context.settings.text_of(setting)
        value = own if own is not None else held.get(setting)
        if value is None:
            continue
        origin: Origin = "channel" if own is not None else "default"
        if setting == "threshold" and threshold is not None and threshold.source == "knowledge base":
            origin = "knowledge_base"
        changed = parts.read.settings.history(context.message.channel, setting, 1)
        rows.append(SettingRow(setting, names[setting], value, origin, next(iter(changed), None)))
    return rows


def sliding_of(parts: Parts, context: MessageContext, now: Decimal, after: str | None) -> Sliding | None:
    """The preview for each step of the slider; None without a question that today's model scored."""
    asked = comparable(
        parts.read.history.question_scores(context.message.channel, QUESTIONS, context.knowledge_base)
    )
    chosen = after if after in HUNDREDTHS else _nearest(now)
    seen = [one for step in HUNDREDTHS if (one := preview(asked, now, Decimal(step))) is not None]
    if not seen:
        return None
    shown = [one for one in asked if not one.private and one.best_score is not None]
    return Sliding(
        count=len(asked),
        private=sum(one.private for one in asked),
        now=now,
        after=chosen,
        silent=tuple(one.after.silent for one in seen),
        means=tuple(f"{'≥ ' if one.after.at_least else ''}{one.after.mean:.1f}" for one in seen),
        moved=tuple(one.moved for one in seen),
        questions=_by_score(shown),
    )


def _by_score(asked: Sequence[QuestionScores]) -> tuple[Moving, ...]:
    found = [Moving(one.question, one.best_score) for one in asked if one.best_score is not None]
    return tuple(sorted(found, key=lambda one: one.best_score, reverse=True))


def _nearest(threshold: Decimal) -> str:
    return min(HUNDREDTHS, key=lambda step: abs(Decimal(step) - threshold))


def names_in(language: Language) -> Mapping[Setting, str]:
    """The name of each setting."""
    words = texts.wording(language)
    own = {setting: names[language] for family in FAMILIES for setting, names in family.setting_names.items()}
    return {setting: own.get(setting) or getattr(words, f"setting_{setting}") for setting in SETTINGS}
