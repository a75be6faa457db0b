"""The words of /threshold, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

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
