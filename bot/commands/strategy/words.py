"""The words of /strategy and /keywords, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "strategy": {
        "en": Page(
            "a named set of settings",
            "the name of a strategy, off or undo",
            {
                "/strategy": "show the one chosen here, and all there are",
                "/strategy precise": "show only what is sure",
                "/strategy balanced": "the middle, for most teams",
                "/strategy recall": "show rather too much",
                "/strategy moderation": "for the review of messages",
                "/strategy off": "back to what was set before it",
                "/strategy undo": "take the last choice back",
            },
        ),
        "zh": Page(
            "选用一套设置",
            "一套设置的名字、off 或 undo",
            {
                "/strategy": "查看本群选用的和全部可选的",
                "/strategy precise": "宁缺毋滥",
                "/strategy balanced": "折中，适合多数团队",
                "/strategy recall": "宁多勿漏",
                "/strategy moderation": "内容审核",
                "/strategy off": "恢复选用之前的设置",
                "/strategy undo": "撤销上一次选用",
            },
        ),
    },
    "keywords": {
        "en": Page(
            "the share of keywords in the ranking",
            "a number from 0 to 1, or off",
            {
                "/keywords": "show it",
                "/keywords 0.3": "rank three tenths by words; the scores stay as they are",
                "/keywords off": "back to the default",
            },
        ),
        "zh": Page(
            "关键词在排序中的权重",
            "0 到 1 之间的数，或 off",
            {
                "/keywords": "查看",
                "/keywords 0.3": "排序时关键词占三成，分数不变",
                "/keywords off": "恢复默认",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    none: str
    shown: str
    departed: str
    names: str
    line: str
    unknown: str
    same: str
    set: str
    change: str
    off: str
    undone: str
    nothing_else: str
    stays: str
    no_strategy: str
    nothing_to_undo: str
    numbers_tutorial: str
    numbers_measured: str
    numbers_configured: str
    numbers_configured_without_reason: str
    model_unknown: str
    keywords_shown: str
    keywords_set: str
    keywords_refused: str
    keywords_unchecked: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        none="No strategy is chosen here.",
        shown="The strategy here is {name}.",
        departed="Changed since: {setting} is {value}, the strategy has {wanted}.",
        names="There are: {names}.",
        line="{name}: {numbers}",
        unknown='There is no strategy "{name}". There are: {names}.',
        same="Everything here is as {name} has it already.",
        set="{who} chose the strategy {name} here:",
        change="{setting}: {old} → {new}",
        off="{who} switched the strategy {old} here off.",
        undone="{who} took the last choice of a strategy here back: {old} → {new}.",
        nothing_else="Nothing else changes.",
        stays="Stays as it was set by hand since: {settings}.",
        no_strategy="none",
        nothing_to_undo="There is no choice of a strategy left to take back.",
        numbers_tutorial="The numbers are the tutorial's, found with Qwen3-Embedding-4B. The model here is "
        "{model}; another model wants others.",
        numbers_measured="The numbers are our own for the model here ({model}), measured on labelled "
        "Chinese and English questions (benchmarks/strategies.md). "
        "The tutorial's were found with Qwen3-Embedding-4B.",
        numbers_configured="The numbers are your operator's: {about}.",
        numbers_configured_without_reason="set in the configuration",
        model_unknown="not known just now",
        keywords_shown="The share of keywords in the ranking here is {value}.",
        keywords_set="{who} changed the share of keywords in the ranking here from {old} to {new}.",
        keywords_refused="The search service here does not rank by keywords yet; "
        "until it does, nothing changes.",
        keywords_unchecked="Search is not available just now, so whether it ranks by keywords is not known.",
    ),
    "zh": Words(
        none="这里没有选用任何策略。",
        shown="这里的策略是 {name}。",
        departed="之后改过：{setting}现在是 {value}，策略里是 {wanted}。",
        names="可选：{names}。",
        line="{name}：{numbers}",
        unknown="没有名为“{name}”的策略。可选：{names}。",
        same="这里的设置已经和 {name} 一致。",
        set="{who} 在这里选用了策略 {name}：",
        change="{setting}：{old} → {new}",
        off="{who} 关闭了这里的策略 {old}。",
        undone="{who} 撤销了上一次策略变更：{old} → {new}。",
        nothing_else="其他设置没有变化。",
        stays="之后手动改过的保持不变：{settings}。",
        no_strategy="无",
        nothing_to_undo="没有可以撤销的策略。",
        numbers_tutorial="这些数值来自教程，是用 Qwen3-Embedding-4B 得出的（这里的模型：{model}）；"
        "换一个模型就需要别的数值。",
        numbers_measured="这些数值是我们针对这里的模型（{model}）在带标注的中英文问题上实测的"
        "（见 benchmarks/strategies.md）；教程的数值是用 Qwen3-Embedding-4B 得出的。",
        numbers_configured="这些数值由管理员设定：{about}。",
        numbers_configured_without_reason="写在配置文件里",
        model_unknown="暂时不知道",
        keywords_shown="这里关键词在排序中的权重是 {value}。",
        keywords_set="{who} 把关键词在排序中的权重从 {old} 改成了 {new}。",
        keywords_refused="这里的检索服务还不支持关键词排序，支持之后才会生效。",
        keywords_unchecked="检索暂时不可用，不知道它是否支持关键词排序。",
    ),
}
