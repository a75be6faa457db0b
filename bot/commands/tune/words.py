"""The words of /tune, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "tune": {
        "en": Page(
            "the threshold that this channel's own judged answers suggest",
            "precision and a number between 0 and 1, or yes or no with an answer and a rank",
            {
                "/tune": "the one with the best balance (F1)",
                "/tune precision 0.95": "the lowest at which 95 of 100 shown matches are right",
                "/tune yes VOaJynk-Edti 1": "the first match of that answer is right; no: it is wrong",
            },
        ),
        "zh": Page(
            "根据本群标注过的答复建议阈值",
            "precision 加 0 到 1 之间的数，或 yes/no 加答复编号和名次",
            {
                "/tune": "最均衡的（F1 最高）",
                "/tune precision 0.95": "显示的结果 95% 正确时的最低阈值",
                "/tune yes VOaJynk-Edti 1": "那条答复的第一条是对的；不对就用 no",
            },
        ),
    },
}
