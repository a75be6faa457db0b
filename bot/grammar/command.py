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


class AsksEngine:
    """A command whose answer may take as long as the engine takes."""

    __slots__ = ()


class ChangesChannel:
    """A command that changes what everybody in the channel gets: admins may keep it to themselves."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ShowThreshold:
    pass


@dataclass(frozen=True, slots=True)
class SetThreshold(ChangesChannel):
    value: Decimal


@dataclass(frozen=True, slots=True)
class TryThreshold:
    """Preview only; nothing is set."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class ResetThreshold(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class UndoThreshold(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class SetMargin(ChangesChannel):
    """How near the first two matches may be before the reply says so; None follows the default."""

    value: Decimal | None


@dataclass(frozen=True, slots=True)
class ShowStrategy:
    pass


@dataclass(frozen=True, slots=True)
class SetStrategy(ChangesChannel):
    """`name` is shaped like a name; whether there is such a strategy is not known here."""

    name: str


@dataclass(frozen=True, slots=True)
class StrategyOff(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class UndoStrategy(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class ShowKeywords:
    pass


@dataclass(frozen=True, slots=True)
class SetKeywords(ChangesChannel):
    """None: back to what the channel follows without a value of its own."""

    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Export:
    """From the beginning of one day to the end of another; None: as far as there is anything."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Tune(AsksEngine):
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
class SetReview(ChangesChannel):
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class ReviewOff(ChangesChannel):
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
class ShowGaps(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class AddGap(ChangesChannel, AsksEngine):
    """Close a gap with an entry of its own."""

    gap: str
    answer: str


@dataclass(frozen=True, slots=True)
class PointGap(ChangesChannel, AsksEngine):
    """Close a gap with an entry that is there already."""

    gap: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class DismissGap(ChangesChannel, AsksEngine):
    gap: str


@dataclass(frozen=True, slots=True)
class SetDigest(ChangesChannel):
    """How often the gaps are told, and when; None: never, or as it is."""

    often: Literal["daily", "weekly"] | None
    hour: int | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Inspect(AsksEngine):
    text: str


@dataclass(frozen=True, slots=True)
class Ask(AsksEngine):
    question: str


@dataclass(frozen=True, slots=True)
class ShowLimit:
    pass


@dataclass(frozen=True, slots=True)
class SetLimit(ChangesChannel):
    count: int


@dataclass(frozen=True, slots=True)
class ShowKnowledgeBase(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class UseKnowledgeBase(ChangesChannel, AsksEngine):
    name: str


@dataclass(frozen=True, slots=True)
class ListKnowledgeBases(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class AddEntries(ChangesChannel, AsksEngine):
    """`lines` as they were written, an entry each, `TEXT` or `TEXT => ANSWER`."""

    lines: str


@dataclass(frozen=True, slots=True)
class RemoveEntry(ChangesChannel, AsksEngine):
    entry_id: str


@dataclass(frozen=True, slots=True)
class Refresh(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class Status(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class ShowSettings:
    pass


@dataclass(frozen=True, slots=True)
class ShowLanguage:
    pass


@dataclass(frozen=True, slots=True)
class SetLanguage(ChangesChannel):
    language: Language


@dataclass(frozen=True, slots=True)
class ShowName:
    pass


@dataclass(frozen=True, slots=True)
class SetName(ChangesChannel):
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


# Families: each is carried out by one part of the responder.
ThresholdCommand = ShowThreshold | SetThreshold | TryThreshold | ResetThreshold | UndoThreshold
StrategyCommand = (
    ShowStrategy | SetStrategy | StrategyOff | UndoStrategy | ShowKeywords | SetKeywords | SetMargin
)
TuneCommand = Tune | JudgeMatch
ReviewCommand = ShowReview | SetReview | ReviewOff | ShowQueue | Decide | ExportQueue
GapCommand = ShowGaps | AddGap | PointGap | DismissGap | SetDigest
KnowledgeCommand = (
    ShowKnowledgeBase | UseKnowledgeBase | ListKnowledgeBases | AddEntries | RemoveEntry | Refresh
)
ReplyCommand = ShowLimit | SetLimit | ShowLanguage | SetLanguage
EnrolmentCommand = ShowName | SetName | ClaimAdmin
OverviewCommand = Status | ShowSettings | Help
FamilyCommand = (
    ThresholdCommand
    | StrategyCommand
    | TuneCommand
    | ReviewCommand
    | GapCommand
    | KnowledgeCommand
    | ReplyCommand
    | EnrolmentCommand
    | OverviewCommand
)
Command = Ask | Export | Inspect | FamilyCommand


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
