from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Channel, EngineError, KnowledgeBase, Surface
from bot.pipeline.announcer import ScheduledMessages
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import NEXT_DOOR, ResponderRig

# A Monday, eight in the morning in UTC and four in the afternoon in Shanghai.
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.fixture
def clock() -> HandClock:
    return HandClock(MONDAY)


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        rig = ResponderRig(store, clock, Bot())
        rig.engine.fingerprint = "f1"
        yield rig


def scheduled_messages_of(
    rig: ResponderRig,
    knowledge_base: Callable[[str], KnowledgeBase] | None = None,
    speaks_first: Callable[[Channel], bool] = lambda _: True,
) -> ScheduledMessages:
    """As after a start: it remembers nothing."""
    return ScheduledMessages(
        places=rig.store.places.all,
        speaks_first=speaks_first,
        settings=rig.store.settings,
        knowledge_base=knowledge_base or rig.engine.knowledge_base,
        default_knowledge_base="default",
        accept=rig.store.inbox.accept,
        clock=rig.store.clock,
        timezone="UTC",
    )


def heard(rig: ResponderRig) -> list[tuple[str, str]]:
    """What waits in the inbox by the clock, taken out."""
    found = []
    while item := rig.store.inbox.claim():
        assert item.message.surface is Surface.CLOCK
        found.append((item.message.channel.id, item.message.text))
        rig.store.inbox.complete(item, rig.responder.reply_to(item))
    return found


def test_nothing_is_due_where_the_bot_can_only_answer(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/gaps digest daily 09:00")
    rig.say("/gaps digest daily 09:00", channel=NEXT_DOOR)
    clock.go_on(HOUR)
    scheduled_messages_of(rig, speaks_first=lambda channel: channel == NEXT_DOOR).look()
    assert heard(rig) == [("C2", "digest")]


def test_a_daily_digest_is_due_once_a_day_at_the_hour_of_its_channel(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/gaps digest daily 09:00")
    rig.say("/gaps digest daily 17:00 Asia/Shanghai", channel=NEXT_DOOR)
    scheduled_messages = scheduled_messages_of(rig)
    assert scheduled_messages.look() == 0
    clock.go_on(HOUR)
    assert scheduled_messages.look() == 2
    assert scheduled_messages.look() == 0
    assert sorted(heard(rig)) == [("C1", "digest"), ("C2", "digest")]
    clock.go_on(24 * HOUR)
    assert scheduled_messages.look() == 2


def test_after_a_crash_and_beside_another_process_a_slot_is_still_said_once(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/gaps digest daily 09:00")
    clock.go_on(HOUR)
    for _ in range(3):
        scheduled_messages_of(rig).look()
    assert heard(rig) == [("C1", "digest")]


def test_a_weekly_digest_is_due_on_mondays(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/gaps digest weekly 09:00")
    scheduled_messages = scheduled_messages_of(rig)
    due = []
    for day in range(15):
        clock.go_on(24 * HOUR if day else HOUR)
        due.append(scheduled_messages.look())
    assert due == [1, *[0] * 6, 1, *[0] * 6, 1]


def test_a_digest_asked_for_after_its_hour_begins_tomorrow(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/gaps digest daily 07:00")
    scheduled_messages = scheduled_messages_of(rig)
    assert scheduled_messages.look() == 0
    clock.go_on(24 * HOUR)
    assert scheduled_messages.look() == 1


@pytest.mark.parametrize(
    ("eve", "first", "second"),
    [
        # Clocks go from 2 to 3: what was due at 2 is told at 3, and the next day at 2 again.
        ("2026-03-28T12:00", "2026-03-29T01:00", "2026-03-30T00:00"),
        # Clocks go from 3 back to 2, so that 2 comes twice: it is told the first time alone.
        ("2026-10-24T12:00", "2026-10-25T00:00", "2026-10-26T01:00"),
    ],
)
def test_a_digest_is_told_once_on_days_when_the_clocks_change(
    rig: ResponderRig, clock: HandClock, eve: str, first: str, second: str
) -> None:
    clock.seconds = datetime.fromisoformat(f"{eve}+00:00").timestamp()
    rig.say("/gaps digest daily 02:00 Europe/Berlin")
    scheduled_messages, told = scheduled_messages_of(rig), []
    for _ in range(48):
        clock.go_on(HOUR)
        if scheduled_messages.look():
            told.append(f"{clock.now():%Y-%m-%dT%H:%M}")
    assert told == [first, second]


def test_what_was_slept_through_is_said_late_on_the_same_day_and_not_at_all_the_next(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/gaps digest daily 09:00")
    clock.go_on(5 * HOUR)
    assert scheduled_messages_of(rig).look() == 1
    clock.go_on(12 * HOUR)
    assert scheduled_messages_of(rig).look() == 0


def test_another_model_is_news_for_channels_that_set_a_threshold(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.ask("anything", channel=NEXT_DOOR)
    scheduled_messages = scheduled_messages_of(rig)
    assert scheduled_messages.look() == 0
    rig.engine.fingerprint = "f2"
    assert scheduled_messages.look() == 1
    assert scheduled_messages.look() == 0
    rig.clock.go_on(60)
    assert heard(rig) == [("C1", "model")]
    assert scheduled_messages_of(rig).look() == 0


def test_a_silent_engine_and_a_stopped_digest_make_no_news(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/threshold 0.5")
    rig.say("/gaps digest daily 09:00")
    rig.say("/gaps digest off")
    clock.go_on(HOUR)

    def away(name: str) -> KnowledgeBase:
        raise EngineError("away", name)

    assert scheduled_messages_of(rig, away).look() == 0
