"""What another threshold would have done to questions that were asked already.

Their scores were kept when they were asked, so nothing is searched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.domain import Asked

QUESTIONS = 200


def answered_at(asked: Sequence[Asked], threshold: Decimal) -> int:
    """How many of these would find something at this threshold."""
    return sum(
        one.answer.best_score is not None and one.answer.best_score >= float(threshold) for one in asked
    )
