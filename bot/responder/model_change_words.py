"""The news of another model, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    carried: str
    carried_by_all: str
    kept: str
    changed: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        carried="{name} answers with another model or scoring now, whose scores are different. "
        "The threshold here went from {old} to {new}: of the last {count} questions as many pass as before "
        "({share}). /threshold undo brings {old} back.",
        carried_by_all="{name} answers with another model or scoring now, whose scores are different. "
        "The threshold here went from {old} to {new}: of the last {count} questions of all channels as many "
        "pass as before ({share}); too few were asked here. /threshold undo brings {old} back.",
        kept="{name} answers with another model or scoring now, whose scores are different. "
        "The threshold here is still {old}, because too few questions were asked to carry it over; "
        "/threshold try shows what another would do.",
        changed="{name} answers with another model or scoring now ({model}), whose scores are different "
        "from those before.",
    ),
    "zh": Words(
        carried="{name} 换了模型或计分方式，分数和以前不同。这里的阈值从 {old} 换算为 {new}："
        "最近 {count} 个问题中，能通过的和以前一样多（{share}）。发送 /threshold undo 可退回 {old}。",
        carried_by_all="{name} 换了模型或计分方式，分数和以前不同。这里的阈值从 {old} 换算为 {new}："
        "本群提问太少，因此按所有群最近 {count} 个问题换算，能通过的和以前一样多（{share}）。"
        "发送 /threshold undo 可退回 {old}。",
        kept="{name} 换了模型或计分方式，分数和以前不同。提问太少，无法换算，这里的阈值仍是 {old}；"
        "用 /threshold try 可以预览别的值。",
        changed="{name} 换了模型或计分方式（{model}），分数和以前不同。",
    ),
}
