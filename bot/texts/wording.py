"""The sentences that no command family has for itself. What a field is for is said where it is used.

A field that is missing in one language is a type error; a test compares the
placeholders of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["strong", "fair", "weak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The sentences of one language, with the placeholders in braces."""

    # under every answer
    context: str
    shown: str
    of_entries: str
    matched_wording: str
    matched_passage: str
    one_more_wording: str
    more_wordings: str
    from_channel: str
    from_knowledge_base: str
    from_default: str
    turned: str
    near_tie: str
    near_tie_command: str
    did_you_mean_match: str
    # when nothing passes
    nothing: str
    nothing_suggestion: str
    nothing_at_all: str
    knowledge_base_empty: str
    no_snapshot: str
    kb_add_example: str
    # how long ago
    just_now: str
    minutes_ago: str
    hours_ago: str
    days_ago: str
    never: str
    # tiers
    strong: str
    fair: str
    weak: str
    # labels of buttons and menus
    answer_label: str
    helpful: str
    not_helpful: str
    more: str
    dial: str
    feedback: str
    source: str
    to_type: str
    # how it went wrong
    bad_command: str
    got: str
    got_nothing: str
    mean_percent: str
    mean_value: str
    unknown_command: str
    did_you_mean: str
    nobody: str
    answer_gone: str
    engine_away: str
    failed: str
    welcome: str
    too_many_questions: str
    channel_too_busy: str
    too_many_files: str
    refused: str
    # values and the names of settings
    value: str
    threshold_unknown: str
    the_default: str
    setting_threshold: str
    setting_limit: str
    setting_knowledge_base: str
    setting_language: str
    setting_strategy: str
    setting_keyword_weight: str
    setting_margin: str
    setting_review_high: str
    setting_review_low: str
    setting_digest: str
    setting_digest_hour: str
    setting_timezone: str
    setting_label: str
    # said by more than one family
    voted_helpful: str
    voted_not_helpful: str
    download: str
