"""The nouns of the bot, and nothing that knows a database, a network or a platform.

    IncomingMessage ──► InboxItem ──► Outcome (replies, changes, records) ──► Delivery

Everything here is an immutable value. What is stored as JSON (messages, replies) is
stored through the functions of `stored`, so these shapes are also the stored format: add
fields with defaults, never rename them without a migration.
"""

from __future__ import annotations

from bot.domain.channels import Channel, Person
from bot.domain.clock import Clock
from bot.domain.errors import EngineError, NotYet, PlatformError
from bot.domain.json_codec import (
    as_payload,
    message_from_json,
    message_to_json,
    reply_from_json,
    reply_to_json,
)
from bot.domain.membership import Evidence, Membership, decide_membership
from bot.domain.messages import (
    Action,
    Choose,
    IncomingMessage,
    MessageKey,
    RunCommand,
    ShowMore,
    Surface,
    TurnDial,
    Verdict,
    Vote,
    WriteEntry,
)
from bot.domain.personal import KnowledgeState, OwnChannel, OwnGap, OwnQuestion, PersonalOverview
from bot.domain.pipeline import Delivery, InboxItem, Outcome
from bot.domain.records import (
    AnsweredQuestion,
    ClosedGap,
    Decision,
    EntryChange,
    Label,
    LabelSource,
    QuestionScores,
    RecordedEntryChange,
    RecordedGap,
    RecordedLabel,
    RecordedQuestion,
    ReviewCandidate,
    ReviewItem,
    ReviewState,
)
from bot.domain.refreshes import Awaited, Count, FailedSource, LeftOut, NewEntry, Refreshed, RefreshState
from bot.domain.replies import Answer, Button, Document, File, Reply, Text, ThresholdSource
from bot.domain.search import Found, KnowledgeBase, Match, Query
from bot.domain.settings import (
    SETTINGS,
    Change,
    ChannelSettings,
    Language,
    RecordedChange,
    Setting,
    SettingValue,
    decimal_text,
)
from bot.domain.teaching import (
    KeptProposal,
    Proposal,
    ProposalDecision,
    ProposalKind,
    ProposalOrigin,
    ProposalState,
)
from bot.domain.traits import Traits

__all__ = [
    "SETTINGS",
    "Action",
    "Answer",
    "AnsweredQuestion",
    "Awaited",
    "Button",
    "Change",
    "Channel",
    "ChannelSettings",
    "Choose",
    "Clock",
    "ClosedGap",
    "Count",
    "Decision",
    "Delivery",
    "Document",
    "EngineError",
    "EntryChange",
    "Evidence",
    "FailedSource",
    "File",
    "Found",
    "InboxItem",
    "IncomingMessage",
    "KeptProposal",
    "KnowledgeBase",
    "KnowledgeState",
    "Label",
    "LabelSource",
    "Language",
    "LeftOut",
    "Match",
    "Membership",
    "MessageKey",
    "NewEntry",
    "NotYet",
    "Outcome",
    "OwnChannel",
    "OwnGap",
    "OwnQuestion",
    "Person",
    "PersonalOverview",
    "PlatformError",
    "Proposal",
    "ProposalDecision",
    "ProposalKind",
    "ProposalOrigin",
    "ProposalState",
    "Query",
    "QuestionScores",
    "RecordedChange",
    "RecordedEntryChange",
    "RecordedGap",
    "RecordedLabel",
    "RecordedQuestion",
    "RefreshState",
    "Refreshed",
    "Reply",
    "ReviewCandidate",
    "ReviewItem",
    "ReviewState",
    "RunCommand",
    "Setting",
    "SettingValue",
    "ShowMore",
    "Surface",
    "Text",
    "ThresholdSource",
    "Traits",
    "TurnDial",
    "Verdict",
    "Vote",
    "WriteEntry",
    "as_payload",
    "decide_membership",
    "decimal_text",
    "message_from_json",
    "message_to_json",
    "reply_from_json",
    "reply_to_json",
]
