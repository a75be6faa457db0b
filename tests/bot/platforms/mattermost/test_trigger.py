from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.mattermost.trigger import FRESH_SECONDS, Untrusted, check_trigger
from tests.bot.platforms.mattermost.answers import LIN, NOW, a_trigger

AT = NOW.timestamp()


def verdict(trigger: str, user: str = LIN, now: float = AT) -> str:
    try:
        check_trigger(trigger, user, now)
    except Untrusted as no:
        return str(no)
    return "good"


@pytest.mark.parametrize(
    ("late", "said"),
    [(0, "good"), (FRESH_SECONDS, "good"), (-FRESH_SECONDS, "good"), (360, "stale"), (-360, "stale")],
)
def test_it_is_good_for_five_minutes(late: float, said: str) -> None:
    assert verdict(a_trigger(at=AT), now=AT + late) == said


def test_it_is_good_for_who_it_names() -> None:
    assert verdict(a_trigger(), user="wang".ljust(26, "0")) == "forged"


@pytest.mark.parametrize(
    "trigger",
    ["", "no base64!", "A" * 2000, base64.b64encode(b"a:b:c").decode(), base64.b64encode(b"x" * 40).decode()],
)
def test_what_has_another_form_is_not_read(trigger: str) -> None:
    assert verdict(trigger) == "malformed"


@given(st.text(max_size=60), st.text(max_size=30))
@settings(max_examples=60)
def test_whatever_it_is_there_is_a_verdict(trigger: str, user: str) -> None:
    assert verdict(trigger, user) in {"malformed", "forged", "stale"}
