"""The dial page."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_dial": ("Dial", "阈值旋钮"),
    "knowledge_base": ("Knowledge base", "知识库"),
    "no_bases": ("The engine has no knowledge base yet.", "引擎还没有知识库。"),
    "no_snapshot": (
        "It cannot be asked yet: its source could not be read.",
        "暂时无法提问：其来源尚未读取成功。",
    ),
    "entries": ("Entries", "条目"),
    "model": ("Model", "模型"),
    "dimension": ("Dimension", "维度"),
    "updated": ("Updated", "更新时间"),
    "first_entries": ("The first entries", "前若干条目"),
    "and_more": ("and {count} more", "另有 {count} 条"),
    "question": ("Question", "问题"),
    "question_example": ("How do I return an order?", "怎么退货？"),
    "ask": ("Ask", "提问"),
    "threshold": ("Threshold", "阈值"),
    "second_threshold": ("Second threshold", "第二个阈值"),
    "looser": ("more", "更多"),
    "stricter": ("surer", "更准"),
    "compare": ("Compare with a second threshold", "与第二个阈值比较"),
    "keyword_weight": ("Share of keywords in the order", "关键词在排序中的占比"),
    "count_line": (
        "{count} of {total} entries at {threshold}",
        "阈值 {threshold}：{total} 条中的 {count} 条",
    ),
    "compare_line": ("— at {threshold}: {count}", "—— 阈值 {threshold}：{count} 条"),
    "of_entries": ("{count} entries", "{count} 条"),
    "snapshot_of": ("as of {moment}", "数据截至 {moment}"),
    "nothing_reaches": (
        "Nothing reaches this threshold. The best score is",
        "没有条目达到该阈值。最高分为",
    ),
    "empty_base": ("The knowledge base is empty.", "知识库是空的。"),
    "show_more": ("Show more", "显示更多"),
    "show_all": ("Show all", "显示全部"),
    "beyond": ("These are the best {count}: see those after them", "以上是前 {count} 条：查看其后的条目"),
    "csv": ("CSV", "导出 CSV"),
    "vectors": ("The vector behind it", "查看向量"),
    "set_for": ("For the channel", "用于频道"),
    "every_step": ("How many at each step", "每一档的条数"),
    "past": ("Tried before", "试过的问题"),
    "strong": ("strong", "强"),
    "fair": ("fair", "中"),
    "weak": ("weak", "弱"),
    "meaning": ("meaning", "语义"),
    "keywords": ("keywords", "关键词"),
    "only_lower": ("only at the lower threshold", "仅在较低阈值下出现"),
    "base_changed": (
        "The knowledge base has changed since: this list is of its newer snapshot.",
        "知识库已更新：此列表来自较新的快照。",
    ),
}
