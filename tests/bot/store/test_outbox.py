from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.domain import Channel, Delivery, Outcome, PlatformError, Text
from bot.store import LeaseLost
from bot.store.outbox import LATE_APART_SECONDS
from tests.bot.store.building import (
    OTHER_ROOM,
    ROOM,
    HandClock,
    Store,
    a_message,
    a_store_at,
    an_answer,
)


def _decide(store: Store, name: str, *bodies: str, channel: Channel = ROOM) -> tuple[Delivery, ...]:
    store.inbox.accept(a_message(name, channel=channel))
    item = store.inbox.claim()
    assert item is not None
    return store.inbox.complete(item, Outcome(replies=tuple(Text(body, "en") for body in bodies)))


def test_the_first_reply_is_ours_to_send_and_the_others_follow_in_order(store: Store) -> None:
    (first,) = _decide(store, "1", "a", "b", "c")
    assert _decide(store, "2", "d") == ()
    assert store.outbox.claim() is None
    heard = []
    delivery: Delivery | None = first
    while delivery is not None:
        heard.append(delivery.reply.body if isinstance(delivery.reply, Text) else "")
        store.outbox.complete(delivery, "r")
        delivery = store.outbox.claim()
    assert heard == ["a", "b", "c", "d"]


def test_only_a_reply_to_a_message_that_was_answered_before_is_a_follow_up(store: Store) -> None:
    """Not one that had to wait while its room was told something else."""
    (first,) = _decide(store, "1", "a", "b")
    _decide(store, "2", "c")
    followed = {"a": first.is_follow_up}
    store.outbox.complete(first, "r")
    while (delivery := store.outbox.claim()) is not None:
        assert isinstance(delivery.reply, Text)
        followed[delivery.reply.body] = delivery.is_follow_up
        store.outbox.complete(delivery, "r")
    assert followed == {"a": False, "b": True, "c": False}


def test_nothing_overtakes_a_reply_that_failed(store: Store, clock: HandClock) -> None:
    """REL32. However long the outage was, and whatever was decided meanwhile."""
    (first,) = _decide(store, "1", "a")
    for number in range(2, 6):
        store.outbox.fail(first, PlatformError("502 from slack"))
        assert _decide(store, str(number), f"b{number}") == ()
        clock.go_on(120)
        again = store.outbox.claim()
        assert again is not None
        assert again.id == first.id
        first = again
    store.outbox.complete(first, "r")
    sent = []
    for _ in range(4):
        clock.go_on(LATE_APART_SECONDS)
        delivery = store.outbox.claim()
        assert delivery is not None
        sent.append(delivery.id)
        store.outbox.complete(delivery, "r")
    assert sent == sorted(sent)


def test_after_an_outage_a_room_hears_no_more_than_its_platform_allows(
    store: Store, clock: HandClock, backend: str
) -> None:
    """REL32. A thousand replies in twenty rooms after an hour: each in order, and at most 20 a minute.

    No second has more than a tenth of all, and none is given up. A server gets a fifth of them: what it
    does differently, it does with few.
    """
    each = 50 if backend == "sqlite" else 10
    rooms = [replace(ROOM, id=f"R{number}") for number in range(20)]
    heads: list[Delivery] = []
    for room in rooms:
        for number in range(each):
            heads += _decide(store, f"{room.id}-{number}", "a", channel=room)
    for head in heads:
        store.outbox.fail(head, PlatformError("502 from slack"))
    clock.go_on(3600)
    sent: list[tuple[float, str]] = []
    numbers: list[tuple[str, int]] = []
    while store.due.look().reply is not None:
        while (delivery := store.outbox.claim()) is not None:
            sent.append((clock.steady(), delivery.channel.key))
            numbers.append((delivery.channel.key, delivery.id))
            store.outbox.complete(delivery, "r")
        clock.go_on(0.5)
    assert len(sent) == len(set(numbers)) == len(rooms) * each
    for room in rooms:
        told = [number for key, number in numbers if key == room.key]
        assert told == sorted(told)
        times = [moment for moment, key in sent if key == room.key]
        assert all(later - earlier >= LATE_APART_SECONDS for earlier, later in pairwise(times))
    busiest = max(Counter(int(moment) for moment, _ in sent).values())
    assert busiest <= len(sent) / 10


