"""English."""

from __future__ import annotations

from bot.texts.wording import Wording

WORDING = Wording(
    context="threshold {threshold} ({source}) · {shown} · knowledge base {knowledge_base} · updated {age}",
    shown="{shown} of {total} shown",
    from_channel="set in this channel",
    from_knowledge_base="from the knowledge base",
    from_default="default",
    turned="{who} turned the threshold from {old} to {new}.",
    nothing="Nothing reaches the threshold of {threshold}; the best score is {best}.",
    nothing_suggestion="{command} would have shown something.",
    nothing_at_all="No threshold from 0 to 1 would have shown something.",
    knowledge_base_empty="The knowledge base {knowledge_base} is empty. Add entries with {command}.",
    kb_add_example="/kb add TEXT => ANSWER",
    just_now="just now",
    minutes_ago="{count} min ago",
    hours_ago="{count} h ago",
    days_ago="{count} d ago",
    never="never",
    strong="strong",
    fair="fair",
    weak="weak",
    answer_label="Answer",
    helpful="Helpful",
    not_helpful="Not helpful",
    more="More",
    dial="Threshold",
    feedback="Did it help?",
    source="Source",
)
