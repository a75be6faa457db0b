"""The words of /gaps undo, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoWords:
    nothing: str
    reopened: str
    taken_away: str
    not_taken_away: str
    still_taught: str


UNDO: Mapping[Language, UndoWords] = {
    "en": UndoWords(
        nothing="No closed question here is left to open again.",
        reopened="{who} opened “{question}” again.",
        taken_away="The entry {entry} that was written for it is taken away.",
        not_taken_away="The entry {entry} that was written for it is not there any more.",
        still_taught="The wordings it taught stay. /teach undo takes them back.",
    ),
    "zh": UndoWords(
        nothing="没有可以重新打开的问题。",
        reopened="{who} 重新打开了“{question}”。",
        taken_away="为它写的条目 {entry} 已删除。",
        not_taken_away="为它写的条目 {entry} 已经不在了。",
        still_taught="教过的问法仍然保留。发送 /teach undo 可以撤回。",
    ),
}
