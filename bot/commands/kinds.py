"""What a text can turn out to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from bot.domain import Language

Problem = Literal[
    "not_a_number", "out_of_range", "too_precise", "missing", "too_many", "unknown_word", "unknown_command"
]


@dataclass(frozen=True, slots=True)
class ShowThreshold:
    pass


@dataclass(frozen=True, slots=True)
class SetThreshold:
    value: Decimal


@dataclass(frozen=True, slots=True)
class TryThreshold:
    """Preview only; nothing is set."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class ResetThreshold:
    pass


@dataclass(frozen=True, slots=True)
class UndoThreshold:
    pass


@dataclass(frozen=True, slots=True)
class SetMargin:
    """How near the first two matches may be before the reply says so; None follows the default."""

    value: Decimal | None


@dataclass(frozen=True, slots=True)
class ShowStrategy:
    pass


@dataclass(frozen=True, slots=True)
class SetStrategy:
    """`name` is shaped like a name; whether there is such a strategy is not known here."""

    name: str


@dataclass(frozen=True, slots=True)
class StrategyOff:
    pass


@dataclass(frozen=True, slots=True)
class UndoStrategy:
    pass


@dataclass(frozen=True, slots=True)
class ShowKeywords:
    pass


@dataclass(frozen=True, slots=True)
class SetKeywords:
    """None: back to what the channel follows without a value of its own."""

    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Export:
    """From the beginning of one day to the end of another; None: as far as there is anything."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Tune:
    """What the labels of this channel say of thresholds; `precision` is wanted of the lowest one."""

    precision: Decimal | None = None


@dataclass(frozen=True, slots=True)
class JudgeMatch:
    """The match of this rank of an answer is relevant, or is not."""

    answer_id: str
    rank: int
    relevant: bool


@dataclass(frozen=True, slots=True)
class ShowReview:
    pass


@dataclass(frozen=True, slots=True)
class SetReview:
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class ReviewOff:
    pass


@dataclass(frozen=True, slots=True)
class ShowQueue:
    """What waits for a decision; with `pool`, the sample of what was only observed."""

    pool: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    number: int
    decision: Literal["confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class ExportQueue:
    pass


@dataclass(frozen=True, slots=True)
class ShowGaps:
    pass


@dataclass(frozen=True, slots=True)
class AddGap:
    """Close a gap with an entry of its own."""

    gap: str
    answer: str


@dataclass(frozen=True, slots=True)
class PointGap:
    """Close a gap with an entry that is there already."""

    gap: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class DismissGap:
    gap: str


@dataclass(frozen=True, slots=True)
class SetDigest:
    """How often the gaps are told, and when; None: never, or as it is."""

    often: Literal["daily", "weekly"] | None
    hour: int | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Inspect:
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    question: str


@dataclass(frozen=True, slots=True)
class ShowLimit:
    pass


@dataclass(frozen=True, slots=True)
class SetLimit:
    count: int


@dataclass(frozen=True, slots=True)
class ShowKnowledgeBase:
    pass


@dataclass(frozen=True, slots=True)
class UseKnowledgeBase:
    name: str


@dataclass(frozen=True, slots=True)
class ListKnowledgeBases:
    pass


@dataclass(frozen=True, slots=True)
class AddEntries:
    """`lines` as they were written, an entry each, `TEXT` or `TEXT => ANSWER`."""

    lines: str


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    entry_id: str


@dataclass(frozen=True, slots=True)
class Refresh:
    pass


@dataclass(frozen=True, slots=True)
class Status:
    pass


@dataclass(frozen=True, slots=True)
class ShowSettings:
    pass


@dataclass(frozen=True, slots=True)
class ShowLanguage:
    pass


@dataclass(frozen=True, slots=True)
class SetLanguage:
    language: Language


@dataclass(frozen=True, slots=True)
class ShowName:
    pass


@dataclass(frozen=True, slots=True)
class SetName:
    """What the channel is called, where its platform does not say; None takes the name away."""

    label: str | None


@dataclass(frozen=True, slots=True)
class ClaimAdmin:
    """`code` as it was typed, without blanks."""

    code: str


@dataclass(frozen=True, slots=True)
class Help:
    """All commands, or the one named."""

    verb: str | None = None


Command = (
    ShowThreshold
    | SetThreshold
    | TryThreshold
    | ResetThreshold
    | UndoThreshold
    | SetMargin
    | ShowStrategy
    | SetStrategy
    | StrategyOff
    | UndoStrategy
    | ShowKeywords
    | SetKeywords
    | Export
    | Ask
    | ShowLimit
    | SetLimit
    | ShowKnowledgeBase
    | UseKnowledgeBase
    | ListKnowledgeBases
    | AddEntries
    | RemoveEntry
    | Refresh
    | Status
    | ShowSettings
    | ShowLanguage
    | SetLanguage
    | ShowName
    | SetName
    | ClaimAdmin
    | Help
    | AddGap
    | Decide
    | DismissGap
    | ExportQueue
    | Inspect
    | JudgeMatch
    | PointGap
    | ReviewOff
    | SetDigest
    | SetReview
    | ShowGaps
    | ShowQueue
    | ShowReview
    | Tune
)


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A known verb with a value that it does not take. `given` is the value as it was read."""

    code: Problem
    verb: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything else, in the writer's own characters, without the mention of the bot.

    `text` is empty where nothing else was written. `unknown_verb` is set when it starts
    like a command that does not exist: help may be offered along with the answer.
    """

    text: str
    unknown_verb: str = ""
