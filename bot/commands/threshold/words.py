"""The words of /threshold, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "threshold": {
        "en": Page(
            "how sure a match must be to be shown here",
            "a number from 0 to 1 with at most four decimals",
            {
                "/threshold": "show it",
                "/threshold 0.65": "set it for this channel; 65% is the same",
                "/threshold try 0.65": "only see what it would do to the last questions",
                "/threshold undo": "back to the value before",
                "/threshold reset": "back to the default",
                "/threshold margin 0.02": "say when the first two matches are closer than this; or off",
            },
        ),
        "zh": Page(
            "多像才显示（本群的阈值）",
            "0 到 1 之间的数（最多四位小数）",
            {
                "/threshold": "查看",
                "/threshold 0.65": "设置本群的阈值，写 65% 也可以",
                "/threshold try 0.65": "只预览对最近问题的影响，不改动",
                "/threshold undo": "退回上一个值",
                "/threshold reset": "恢复默认",
                "/threshold margin 0.02": "前两条分差小于它时提示；也可以 off",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    shown: str
    set: str
    same: str
    reset: str
    undone: str
    nothing_to_undo: str
    changed: str
    changed_again: str
    preview: str
    no_preview: str
    preview_effect: str
    preview_gains: str
    preview_loses: str
    preview_moved: str
    preview_line: str
    at_least: str
    unseen_change: str
    old_dial: str
    old_dial_by: str
    changed_because: str
    cause_undo: str
    margin_set: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        shown="The threshold here is {value}.",
        set="{who} set the threshold here from {old} to {new}.",
        same="The threshold here is {new} already.",
        reset="{who} put the threshold here back from {old} to {new}.",
        undone="{who} took the last change of the threshold back: from {old} to {new}.",
        nothing_to_undo="There is no change of the threshold left to take back.",
        changed="{when} {who}: {old} → {new}",
        changed_again="{when} {who}: {new}, once more",
        preview="The last questions here ({count}):",
        no_preview="Nothing was asked here yet, so there is nothing to try {new} on.",
        preview_effect="at {threshold}: {silent} without a match, {mean} matches each on average",
        preview_gains="Questions that would gain their best match: {count}",
        preview_loses="Questions that would lose their best match: {count}",
        preview_moved="“{question}” ({score})",
        preview_line="Last questions ({count}): {before} without a match, now {after}; "
        "{mean_before} → {mean_after} matches each.",
        at_least="at least {number}",
        unseen_change="Note: {who} had changed it from {old} to {new} only {seconds} s before.",
        old_dial="The dial that was clicked still showed {shown}; it was {now} already.",
        old_dial_by="The dial that was clicked still showed {shown}; {who} had set {now} ({when}).",
        changed_because="{line} ({cause})",
        cause_undo="undo",
        margin_set="{who} changed the margin for near ties here from {old} to {new}.",
    ),
    "zh": Words(
        shown="当前阈值：{value}。",
        set="{who} 把这里的阈值从 {old}改成了 {new}。",
        same="这里的阈值已经是 {new}。",
        reset="{who} 把这里的阈值从 {old}恢复为 {new}。",
        undone="{who} 撤销了上一次阈值修改：从 {old}退回 {new}。",
        nothing_to_undo="没有可以撤销的阈值修改。",
        changed="{when} {who}：{old} → {new}",
        changed_again="{when} {who}：再次设为 {new}",
        preview="最近的 {count} 个问题：",
        no_preview="这里还没有人提问，无法预览 {new} 的效果。",
        preview_effect="阈值 {threshold}：{silent} 个找不到内容，平均每个 {mean} 条",
        preview_gains="将得到最佳匹配的问题：{count} 个",
        preview_loses="将失去最佳匹配的问题：{count} 个",
        preview_moved="“{question}”（{score}）",
        preview_line="最近 {count} 个问题：找不到内容的从 {before} 个变为 {after} 个，"
        "平均条数 {mean_before} → {mean_after}。",
        at_least="至少 {number}",
        unseen_change="注意：{who} 在 {seconds} 秒前刚把它从 {old} 改成了 {new}。",
        old_dial="点击时按钮显示的还是 {shown}，实际已经是 {now}。",
        old_dial_by="点击时按钮显示的还是 {shown}，{who} 已把它设为 {now}（{when}）。",
        changed_because="{line}（{cause}）",
        cause_undo="撤销",
        margin_set="{who} 把接近并列的分差从 {old} 改成了 {new}。",
    ),
}
