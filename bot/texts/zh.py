"""Chinese (simplified), short and plain: the readers are customer-service colleagues."""

from __future__ import annotations

from bot.texts.wording import Wording

WORDING = Wording(
    context="阈值 {threshold}（{source}） · {shown} · 知识库 {knowledge_base} · 更新于 {age}",
    shown="显示 {shown} 条，共 {total} 条",
    from_channel="本群设置",
    from_knowledge_base="知识库设置",
    from_default="默认",
    turned="{who} 把阈值从 {old} 调到了 {new}。",
    nothing="没有内容达到阈值 {threshold}，最高分是 {best}。",
    nothing_suggestion="发送 {command} 就能看到结果。",
    nothing_at_all="把阈值调到 0 到 1 之间的任何值都不会有结果。",
    knowledge_base_empty="知识库 {knowledge_base} 还是空的。可以用 {command} 添加内容。",
    kb_add_example="/kb add 问题 => 答复",
    just_now="刚刚",
    minutes_ago="{count} 分钟前",
    hours_ago="{count} 小时前",
    days_ago="{count} 天前",
    never="从未",
    strong="强",
    fair="中",
    weak="弱",
    answer_label="答复",
    helpful="有用",
    not_helpful="没用",
    more="更多",
    dial="阈值",
    feedback="有帮助吗？",
    source="来源",
)
