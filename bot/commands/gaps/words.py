"""The words of /gaps, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "gaps": {
        "en": Page(
            "the questions that found nothing helpful",
            "add GAP => ANSWER, point GAP ENTRY, dismiss GAP, undo, or digest daily, weekly or off with a "
            "full hour and a time zone",
            {
                "/gaps": "list them, the most asked first",
                "/gaps 2": "the next ones",
                "/gaps add 6f64c6e6 => It takes three days.": "answer one, as a new entry",
                "/gaps point 6f64c6e6 ENTRY": "an entry answers it; it learns how this was asked",
                "/gaps dismiss 6f64c6e6": "this one needs no answer",
                "/gaps undo": "open again what was closed last",
                "/gaps digest daily 09:00 Asia/Shanghai": "have them told by the clock; weekly, or off",
            },
        ),
        "zh": Page(
            "没有找到有用答复的问题",
            "add 编号 => 答复、point 编号 条目、dismiss 编号、undo，或 digest daily/weekly/off 加整点和时区",
            {
                "/gaps": "列出这些问题，问得最多的在前",
                "/gaps 2": "下一页",
                "/gaps add 6f64c6e6 => 需要三天。": "补上答复，成为一条新内容",
                "/gaps point 6f64c6e6 条目编号": "答案就是已有的这一条，并教给它这些问法",
                "/gaps dismiss 6f64c6e6": "不需要答复",
                "/gaps undo": "重新打开刚处理的问题",
                "/gaps digest daily 09:00 Asia/Shanghai": "每天整点发送摘要；也可以 weekly 或 off",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    none: str
    head: str
    line: str
    no_score: str
    score: str
    also: str
    private: str
    how: str
    dismiss: str
    added: str
    pointed: str
    dismissed: str
    unknown: str
    not_added: str
    no_entry: str
    more: str
    taken: str
    undo_taught: str
    digest_head: str
    digest_nowhere: str
    digest_off: str
    digest_daily: str
    digest_weekly: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        none="No question of the last {days} days is left without a helpful answer.",
        head="Questions of the last {days} days that found nothing helpful:",
        line="{gap} · {count}× · best score {score}: “{question}”",
        no_score="none",
        score="{score} (entry {entry})",
        also="      also: {questions}",
        private="Asked privately and not shown: {count}.",
        how="To close one: /gaps add {gap} => ANSWER, /gaps point {gap} ENTRY-ID or /gaps dismiss {gap}",
        dismiss="Dismiss {gap}",
        added="{who} answered “{question}” in {name}.",
        pointed="{who} pointed “{question}” to {entry}; wordings taught to it: {count}.",
        dismissed="{who} dismissed “{question}”.",
        unknown="There is no open question {gap} here (any more). /gaps lists them.",
        not_added="Nothing was added.",
        no_entry="There is no entry {entry} in {name}. /kb find TEXT looks for one.",
        more="… and {count} more: {command}",
        taken="“{question}” is a wording of {entry} already, and stays there.",
        undo_taught="/teach undo takes them back.",
        digest_head="The digest of this channel.",
        digest_nowhere="I can only answer here and never speak first, so there is no digest. /gaps shows the "
        "same at any time. A WeCom group gets one when a webhook stands in it: WECOM.md tells operators how.",
        digest_off="{who} ended the digest.",
        digest_daily="{who} asked for a digest of open questions every day at {hour}:00 ({timezone}).",
        digest_weekly="{who} asked for a digest of open questions every Monday at {hour}:00 ({timezone}).",
    ),
    "zh": Words(
        none="最近 {days} 天的问题都有有用的答复。",
        head="最近 {days} 天没有找到有用答复的问题：",
        line="{gap} · {count} 次 · 最高分 {score}：“{question}”",
        no_score="无",
        score="{score}（条目 {entry}）",
        also="      还有：{questions}",
        private="私下提问、不显示的：{count} 个。",
        how="处理方法：/gaps add {gap} => 答复、/gaps point {gap} 条目编号 或 /gaps dismiss {gap}",
        dismiss="忽略 {gap}",
        added="{who} 在 {name} 里回答了“{question}”。",
        pointed="{who} 把“{question}”指向了 {entry}，教给它的问法：{count} 个。",
        dismissed="{who} 忽略了“{question}”。",
        unknown="这里没有（或已经没有）未解决的问题 {gap}。发送 /gaps 查看。",
        not_added="没有添加。",
        no_entry="{name} 里没有编号为 {entry} 的内容。用 /kb find 文字 查找。",
        more="……还有 {count} 个：{command}",
        taken="“{question}”已经是 {entry} 的问法，保持不变。",
        undo_taught="发送 /teach undo 可以撤回。",
        digest_head="本群的定期摘要。",
        digest_nowhere="我在这里只能回答，不能主动发言，所以没有定期摘要；随时可以用 /gaps 查看。"
        "企业微信群里放一个群机器人 webhook 就能收到，做法见 WECOM.zh.md（请找管理员）。",
        digest_off="{who} 关闭了定期摘要。",
        digest_daily="{who} 设置了定期摘要：每天 {hour}:00（{timezone}）。",
        digest_weekly="{who} 设置了定期摘要：每周一 {hour}:00（{timezone}）。",
    ),
}
