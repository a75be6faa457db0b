"""Bot and engine share no code: what both need stands in both, and here the two are compared."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_what_makes_a_secret_weak_is_one_text_in_both_programs() -> None:
    assert (ROOT / "bot/weak_secrets.py").read_text() == (ROOT / "engine/weak_secrets.py").read_text()
