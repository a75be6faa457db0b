"""The nouns of the bot, and nothing that knows a database, a network or a platform.

    IncomingMessage ──► InboxItem ──► Outcome (replies, changes, records) ──► Delivery

Everything here is an immutable value. What is stored as JSON (messages, replies) is
stored through the functions at the end, so these shapes are also the
stored format: add fields with defaults, never rename them without a migration.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

Language = Literal["zh", "en"]
ThresholdSource = Literal["channel", "knowledge base", "default"]
Verdict = Literal["helpful", "not helpful"]
LabelSource = Literal["vote", "import", "review"]
ReviewState = Literal["queued", "observed", "pooled", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A room: settings belong to it, threads and all.

    `tenant` is what makes `id` unique on its platform: the Slack workspace (or
    enterprise), the WeCom bot, the Mattermost server; "local" for the terminal.
    """

    platform: str
    tenant: str
    id: str

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.id}"


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or clicked. `name` is for reading only and may be empty; `key` is who it is."""

    platform: str
    tenant: str
    id: str
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.platform}:{self.tenant}:{self.id}"


@dataclass(frozen=True, slots=True)
class MessageKey:
    """One of the names under which a platform may send the same message again.

    Slack sends one mention as two events with two event ids and one timestamp, so a
    message has several keys, and is a repeat when any of them was seen before.
    """

    kind: str
    id: str


class Surface(StrEnum):
    MESSAGE = "message"  # written in the room, or to the bot directly
    COMMAND = "command"  # a platform's own slash command
    ACTION = "action"  # a click
    CLOCK = "clock"  # nobody asked: it is time for what `text` names


@dataclass(frozen=True, slots=True)
class TurnDial:
    """A click that sets the channel's threshold and filters the same answer again.

    `shown` is the threshold that stood on the dial that was clicked; None where the
    platform does not tell.
    """

    answer_id: str
    threshold: Decimal
    shown: Decimal | None = None
    kind: Literal["turn dial"] = "turn dial"


@dataclass(frozen=True, slots=True)
class Vote:
    """A click that says whether one match of an answer helped."""

    answer_id: str
    entry_id: str
    verdict: Verdict
    kind: Literal["vote"] = "vote"


@dataclass(frozen=True, slots=True)
class ShowMore:
    """A click that asks for the matches of an answer from `offset` on."""

    answer_id: str
    offset: int
    kind: Literal["show more"] = "show more"


@dataclass(frozen=True, slots=True)
class Choose:
    """A click on "did you mean": this entry of the answer is the one that was looked for."""

    answer_id: str
    entry_id: str
    kind: Literal["choose"] = "choose"


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A click that stands for a command, as if the person had typed it."""

    command: str
    kind: Literal["run command"] = "run command"


