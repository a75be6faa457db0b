"""The words of /gaps, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

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