def test_other_channels_go_on_meanwhile(store: Store) -> None:
    _decide(store, "1", "a")
    (other,) = _decide(store, "2", "b", channel=OTHER_ROOM)
    assert other.channel == OTHER_ROOM


def test_failures_wait_longer_each_time_and_end_as_a_letter(store: Store, clock: HandClock) -> None:
    (delivery,) = _decide(store, "1", "a")
    waits = []
    while True:
        store.outbox.fail(delivery, PlatformError("502 from slack"))
        due = store.due.look().reply
        if due is None:
            break
        waits.append(due - clock.steady())
        clock.go_on(waits[-1])
        claimed = store.outbox.claim()
        assert claimed is not None
        delivery = claimed
    assert waits == [0, 2, 10, 30, 60, 120, *[300] * 12]
    assert sum(waits) > 3600  # an outage of an hour gives nothing up
    (letter,) = store.letters.newest(10)
    assert (letter.kind, letter.text, letter.reason, letter.attempts) == (
        "delivery",
        "a",
        "502 from slack",
        19,
    )


def test_every_attempt_and_every_part_knows_when_the_reply_was_decided(
    store: Store, clock: HandClock
) -> None:
    decided_at = clock.now()
    (first,) = _decide(store, "1", "a")
    clock.go_on(50)
    store.outbox.fail(first, PlatformError("502 from wecom"))
    second = store.outbox.claim()
    assert second is not None
    store.outbox.complete(second, "r", rest={"piece": "1"})
    part = store.outbox.claim()
    assert part is not None
    assert [one.decided_at for one in (first, second, part)] == [decided_at] * 3


@pytest.mark.parametrize(("jitter", "wait"), [(0.0, 1.6), (1.0, 2.4)])
def test_back_off_is_spread_by_a_fifth(url: str, clock: HandClock, jitter: float, wait: float) -> None:
    with a_store_at(url, clock, jitter=jitter) as store:
        (delivery,) = _decide(store, "1", "a")
        store.outbox.fail(delivery, PlatformError("no"))
        again = store.outbox.claim()
        assert again is not None
        store.outbox.fail(again, PlatformError("no"))
        due = store.due.look().reply
        assert due == pytest.approx(clock.steady() + wait)


def test_a_permanent_failure_is_a_letter_at_once(store: Store) -> None:
    (delivery,) = _decide(store, "1", "a")
    store.outbox.fail(delivery, PlatformError("channel_not_found", permanent=True))
    assert store.outbox.counts() == {"waiting": 0, "sending": 0, "dead": 1}
    assert store.outbox.claim() is None
    assert [letter.reason for letter in store.letters.newest(5)] == ["channel_not_found"]


@pytest.mark.parametrize(
    ("wish", "least"),
    [(30.0, 30), (0.0, 0), (5_000.0, 900), (float("nan"), 30), (-4.0, 30), (float("inf"), 30)],
)
def test_a_platform_that_asks_for_time_pauses_the_channel(
    url: str, clock: HandClock, wish: float, least: float
) -> None:
    with a_store_at(url, clock, jitter=1.0) as store:
        (first,) = _decide(store, "1", "a", "b")
        store.outbox.fail(first, PlatformError("429", retry_after_seconds=wish))
        until = clock.steady() + least * 1.2
        assert store.due.look().reply == pytest.approx(until)
        if least:
            # What comes later waits as well, other channels do not.
            assert _decide(store, "2", "c") == ()
            assert len(_decide(store, "3", "d", channel=OTHER_ROOM)) == 1
            clock.go_on(least)
            assert store.outbox.claim() is None
        clock.go_on(least * 0.2 + 0.001)
        again = store.outbox.claim()
        assert again is not None
        assert again.id == first.id


