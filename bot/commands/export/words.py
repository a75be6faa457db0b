"""The words of /export, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "export": {
        "en": Page(
            "this channel's questions, matches, feedback and changes as CSV",
            "at most two dates, the earlier first, as YEAR-MONTH-DAY",
            {
                "/export": "all of them",
                "/export 2026-11-01": "from this day on",
                "/export 2026-11-01 2026-11-30": "from the one day to the other",
            },
        ),
        "zh": Page(
            "把本群的提问、结果、反馈和设置变更导出为 CSV 表格",
            "最多两个日期（先早后晚，年-月-日）",
            {
                "/export": "全部导出",
                "/export 2026-11-01": "从这一天起",
                "/export 2026-11-01 2026-11-30": "从这一天到那一天",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    done: str
    none: str
    too_long: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        done="Questions from {start} to {end}: {questions}; rows with matches, feedback, changes: {rows}.",
        none="There is nothing from {start} to {end} to hand out.",
        too_long="From {start} to {end} there is too much for one table ({questions} questions, "
        "{rows} rows at most). Choose fewer days, "
        "for example /export {start} {start}.",
    ),
    "zh": Words(
        done="{start} 到 {end} 的 {questions} 个问题，含结果、反馈和设置变更，共 {rows} 行。",
        none="{start} 到 {end} 没有可以导出的内容。",
        too_long="{start} 到 {end} 的内容太多（一次最多 {questions} 个问题、{rows} 行），"
        "请缩短日期范围，例如 /export {start} {start}。",
    ),
}
