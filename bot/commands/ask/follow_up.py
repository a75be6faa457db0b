"""A question that follows another: what the two find together that the first does not find by itself.

Asked together, the first question alone finds most of what passes, whatever the second says, "thanks"
included. So only what the second brings nearer counts. Measured on invented follow-ups
(`benchmarks.followups`): with 0.05 nothing wrong was shown, with 0 about one answer in six was wrong.
"""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Found
from bot.domain.spelling import fold

RISE = 0.05
# Rows that are looked through for what was brought nearer; as many may be shown.
MOST_ROWS = 50


def join_questions(thread_question: str, text: str, longest: int) -> str | None:
    """Both questions as one, at most `longest` characters; None where they are the same question."""
    if fold(thread_question) == fold(text):
        return None
    room = longest - len(text) - 1
    return f"{thread_question[:room]} {text}" if room > 0 else None


def keep_brought_nearer(together: Found, alone: Found, offset: int, limit: int) -> Found:
    """The matches that score for both questions at least RISE above the first alone; a page of them."""
    before = dict(alone.scores)
    # What is not among the best of all is no nearer than the last of them.
    farthest = min(before.values(), default=-1.0)

    def has_risen(entry_id: str, score: float) -> bool:
        return score - before.get(entry_id, farthest) >= RISE

    risen = [match for match in together.matches if has_risen(match.entry_id, match.score)]
    scores = tuple(pair for pair in together.scores if has_risen(*pair))
    shown = risen[offset : offset + limit]
    return replace(
        together,
        total=len(risen),
        groups=len(risen),
        best_score=max((score for _, score in scores), default=None),
        matches=tuple(replace(match, rank=rank) for rank, match in enumerate(shown, offset + 1)),
        scores=scores,
    )
