"""The words of /review and /queue, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

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
