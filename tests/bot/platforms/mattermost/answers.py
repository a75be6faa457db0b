"""Builders: each names only what a test is about."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.domain import Answer, Match

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef"
HOST = "chat.example.com"
LIN, CHANNEL, POST, ROOT = (name.ljust(26, "0") for name in ("lin", "channel", "post", "root"))


def a_match(rank: int = 1, **changed: Any) -> Match:
    match = Match(rank=rank, entry_id=f"e{rank}", text="签收 7 天内可以退货。", score=0.8732, bold=(0, 11))
    return replace(match, **changed)


def an_answer(*matches: Match, **changed: Any) -> Answer:
    answer = Answer(
        id="a-1",
        question="能退吗",
        language="zh",
        matches=matches or (a_match(),),
        total=max(len(matches), 1),
        best_score=0.8732,
        threshold=Decimal("0.65"),
        threshold_source="channel",
        limit=5,
        knowledge_base="shop",
        snapshot="s1",
        snapshot_at=datetime(2026, 9, 21, 14, 10, tzinfo=UTC),
        model="m",
    )
    return replace(answer, **changed)


def a_trigger(*, user: str = LIN, at: float | None = None, number: int = 1) -> str:
    """As the server makes it; `at` in seconds since 1970."""
    milliseconds = int((NOW.timestamp() if at is None else at) * 1000)
    whole = f"client{number:020d}:{user}:{milliseconds}:MEUCIQDsignature=="
    return base64.b64encode(whole.encode()).decode()
