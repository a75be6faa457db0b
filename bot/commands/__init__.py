"""Reading what people write: a command, a command gone wrong, or a question.

One grammar for every platform. Nothing here knows settings, an engine or a database,
and nothing here raises, whatever the text. To add a verb: its command in `kinds.py`,
its row in `verbs.py`.
"""

from __future__ import annotations

from bot.commands.kinds import (
    AddEntries,
    Ask,
    BadCommand,
    Command,
    Help,
    ListKnowledgeBases,
    Problem,
    Question,
    Refresh,
    RemoveEntry,
    ResetThreshold,
    SetLanguage,
    SetLimit,
    SetThreshold,
    ShowKnowledgeBase,
    ShowLanguage,
    ShowLimit,
    ShowSettings,
    ShowThreshold,
    Status,
    TryThreshold,
    UndoThreshold,
    UseKnowledgeBase,
)
from bot.commands.reading import parse
from bot.commands.verbs import VERBS, Verb

__all__ = [
    "VERBS",
    "AddEntries",
    "Ask",
    "BadCommand",
    "Command",
    "Help",
    "ListKnowledgeBases",
    "Problem",
    "Question",
    "Refresh",
    "RemoveEntry",
    "ResetThreshold",
    "SetLanguage",
    "SetLimit",
    "SetThreshold",
    "ShowKnowledgeBase",
    "ShowLanguage",
    "ShowLimit",
    "ShowSettings",
    "ShowThreshold",
    "Status",
    "TryThreshold",
    "UndoThreshold",
    "UseKnowledgeBase",
    "Verb",
    "parse",
]