def test_being_asked_to_wait_does_not_use_up_the_tries(store: Store, clock: HandClock) -> None:
    (delivery,) = _decide(store, "1", "a")
    for _ in range(50):
        store.outbox.fail(delivery, PlatformError("429", retry_after_seconds=1))
        clock.go_on(2)
        again = store.outbox.claim()
        assert again is not None
        delivery = again
    assert store.outbox.counts()["dead"] == 0


def test_uncertain_after_a_lease_that_ran_out(store: Store, clock: HandClock) -> None:
    (slow,) = _decide(store, "1", "a")
    clock.go_on(31)
    assert store.outbox.rescue(all_leases=False) == 1
    again = store.outbox.claim()
    assert again is not None
    assert again.uncertain
    with pytest.raises(LeaseLost):
        store.outbox.complete(slow, "late")
    with pytest.raises(LeaseLost):
        store.outbox.fail(slow, PlatformError("late", retry_after_seconds=60))
    store.outbox.complete(again, "r")
    # The pause of the one who came too late was not stored either.
    assert len(_decide(store, "2", "b")) == 1


def test_uncertain_after_an_answer_that_was_lost(store: Store) -> None:
    (delivery,) = _decide(store, "1", "a")
    store.outbox.fail(delivery, PlatformError("reset", maybe_sent=True))
    again = store.outbox.claim()
    assert again is not None
    assert again.uncertain


def test_certain_after_a_clean_failure_or_a_release(store: Store) -> None:
    (delivery,) = _decide(store, "1", "a")
    store.outbox.release(delivery)
    again = store.outbox.claim()
    assert again is not None
    assert (again.attempt, again.uncertain) == (1, False)
    store.outbox.fail(again, PlatformError("refused"))
    third = store.outbox.claim()
    assert third is not None
    assert (third.attempt, third.uncertain) == (2, False)


def test_a_renewed_delivery_stays_ours(store: Store, clock: HandClock) -> None:
    (delivery,) = _decide(store, "1", "a")
    clock.go_on(20)
    store.outbox.renew(delivery)
    clock.go_on(20)
    assert store.outbox.rescue(all_leases=False) == 0
    store.outbox.complete(delivery, "r")


def test_the_receipt_of_an_answer_is_known_to_its_own_channel(store: Store) -> None:
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    (delivery,) = store.inbox.complete(item, Outcome(replies=(an_answer("a1"),)))
    assert store.history.receipt_of(ROOM, "a1") is None
    store.outbox.complete(delivery, "1700.1")
    assert store.history.receipt_of(ROOM, "a1") == "1700.1"
    assert store.history.receipt_of(OTHER_ROOM, "a1") is None


def test_a_letter_is_replayed_once_however_many_ask(store: Store) -> None:
    (delivery,) = _decide(store, "1", "a")
    store.outbox.fail(delivery, PlatformError("gone", permanent=True))
    assert store.letters.replay("delivery", delivery.id)
    assert not store.letters.replay("delivery", delivery.id)
    again = store.outbox.claim()
    assert again is not None
    assert again.id == delivery.id
    assert store.outbox.claim() is None


def test_all_letters_are_replayed_at_once(store: Store, clock: HandClock) -> None:
    (delivery,) = _decide(store, "1", "a")
    store.outbox.fail(delivery, PlatformError("gone", permanent=True))
    store.inbox.accept(a_message("2"))
    while item := store.inbox.claim():
        store.inbox.fail(item, "KeyError")
        clock.go_on(60)
    assert store.letters.replay_all() == 2
    assert store.inbox.claim() is not None
    assert store.outbox.claim() is not None
    assert store.letters.newest(5) == ()
