"""The page of the week."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_week": ("The week", "周报"),
    "week_title": ("{length} days up to {day}", "截至 {day} 的 {length} 天"),
    "week_days": ("{count} days", "{count} 天"),
    "earlier": ("Earlier", "更早"),
    "later": ("Later", "更晚"),
    "asked_total": ("Questions", "提问"),
    "silent_total": ("Without a match", "无结果"),
    "helpful_total": ("Helpful", "有用"),
    "helpful_of": ("{share} of {count} votes", "{count} 次评价中的 {share}"),
    "median_wait": ("Half are answered within", "半数回答用时"),
    "p95_wait": ("95 of 100 within", "95% 回答用时"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
    "day_by_day": ("Questions day by day", "每日提问"),
    "day_line": (
        "{day}: {asked} questions, {silent} without a match",
        "{day}：{asked} 个提问，{silent} 个无结果",
    ),
    "day": ("Day", "日期"),
    "by_channel": ("By channel", "按频道"),
    "top_questions": ("Asked most often", "最常问的问题"),
    "top_hint": ("Questions that were asked privately are not among them.", "不含私下的提问。"),
    "times": ("Times", "次数"),
    "week_empty": ("Nothing was asked in these days.", "这段时间没有提问。"),
}
