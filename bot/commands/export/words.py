"""The words of /export, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

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
