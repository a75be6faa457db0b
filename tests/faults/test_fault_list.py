"""Every case of the fault catalogue is a test that names it, or stands here with the reason why not."""

from __future__ import annotations

import re
from pathlib import Path

# The sheet that the list began with has 27; what was found later goes on behind them.
FIRST = 27

# What the program has no part for yet.
NOT_YET: dict[str, str] = {}
# What is covered as far as the program goes, what is missing, and what stands elsewhere.
IN_PART = {
    "REL05": "a full disk is refused and recovered from; there is no reserve file that would be let go",
    "REL09": "old, new, foreign and half migrated schemas; there is only one migration with rows to lose",
    "REL13": "no vectors come to the bot, so a wrong count of them cannot",
    "REL15": "of platforms, Slack; WeCom's 45009 is told apart in tests/bot/platforms/wecom",
    "REL16": "of platforms, Slack; WeCom's duplicate check is asked for in tests/bot/platforms/wecom",
    "REL10": "the bot; the engine is one batch away from its quiet size, and is restarted as any process is",
    "REL19": "batches that do not fit are halved; a real shortage takes a real card",
}


def test_every_case_has_a_test_or_a_reason() -> None:
    tests = Path(__file__).resolve().parents[1]
    here = Path(__file__).resolve()
    named = {
        case
        for path in tests.rglob("test_*.py")
        if path.resolve() != here
        for case in re.findall(r"REL\d\d", path.read_text(encoding="utf-8"))
    }

    cases = named | NOT_YET.keys()
    assert len(cases) >= FIRST
    assert cases == {f"REL{number:02d}" for number in range(1, len(cases) + 1)}
    assert IN_PART.keys() <= named
    assert not named & NOT_YET.keys(), "it has a test now: strike it off the list"