Action = Annotated[TurnDial | Vote | ShowMore | Choose | RunCommand, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What a platform read: authentic, and complete enough to be answered after a restart.

    `text` is plain: markup resolved, the mention of the bot removed where the platform
    marks it. `mentioned` says the bot was addressed by name (the slash of a command may
    then be left out). `address` is where the answer goes, in the platform's own words;
    it may hold a credential (a response URL) and is never logged. `private` asks for an
    answer that only the asker sees, where the platform can do that.
    """

    channel: Channel
    person: Person
    keys: tuple[MessageKey, ...]
    surface: Surface
    text: str = ""
    mentioned: bool = False
    is_direct: bool = False
    private: bool = False
    action: Action | None = None
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What this channel has set for itself; None where it follows the configuration."""

    threshold: Decimal | None = None
    limit: int | None = None
    knowledge_base: str | None = None
    language: Language | None = None
    strategy: str | None = None
    keyword_weight: Decimal | None = None
    margin: Decimal | None = None
    review_high: Decimal | None = None
    review_low: Decimal | None = None
    digest: Literal["daily", "weekly"] | None = None
    digest_hour: int | None = None
    timezone: str | None = None
    label: str | None = None
    threshold_model: str = ""  # the fingerprint under which `threshold` was set; "" where not known


Setting = Literal[
    "threshold",
    "limit",
    "knowledge_base",
    "language",
    "strategy",
    "keyword_weight",
    "margin",
    "review_high",
    "review_low",
    "digest",
    "digest_hour",
    "timezone",
    "label",
]


@dataclass(frozen=True, slots=True)
class Change:
    """One turn of one setting. None stands for "the configured default"; values are text as shown.

    `is_undo` is kept with the row: without it, a second undo could only go forth again.
    `cause` is what made it when that was no command of its own: "strategy precise",
    "model" (carried over to another model). `model` is the fingerprint of the model that
    the knowledge base had then; "" where the engine could not be asked.
    """

    setting: Setting
    old: str | None
    new: str | None
    is_undo: bool = False
    cause: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change that was made: by whom, when (UTC), by which message. Changes of one message are one act."""

    change: Change
    person: Person
    made_at: datetime
    item_id: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """Somebody's word on whether an entry answers a question: what thresholds are tuned by.

    `origin` is what it was said of: the id of an answer, or of an import a digest of the
    question. A person has one label on each entry of an origin; a later one replaces it.
    `score`, `model` (its name), `fingerprint` and `snapshot` are those of the answer; None
    and "" where not known.
    """

    question: str
    entry_id: str
    relevant: bool
    source: LabelSource
    knowledge_base: str
    origin: str
    score: float | None = None
    model: str = ""
    fingerprint: str = ""
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class PastLabel:
    """A label that was given: by whom, and when (UTC)."""

    label: Label
    person: Person
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the engine. `threshold` None: the knowledge base's own."""

    text: str
    knowledge_base: str
    threshold: float | None
    limit: int
    offset: int = 0
    keyword_weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """One entry at or above the threshold, as the engine scored it.

    `bold` is the span of `text`, in characters, of the sentence that carries the
    query's words; None when there is nothing to single out. `ranking` is the number it
    is sorted by, where that is not `score`.
    """

    rank: int
    entry_id: str
    text: str
    score: float
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None
    cosine: float | None = None
    keyword: float | None = None
    bold: tuple[int, int] | None = None
    ranking: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The engine's answer to a Query.

    `total` counts every entry at or above `threshold`; `best_score` is the best of all
    entries, None for an empty knowledge base; `scores` are the best of all entries, above
    the threshold or not, as (id, score).
    """

    knowledge_base: str
    snapshot: str
    snapshot_at: datetime | None
    model: str
    threshold: float
    total: int
    best_score: float | None
    matches: tuple[Match, ...]
    scores: tuple[tuple[str, float], ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """What the engine says of one of its knowledge bases. `progress`: embedded so far, of how many."""

    name: str
    size: int
    threshold: float | None
    snapshot: str | None
    snapshot_at: datetime | None
    model: str
    dimension: int
    refreshing: bool
    next_refresh: datetime | None = None
    progress: tuple[int, int] | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A command that is one click away; where there are no buttons, people see it and type it."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The ranked reply to a question. With no matches it says so, with `best_score`.

    `turned_by` is set when a click on the dial of this answer made it what it is now:
    the person, and the threshold before. `notes` are sentences about the answer, shown
    under it. `margin` is set when the first two matches are nearer to each other than it.
    """

    id: str
    question: str
    language: Language
    matches: tuple[Match, ...]
    total: int
    best_score: float | None
    threshold: Decimal
    threshold_source: ThresholdSource
    limit: int
    knowledge_base: str
    snapshot: str
    snapshot_at: datetime | None
    model: str
    offset: int = 0
    private: bool = False
    in_place: bool = False
    turned_by: tuple[Person, Decimal] | None = None
    fingerprint: str = ""
    margin: Decimal | None = None
    keyword_weight: Decimal | None = None
    notes: tuple[str, ...] = ()
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Text:
    """A reply in words, already in the channel's language. All of it is escaped by the sender.

    `private` asks for a reply only the asker sees. `verb` names the command that it
    answers ("" for none), for platforms that show a card for some of them. `dial` is the
    threshold in force, where a dial under the reply makes sense.
    """

    body: str
    language: Language
    private: bool = False
    verb: str = ""
    buttons: tuple[Button, ...] = ()
    dial: Decimal | None = None
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a reply, with a sentence about it. The bytes are kept beside it (`File`) until they expire.

    Where a platform takes no files, `body` and `link`, a sentence with an address, are shown.
    """

    id: str
    name: str
    media_type: str
    body: str
    language: Language
    link: str = ""
    private: bool = False
    verb: str = ""
    buttons: tuple[Button, ...] = ()
    kind: Literal["document"] = "document"


Reply = Annotated[Answer | Text | Document, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of a Document of the same id, and how long (seconds) they may be fetched."""

    id: str
    name: str
    media_type: str
    content: bytes = field(repr=False)
    keep_seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was answered, kept for the dial, the preview and the export."""

    answer: Answer
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A question as it was answered, with its best scores alone, the best first: enough to count by."""

    answer: Answer
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """A question that was asked: by whom, and when (UTC)."""

    asked: Asked
    person: Person
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer that the two thresholds of /review single out, with its best match."""

    answer: Answer
    match: Match
    high: Decimal
    low: Decimal
    state: ReviewState


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """What was marked, under the number that people see. `decided_by` is a name, "" while it is open."""

    id: int
    answer_id: str
    state: ReviewState
    person: Person
    question: str
    knowledge_base: str
    entry_id: str
    entry_text: str
    score: float
    high: Decimal
    low: Decimal
    model: str
    fingerprint: str
    snapshot: str
    made_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in {"confirmed", "dismissed"}


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody's word on a review item. The first one stands."""

    review_id: int
    state: Literal["confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class ClosedGap:
    """A question that found nothing, and what was done about it."""

    knowledge_base: str
    question: str
    decision: Literal["added", "pointed", "dismissed"]
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class PastGap:
    """A gap that was closed, and when (UTC)."""

    gap: ClosedGap
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that handling one message decided. It is stored in one transaction or not at all."""

    replies: tuple[Reply, ...] = ()
    changes: tuple[Change, ...] = ()
    asked: Asked | None = None
    labels: tuple[Label, ...] = ()
    files: tuple[File, ...] = ()
    marked: Marked | None = None
    decisions: tuple[Decision, ...] = ()
    closed: tuple[ClosedGap, ...] = ()


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An accepted message, claimed by one worker. `lease` must be shown with every later write."""

    id: int
    message: IncomingMessage
    lease: int
    attempt: int
    told_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One reply on its way out, claimed by one worker.

    `decided_at` is when the reply was decided: what is told of its age is told as of then, so
    that every attempt says the same. `uncertain`: an earlier attempt may have arrived, so look
    before sending again where the platform allows looking. `follows`: the message has been
    answered once already.
    """

    id: int
    channel: Channel
    address: Mapping[str, str]
    reply: Reply
    lease: int
    attempt: int
    decided_at: datetime
    person: Person | None = None
    uncertain: bool = False
    follows: bool = False


class Clock:
    """The two times a program needs.

    `now` is what people read. `steady` is for leases, back-off and limits: seconds since
    1970 when the process started, counted on by the monotonic clock, so that setting the
    machine's clock neither hurries nor delays anything. Tests pass their own.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    def steady(self) -> float:
        return self._monotonic() + self._offset


class PlatformError(Exception):
    """A send that failed. `permanent`: trying again cannot help.

    `retry_after_seconds` is the platform's own wish and wins over ours; it holds for the
    whole channel. `maybe_sent`: the message may have arrived all the same.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        maybe_sent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
        self.maybe_sent = maybe_sent


class NotYet(Exception):
    """Nothing was sent and nothing failed: try again at `until` (steady seconds).

    The platform may come and ask for it meanwhile, or another process has the way to send it.
    """

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until:.0f}")
        self.until = until


class EngineError(Exception):
    """The engine did not give a usable answer. The message is for the log, never for the room.

    `code` is one of: "away" (down, loading, overloaded, hanging or talking nonsense: ask
    again later), "failed" (it is there and could not do this one thing), "no_snapshot" (its
    source could not be read yet), "unknown_knowledge_base", "unknown_entry", "foreign_entry"
    (it belongs to another source), "refused" (a request the engine calls wrong; a mistake of
    ours).
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


_message = TypeAdapter(IncomingMessage)
_reply: TypeAdapter[Answer | Text | Document] = TypeAdapter(Reply)


def message_to_json(message: IncomingMessage) -> str:
    return _message.dump_json(message).decode()


def message_from_json(text: str) -> IncomingMessage:
    return _message.validate_json(text)


def reply_to_json(reply: Reply) -> str:
    return _reply.dump_json(reply).decode()


def reply_from_json(text: str) -> Reply:
    return _reply.validate_json(text)


def as_payload(value: Any) -> Any:
    """Any of these values as plain JSON types, for `--json` and for logs."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")
