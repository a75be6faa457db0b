"""The list of all sentences. What a field is for is said where it is used.

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
    no_words: str
    unknown_command: str
    did_you_mean: str
    question_cut: str
    not_allowed: str
    not_allowed_here: str
    no_admins: str
    nobody: str
    only_members: str
    membership_unknown: str
    answer_gone: str
    engine_away: str
    failed: str
    too_many_questions: str
    channel_too_busy: str
    too_many_files: str
    no_knowledge_base: str
    refused: str
    # the threshold
    value: str
    threshold_shown: str
    threshold_unknown: str
    threshold_set: str
    threshold_same: str
    threshold_reset: str
    threshold_undone: str
    nothing_to_undo: str
    changed: str
    changed_again: str
    the_default: str
    preview: str
    no_preview: str
    preview_effect: str
    preview_gains: str
    preview_loses: str
    preview_moved: str
    preview_line: str
    at_least: str
    unseen_change: str
    old_dial: str
    old_dial_by: str
    changed_because: str
    cause_undo: str
    # the other settings
    limit_shown: str
    limit_set: str
    language_shown: str
    language_set: str
    kb_shown: str
    kb_size: str
    kb_set: str
    kb_list: str
    kb_line: str
    kb_none: str
    kb_removed: str
    kb_no_entry: str
    kb_foreign: str
    # strategies, keywords, near ties
    strategy_none: str
    strategy_shown: str
    strategy_departed: str
    strategy_names: str
    strategy_line: str
    strategy_unknown: str
    strategy_same: str
    strategy_set: str
    strategy_change: str
    strategy_off: str
    strategy_undone: str
    strategy_nothing_else: str
    strategy_stays: str
    no_strategy: str
    strategy_nothing_to_undo: str
    numbers_tutorial: str
    numbers_measured: str
    numbers_configured: str
    numbers_configured_without_reason: str
    model_unknown: str
    keywords_shown: str
    keywords_set: str
    keywords_ignored: str
    keywords_refused: str
    keywords_unchecked: str
    margin_set: str
    # files
    export_done: str
    export_none: str
    export_too_long: str
    download: str
    # overviews
    status_away: str
    status_loading: str
    status_embedding: str
    status_engine: str
    status_kb: str
    status_next: str
    status_refreshing: str
    status_refreshing_progress: str
    status_queue: str
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
    setting_line: str
    setting_changed: str
    language_name: str
    help_intro: str
    help_line: str
    help_example: str
    help_form: str
    help_more: str
    voted_helpful: str
    voted_not_helpful: str
    # what a channel is called, and its admins
    name_shown: str
    name_none: str
    name_set: str
    name_removed: str
    admin_now: str
    admin_wrong_code: str
    admin_too_often: str
