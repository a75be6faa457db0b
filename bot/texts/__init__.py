"""Every sentence that people read, in Chinese and English, without any platform's markup.

The words themselves are data: one `Wording` per language, in `zh.py` and `en.py`, with
the same fields and the same placeholders. Here they are filled in. What is put into a
sentence is never a template itself, so that no name, question or value is read as one.

What all renderers share (the context line, the tiers, the bar, the labels of buttons)
is here too: they own only the markup around it. Nothing here escapes anything.
"""

from __future__ import annotations

from bot.texts.answers import (
    age,
    bar,
    context_line,
    dial_steps,
    exact,
    is_near_tie,
    near_tie,
    near_tie_command,
    nothing_found,
    score,
    suggested_threshold,
    that_fit_whole,
    threshold,
    tier,
    tier_mark,
    tier_word,
    turned_by,
    what_matched,
)
from bot.texts.languages import wording
from bot.texts.mistakes import bad_command, shorten, unknown_command
from bot.texts.replies import in_words, with_commands
from bot.texts.wording import Tier, Wording

__all__ = [
    "Tier",
    "Wording",
    "age",
    "bad_command",
    "bar",
    "context_line",
    "dial_steps",
    "exact",
    "in_words",
    "is_near_tie",
    "near_tie",
    "near_tie_command",
    "nothing_found",
    "score",
    "shorten",
    "suggested_threshold",
    "that_fit_whole",
    "threshold",
    "tier",
    "tier_mark",
    "tier_word",
    "turned_by",
    "unknown_command",
    "what_matched",
    "with_commands",
    "wording",
]
