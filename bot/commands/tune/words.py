"""The words of /tune, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "tune": {
        "en": Page(
            "the threshold that this channel's own judged answers suggest",
            "precision and a number between 0 and 1, or yes or no with a rank, also of a named answer",
            {
                "/tune": "the one with the best balance (F1)",
                "/tune precision 0.95": "the lowest at which 95 of 100 shown matches are right",
                "/tune yes 1": "the first match of the last answer here is right; no: it is wrong",
                "/tune yes VOaJynk-Edti 1": "the same of that answer",
            },
        ),
        "zh": Page(
            "根据本群标注过的答复建议阈值",
            "precision 加 0 到 1 之间的数，或 yes/no 加名次（上一条答复，或写明编号的答复）",
            {
                "/tune": "最均衡的（F1 最高）",
                "/tune precision 0.95": "显示的结果 95% 正确时的最低阈值",
                "/tune yes 1": "这里上一条答复的第一条是对的；不对就用 no",
                "/tune yes VOaJynk-Edti 1": "指那条答复的第一条",
            },
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    labels: str
    rescored: str
    left_out: str
    now: str
    best: str
    wanted: str
    wanted_none: str
    interval: str
    open_interval: str
    no_interval: str
    apply: str
    is_set: str
    too_close: str
    none: str
    few: str
    wide: str
    label_these: str
    nothing_to_label: str
    question: str
    yes: str
    no: str
    lowest: str
    picture: str
    chart: str
    chart_now: str
    chart_best: str
    no_match: str
    judged: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        labels="Labelled answers: {labels}, right ones: {relevant}, questions: {questions}.",
        rescored="Scored again with today's model: {count}.",
        left_out="Left out, because today's model does not rank them among its best: {count}.",
        now="Now {threshold}: precision {precision}, recall {recall} of what was labelled, F1 {f1}.",
        best="Best F1: {threshold} ({interval}): precision {precision}, recall {recall} of what was "
        "labelled, F1 {f1}.",
        wanted="Precision {wanted}: from {threshold} up ({interval}) it is {precision}, and at least "
        "{bound} with 95 % confidence; recall {recall} of what was labelled.",
        wanted_none="Precision {wanted}: these labels prove it for no threshold.",
        interval="95 % interval {low} to {high}",
        open_interval="95 % interval from {low} up, without an end",
        no_interval="no interval",
        apply="Set {threshold}",
        is_set="That is the threshold here already.",
        too_close="Right and wrong lie too close together for a threshold to part them; none is offered.",
        none="Nobody has said yet which answers here are right. Every helpful / not helpful counts.",
        few="Not enough yet: at least {right} right and {wrong} wrong answers are needed for a suggestion.",
        wide="Not enough yet: the interval is wider than {width}.",
        label_these="These would help most. Is the entry an answer to the question?",
        nothing_to_label="There is nothing left to label among the last questions: ask some more.",
        question="{number}. “{question}” → {entry} ({score})",
        yes="{number} right",
        no="{number} wrong",
        lowest="Nothing below {score} has been labelled, so lower thresholds are unknown ground.",
        picture="Precision, recall and F1 at every threshold; the black line is today's.",
        chart="threshold, F1, precision, recall:",
        chart_now="◄ now",
        chart_best="◄ best F1",
        no_match="This answer has no match {rank}.",
        judged="“{question}” → {text}",
    ),
    "zh": Words(
        labels="共有 {labels} 条已标注的答复，来自 {questions} 个问题，其中 {relevant} 条正确。",
        rescored="其中 {count} 条用现在的模型重新算了分。",
        left_out="现在的模型没有把它们排在前面，未计入：{count} 条。",
        now="当前 {threshold}：精确率 {precision}，召回率（仅按已标注的算）{recall}，F1 {f1}。",
        best="F1 最高：{threshold}（{interval}），精确率 {precision}，召回率（仅按已标注的算）{recall}，"
        "F1 {f1}。",
        wanted="精确率 {wanted}：从 {threshold} 起（{interval}）为 {precision}，"
        "有 95 % 的把握不低于 {bound}；召回率（仅按已标注的算）{recall}。",
        wanted_none="精确率 {wanted}：现有标注还不能证明任何阈值能做到。",
        interval="95 % 区间 {low} 到 {high}",
        open_interval="95 % 区间从 {low} 起，没有上限",
        no_interval="没有区间",
        apply="设为 {threshold}",
        is_set="这里的阈值已经是这个值。",
        too_close="对的和不对的分数太接近，没有可以设置的阈值能分开，因此不给建议。",
        none="还没有人说过哪些答复是对的。每次点“有用”或“没用”都算。",
        few="标注还不够：至少要有 {right} 条正确、{wrong} 条错误，才能给出建议。",
        wide="标注还不够：区间比 {width} 还宽。",
        label_these="标注下面这些最有帮助。这条内容回答了问题吗？",
        nothing_to_label="最近的问题都标注过了，请再多问一些。",
        question="{number}. “{question}” → {entry}（{score}）",
        yes="{number} 对",
        no="{number} 不对",
        lowest="低于 {score} 的内容还没有标注过，更低的阈值效果未知。",
        picture="各个阈值的精确率、召回率和 F1；黑线是当前阈值。",
        chart="阈值、F1、精确率、召回率：",
        chart_now="◄ 当前",
        chart_best="◄ F1 最高",
        no_match="这条答复没有第 {rank} 条。",
        judged="“{question}” → {text}",
    ),
}
