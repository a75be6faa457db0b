"""The words of /review and /queue, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "review": {
        "en": Page(
            "two thresholds that send messages to review",
            "two numbers from 0 to 1, the higher first, or off",
            {
                "/review": "show them",
                "/review 0.70 0.45": "from 0.70 into the queue, from 0.45 observed and one in five sampled",
                "/review off": "end it",
            },
        ),
        "zh": Page(
            "两个阈值，把消息送去复核",
            "两个 0 到 1 之间的数（先高后低），或 off",
            {
                "/review": "查看",
                "/review 0.70 0.45": "达到 0.70 进入复核队列，达到 0.45 的被观察，五条抽一条",
                "/review off": "关闭",
            },
        ),
    },
    "queue": {
        "en": Page(
            "what waits for review",
            "pool, confirm NUMBER, dismiss NUMBER, clear NUMBER or export",
            {
                "/queue": "list it",
                "/queue confirm 12": "this one is what it was taken for",
                "/queue dismiss 12 13": "these are not, which /tune counts; several are decided at once",
                "/queue clear 12": "take it out and say nothing of it",
                "/queue pool": "list the sample of what was only observed",
                "/queue export": "all of it as CSV",
            },
        ),
        "zh": Page(
            "等待复核的内容",
            "pool、confirm 编号、dismiss 编号、clear 编号或 export",
            {
                "/queue": "查看队列",
                "/queue confirm 12": "确认这一条",
                "/queue dismiss 12 13": "这些不是（会计入 /tune），可一次写多个编号",
                "/queue clear 12": "只移出队列，不作判断",
                "/queue pool": "查看抽样",
                "/queue export": "全部导出为 CSV 表格",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    shown: str
    none: str
    set: str
    off: str
    queued: str
    observed: str
    queue_empty: str
    queue_head: str
    queue_pool_head: str
    queue_line: str
    queue_more: str
    queue_pool: str
    queue_confirm: str
    queue_dismiss: str
    queue_clear: str
    queue_cleared: str
    queue_already_cleared: str
    queue_confirmed: str
    queue_dismissed: str
    queue_already_confirmed: str
    queue_already_dismissed: str
    queue_unknown: str
    queue_exported: str
    queue_export_none: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        shown="From {high} up a message goes to the review queue, from {low} up it is observed.",
        none="There is no review here. /review 0.70 0.45 starts one.",
        set="{who} set the review: from {high} up a message goes to the queue, from {low} up it is observed.",
        off="{who} ended the review. What is in the queue stays there.",
        queued="In the review queue: the best match, {score}, reaches {high}.",
        observed="Under observation: the best match, {score}, reaches {low}.",
        queue_empty="The queue is empty. Decided so far: {decided}.",
        queue_head="Waiting for a decision: {count}",
        queue_pool_head="A sample of what was only observed: {count}",
        queue_line="#{number} {when} {who}: “{question}” → {entry}: {text} ({score})",
        queue_more="… and {count} more.",
        queue_pool="Observed: {observed}; a sample of {pooled} can be looked at with /queue pool.",
        queue_confirm="Confirm #{number}",
        queue_dismiss="Not this: #{number}",
        queue_clear="Only clear #{number}",
        queue_cleared="{who} took #{number} out of the queue. Nothing is said of the match.",
        queue_already_cleared="#{number} was taken out by {who} already ({when}). Nothing changed.",
        queue_confirmed="{who} confirmed #{number}.",
        queue_dismissed="{who} said that #{number} is not it.",
        queue_already_confirmed="#{number} was confirmed by {who} already ({when}). Nothing changed.",
        queue_already_dismissed="{who} said already that #{number} is not it ({when}). Nothing changed.",
        queue_unknown="There is no #{number} in this queue.",
        queue_exported="Items in the queue of this channel: {count}.",
        queue_export_none="Nothing was ever put into this queue.",
    ),
    "zh": Words(
        shown="达到 {high} 的消息进入复核队列，达到 {low} 的会被观察。",
        none="这里没有开启复核。发送 /review 0.70 0.45 即可开启。",
        set="{who} 设置了复核：达到 {high} 的消息进入队列，达到 {low} 的会被观察。",
        off="{who} 关闭了复核。队列里已有的会保留。",
        queued="已进入复核队列：最高分 {score}，达到 {high}。",
        observed="观察中：最高分 {score}，达到 {low}。",
        queue_empty="队列是空的。已处理：{decided} 条。",
        queue_head="等待处理：{count} 条",
        queue_pool_head="从观察的消息中抽取的样本：{count} 条",
        queue_line="#{number} {when} {who}：“{question}” → {entry}：{text}（{score}）",
        queue_more="……还有 {count} 条。",
        queue_pool="观察中 {observed} 条；抽样 {pooled} 条，用 /queue pool 查看。",
        queue_confirm="确认 #{number}",
        queue_dismiss="不是 #{number}",
        queue_clear="只移出 #{number}",
        queue_cleared="{who} 把 #{number} 移出了队列，不作判断。",
        queue_already_cleared="#{number} 已由 {who} 移出（{when}），没有改动。",
        queue_confirmed="{who} 确认了 #{number}。",
        queue_dismissed="{who} 判断 #{number} 不是。",
        queue_already_confirmed="#{number} 已由 {who} 确认（{when}），没有改动。",
        queue_already_dismissed="#{number} 已由 {who} 判断为不是（{when}），没有改动。",
        queue_unknown="这个队列里没有 #{number}。",
        queue_exported="本群的复核队列：{count} 条。",
        queue_export_none="这个队列里从来没有过内容。",
    ),
}
