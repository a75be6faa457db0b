"""The pages on questions: the log, labelling by keys, the review queue."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_questions": ("Questions", "提问"),
    "all_channels": ("all channels", "全部频道"),
    "from_day": ("From", "从"),
    "to_day": ("To", "到"),
    "result": ("Result", "结果"),
    "result_any": ("any", "不限"),
    "result_answered": ("with a match", "有结果"),
    "result_silent": ("without a match", "无结果"),
    "mark": ("Marked", "标注"),
    "mark_any": ("any", "不限"),
    "mark_none": ("not yet", "未标注"),
    "mark_helpful": ("right", "正确"),
    "mark_not_helpful": ("wrong", "错误"),
    "score_from": ("Best score from", "最高分从"),
    "score_to": ("to", "到"),
    "holds_words": ("Holds the words", "包含文字"),
    "look": ("Look", "查找"),
    "no_questions": ("There is no such question.", "没有符合条件的提问。"),
    "person": ("Person", "提问人"),
    "asked_privately": ("asked privately", "私下提问"),
    "best_score": ("Best score", "最高分"),
    "best_match": ("Best match", "最佳结果"),
    "matches": ("Matches", "结果数"),
    "older": ("Older ones", "更早的"),
    "label": ("Label", "标注"),
    "label_title": ("Label matches", "标注匹配结果"),
    "label_hint": (
        "Is this the right match? The first ones say most about the threshold.",
        "这条结果对吗？排在前面的最能帮助确定阈值。",
    ),
    "keys_hint": (
        "Keys: 1 right, 2 wrong, S skip, U back to the one before. The next one comes by itself.",
        "按键：1 正确，2 错误，S 跳过，U 返回上一条；之后自动前进。",
    ),
    "leave": ("Leave", "保留"),
    "labelled_of": ("{count} of {total} labelled", "已标注 {count} / {total}"),
    "label_failed": (
        "The last one could not be saved. Reload the page and try again.",
        "上一条未能保存。请刷新页面后重试。",
    ),
    "label_none": (
        "Every match that was shown here lately is labelled already.",
        "近期显示过的结果都已标注。",
    ),
    "label_more": ("More to label", "继续标注"),
    "review": ("Review", "复核"),
    "review_title": ("Review queue", "复核队列"),
    "review_queued": ("Waiting", "等待处理"),
    "review_pooled": ("Sample of the observed", "观察样本"),
    "review_observed": ("Observed", "观察中"),
    "review_counts": (
        "Decided so far: {confirmed} confirmed, {dismissed} dismissed",
        "已处理：确认 {confirmed} 条，忽略 {dismissed} 条",
    ),
    "review_empty": ("Nothing waits here.", "这里没有等待处理的内容。"),
    "review_off": (
        "This channel has no review: set its two thresholds on its page.",
        "本频道未开启复核：请在频道页设置两个阈值。",
    ),
    "review_entry": ("Entry", "条目"),
    "decide_right": ("Confirm", "确认"),
    "decide_wrong": ("Dismiss", "忽略"),
    "decide_all": ("Set all to", "全部设为"),
    "decide_apply": ("Apply the decisions", "应用决定"),
    "export_channel": ("Everything of this channel as CSV", "导出本频道全部记录（CSV）"),
    "export_queue": ("The queue as CSV", "导出队列（CSV）"),
}
