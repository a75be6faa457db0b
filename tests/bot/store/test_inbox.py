from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from bot.domain import (
    AnsweredQuestion,
    Awaited,
    Change,
    Channel,
    Delivery,
    InboxItem,
    MessageKey,
    NewEntry,
    Outcome,
    Text,
)
from bot.store import Accepted, LeaseLost
from tests.bot.store.building import (
    ANN,
    HELLO,
    OTHER_ROOM,
    ROOM,
    HandClock,
    Store,
    a_message,
    a_store_at,
    an_answer,
)

NOTICE = Text("I will answer as soon as search is back.", "en")


def _names(*names: str) -> tuple[MessageKey, ...]:
    return tuple(MessageKey(*name.split("=")) for name in names)


def test_a_repeat_gives_the_first_ones_id(store: Store) -> None:
    first = store.inbox.accept(a_message())
    assert first == Accepted(1, is_new=True)
    assert store.inbox.accept(a_message()) == Accepted(1, is_new=False)


def test_a_message_is_a_repeat_under_any_of_its_keys(store: Store) -> None:
    store.inbox.accept(a_message(keys=_names("event=1", "ts=1")))
    assert store.inbox.accept(a_message(keys=_names("event=2", "ts=1"))) == Accepted(1, is_new=False)
    # Also under one that came with a repeat only.
    assert store.inbox.accept(a_message(keys=_names("event=2"))) == Accepted(1, is_new=False)


@pytest.mark.parametrize("channel", [Channel("mattermost", "T1", "C1"), Channel("slack", "T2", "C1")])
def test_keys_of_another_platform_or_tenant_are_other_keys(store: Store, channel: Channel) -> None:
    store.inbox.accept(a_message())
    assert store.inbox.accept(a_message(channel=channel)).is_new


def test_twenty_repeats_at_once_are_one_message(store: Store) -> None:
    accepted: list[Accepted] = []
    threads = [
        threading.Thread(target=lambda: accepted.append(store.inbox.accept(a_message()))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.item_id for one in accepted} == {1}
    assert sum(one.is_new for one in accepted) == 1


def test_a_message_without_a_key_is_a_mistake(store: Store) -> None:
    message = a_message()
    with pytest.raises(ValueError, match="without a key"):
        store.inbox.accept(type(message)(ROOM, ANN, (), message.surface))


def test_what_comes_out_is_what_went_in(store: Store) -> None:
    store.inbox.accept(a_message(text="哪种水果维C含量高？"))
    item = store.inbox.claim()
    assert item is not None
    assert (item.message, item.attempt) == (a_message(text="哪种水果维C含量高？"), 1)


def test_one_channel_is_worked_in_order_and_one_at_a_time(store: Store) -> None:
    for name in "123":
        store.inbox.accept(a_message(name))
    store.inbox.accept(a_message("4", channel=OTHER_ROOM))
    order = []
    while item := store.inbox.claim():
        order.append(item.id)
        other = store.inbox.claim()
        if other is not None:
            order.append(other.id)
            store.inbox.complete(other, Outcome())
        store.inbox.complete(item, Outcome())
    assert order == [1, 4, 2, 3]


def test_everything_decided_is_stored_at_once(store: Store) -> None:
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    answer = an_answer()
    change = Change("threshold", None, "0.65")
    (delivery,) = store.inbox.complete(
        item, Outcome(replies=(answer,), changes=(change,), asked=AnsweredQuestion(answer, (("e1", 0.3),)))
    )
    assert (delivery.reply, delivery.channel, delivery.address) == (answer, ROOM, {"thread": "1"})
    assert delivery.person == ANN
    assert store.history.recent(ROOM, 5) == (AnsweredQuestion(answer, (("e1", 0.3),)),)
    assert str(store.settings.of(ROOM).threshold) == "0.65"
    assert store.inbox.counts()["claimed"] == 0


def test_a_worker_that_was_too_slow_stores_nothing(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message())
    slow = store.inbox.claim()
    clock.go_on(31)
    assert store.inbox.rescue(all_leases=False) == 1
    fast = store.inbox.claim()
    assert slow is not None
    assert fast is not None
    outcome = Outcome(replies=(HELLO,), changes=(Change("limit", None, "3"),))
    with pytest.raises(LeaseLost):
        store.inbox.complete(slow, outcome)
    for write in (store.inbox.postpone, store.inbox.throttle):
        with pytest.raises(LeaseLost):
            write(slow, NOTICE)
    with pytest.raises(LeaseLost):
        store.inbox.fail(slow, "late")
    with pytest.raises(LeaseLost):
        store.inbox.release(slow)
    assert store.outbox.counts() == {"waiting": 0, "sending": 0, "dead": 0}
    assert store.settings.of(ROOM).limit is None
    assert len(store.inbox.complete(fast, outcome)) == 1


def test_a_renewed_lease_lives_on(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    clock.go_on(20)
    store.inbox.renew(item)
    clock.go_on(20)
    assert store.inbox.rescue(all_leases=False) == 0


def test_a_parked_item_tells_once_and_holds_up_nobody(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2"))
    first = store.inbox.claim()
    assert first is not None
    (delivery,) = store.inbox.postpone(first, NOTICE)
    store.outbox.complete(delivery, "r1")
    second = store.inbox.claim()
    assert second is not None
    assert second.id == 2
    store.inbox.complete(second, Outcome())
    assert store.inbox.claim() is None
    assert store.due.look().message == clock.steady() + 2
    clock.go_on(2)
    again = store.inbox.claim()
    assert again is not None
    assert (again.id, again.told_waiting) == (1, True)


def test_an_answered_item_that_awaits_a_refresh_is_handed_out_again_with_it(
    store: Store, clock: HandClock
) -> None:
    store.inbox.accept(a_message("/refresh"))
    first = store.inbox.claim()
    assert first is not None
    awaited = Awaited("default", "r1", clock.now(), (NewEntry("m1", "pear"),))
    (delivery,) = store.inbox.complete(first, Outcome((NOTICE,), awaits=awaited))
    store.outbox.complete(delivery, "")
    assert (store.inbox.is_over(first.id), store.inbox.oldest_received_at()) == (False, None)
    assert store.inbox.counts()["awaiting"] == 1
    assert store.inbox.claim() is None
    for pause in (1, 1, 2, 5, 10, 30, 30):  # ever longer, and never given up
        clock.go_on(pause)
        again = store.inbox.claim()
        assert again is not None
        assert (again.id, again.attempt, again.message.awaits) == (first.id, 1, awaited)
        assert store.inbox.complete(again, Outcome(awaits=awaited)) == ()
    clock.go_on(30)
    last = store.inbox.claim()
    assert last is not None
    (result,) = store.inbox.complete(last, Outcome((NOTICE,)))
    assert result.is_follow_up
    store.outbox.complete(result, "")
    assert store.inbox.is_over(first.id)


def test_a_parked_item_that_is_due_waits_for_its_channel(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2"))
    first = store.inbox.claim()
    assert first is not None
    store.inbox.postpone(first, None)
    second = store.inbox.claim()
    assert second is not None
    clock.go_on(10)
    assert store.inbox.claim() is None
    assert store.due.look().message is None
    store.inbox.complete(second, Outcome())
    again = store.inbox.claim()
    assert again is not None
    assert again.id == 1


def test_when_the_engine_is_back_what_is_parked_comes_oldest_first(store: Store) -> None:
    for name in "123":
        store.inbox.accept(a_message(name))
        item = store.inbox.claim()
        assert item is not None
        store.inbox.postpone(item, None)
    assert store.inbox.claim() is None
    store.inbox.engine_is_back()
    order = []
    while item := store.inbox.claim():
        order.append(item.id)
        store.inbox.complete(item, Outcome())
    assert order == [1, 2, 3]


def test_a_mistake_is_tried_again_and_then_told_once(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message())
    told: list[Delivery] = []
    while item := store.inbox.claim():
        told += store.inbox.fail(item, "KeyError: x", NOTICE)
        clock.go_on(60)
    assert [delivery.reply for delivery in told] == [NOTICE]
    (letter,) = store.letters.newest(10)
    assert (letter.kind, letter.text, letter.reason, letter.attempts) == (
        "message",
        "hello",
        "KeyError: x",
        4,
    )


def test_an_item_that_ends_the_process_each_time_is_given_up(store: Store) -> None:
    store.inbox.accept(a_message())
    claims = 0
    while store.inbox.claim() is not None:
        claims += 1
        store.inbox.rescue(all_leases=True)
    assert claims == 20
    assert store.inbox.counts()["dead"] == 1


def test_a_throttled_message_is_kept_and_not_answered(store: Store) -> None:
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    assert [delivery.reply for delivery in store.inbox.throttle(item, NOTICE)] == [NOTICE]
    assert store.inbox.claim() is None


def test_a_released_item_comes_first_and_costs_no_attempt(store: Store) -> None:
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2"))
    item = store.inbox.claim()
    assert item is not None
    store.inbox.release(item)
    again = store.inbox.claim()
    assert again is not None
    assert (again.id, again.attempt) == (1, 1)


def test_a_start_takes_back_times_set_by_a_clock_that_was_ahead(url: str) -> None:
    with a_store_at(url, HandClock(2_000_000_000)) as before:
        for name in "12":
            before.inbox.accept(a_message(name))
        item = before.inbox.claim()
        assert item is not None
        before.inbox.postpone(item, None)
        before.inbox.claim()
    with a_store_at(url, HandClock(1_700_000_000)) as after:
        after.inbox.rescue(all_leases=True)
        first = after.inbox.claim()
        assert first is not None
        assert first.id == 1


def test_an_item_that_cannot_be_read_is_a_letter_and_not_an_end(store: Store) -> None:
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2"))
    store.database.write(
        lambda connection: connection.execute(text("UPDATE inbox SET message = '{}' WHERE id = 1"))
    )
    item = store.inbox.claim()
    assert item is not None
    assert item.id == 2
    (letter,) = store.letters.newest(10)
    assert "cannot be read" in letter.reason


def test_workers_are_woken_when_there_is_work_for_them_and_not_else(store: Store) -> None:
    store.inbox.accept(a_message("1"))
    assert store.rings == 1
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2"))
    assert store.rings == 1, "one of a channel at a time"
    item = store.inbox.claim()
    assert item is not None
    store.inbox.complete(item, Outcome())
    assert store.rings == 2
    last = store.inbox.claim()
    assert last is not None
    (delivery,) = store.inbox.complete(last, Outcome((HELLO, NOTICE)))
    assert store.rings == 2, "whoever sends the first looks for the next"
    store.outbox.complete(delivery, "r")
    assert store.rings == 3
    second = store.outbox.claim()
    assert second is not None
    store.outbox.complete(second, "r")
    assert store.rings == 3


def test_a_message_with_nothing_before_it_is_claimed_in_the_commit_that_accepts_it(store: Store) -> None:
    handed: list[InboxItem] = []
    accepted = store.inbox.accept(a_message("1"), handed.append)

    (item,) = handed
    assert item == InboxItem(accepted.item_id, a_message("1"), lease=1, attempt=1)
    assert store.rings == 0
    assert store.inbox.claim() is None
    assert store.inbox.counts()["claimed"] == 1
    store.inbox.complete(item, Outcome())
    assert store.inbox.counts()["claimed"] == 0


def test_a_message_waits_behind_what_is_before_it_in_its_channel(store: Store, clock: HandClock) -> None:
    handed: list[InboxItem] = []
    store.inbox.accept(a_message("1"), handed.append)
    store.inbox.accept(a_message("2"), handed.append)
    store.inbox.accept(a_message("3"), handed.append)
    store.inbox.accept(a_message("4", channel=OTHER_ROOM), handed.append)
    store.inbox.accept(a_message("1"), handed.append)
    assert [item.id for item in handed] == [1, 4], "one of a channel, and no repeat"

    store.inbox.postpone(handed[0], None)
    clock.go_on(60)
    second = store.inbox.claim()
    assert second is not None
    assert second.id == 1, "due again, and before the later ones"
    store.inbox.complete(second, Outcome())
    for expected in (2, 3):
        next_ = store.inbox.claim()
        assert next_ is not None
        assert next_.id == expected
        store.inbox.complete(next_, Outcome())


def test_a_message_does_not_overtake_an_earlier_one_that_is_due_again(store: Store, clock: HandClock) -> None:
    handed: list[InboxItem] = []
    store.inbox.accept(a_message("1"), handed.append)
    store.inbox.postpone(handed[0], None)
    store.inbox.accept(a_message("2"), handed.append)
    assert [item.id for item in handed] == [1, 2], "what is not due holds up nobody"
    store.inbox.complete(handed[1], Outcome())
    clock.go_on(60)
    store.inbox.accept(a_message("3"), handed.append)
    assert [item.id for item in handed] == [1, 2]
    first = store.inbox.claim()
    assert first is not None
    assert first.id == 1


class Carrying:
    """A request that waits, and carries what it is said to."""

    def __init__(self, *, carries: bool = True, rest: Mapping[str, str] | None = None) -> None:
        self._carries = carries
        self._rest = rest
        self.delivered: list[Delivery] = []

    def carries(self, delivery: Delivery) -> bool:
        return self._carries

    def rest_of(self, delivery: Delivery) -> Mapping[str, str] | None:
        return self._rest

    def deliver(self, delivery: Delivery) -> None:
        self.delivered.append(delivery)


def claimed(store: Store, name: str = "1") -> InboxItem:
    store.inbox.accept(a_message(name))
    item = store.inbox.claim()
    assert item is not None
    return item


def test_what_the_response_carries_is_delivered_in_the_commit_that_decides_it(store: Store) -> None:
    response = Carrying()
    assert store.inbox.complete(claimed(store), Outcome((HELLO, NOTICE)), response) == ()

    (delivery,) = response.delivered
    assert (delivery.id, delivery.reply, delivery.person) == (1, HELLO, ANN)
    second = store.outbox.claim()
    assert second is not None
    assert (second.reply, second.is_follow_up) == (NOTICE, True)
    assert store.outbox.claim() is None


def test_the_part_that_a_response_does_not_carry_is_sent(store: Store) -> None:
    response = Carrying(rest={"piece": "1"})
    store.inbox.complete(claimed(store), Outcome((HELLO,)), response)
    assert len(response.delivered) == 1
    part = store.outbox.claim()
    assert part is not None
    assert (part.reply, part.address) == (HELLO, {"thread": "1", "piece": "1"})


def test_what_the_response_does_not_carry_is_claimed_by_the_worker(store: Store) -> None:
    response = Carrying(carries=False)
    (delivery,) = store.inbox.complete(claimed(store), Outcome((HELLO,)), response)
    assert (delivery.lease, response.delivered) == (1, [])


def test_a_response_overtakes_nothing_of_its_channel(store: Store) -> None:
    (earlier,) = store.inbox.complete(claimed(store, "1"), Outcome((HELLO,)))
    response = Carrying()
    assert store.inbox.complete(claimed(store, "2"), Outcome((NOTICE,)), response) == ()
    assert response.delivered == []
    store.outbox.complete(earlier, "r")
    later = store.outbox.claim()
    assert later is not None
    assert later.reply == NOTICE


def test_a_reply_whose_response_went_without_it_is_sent(store: Store) -> None:
    """The store was silent for too long, and has it all the same."""
    item = claimed(store)
    store.inbox.complete(item, Outcome((HELLO,)), Carrying())
    assert store.outbox.claim() is None
    store.outbox.take_back(item.id)
    delivery = store.outbox.claim()
    assert delivery is not None
    assert (delivery.reply, delivery.uncertain) == (HELLO, False)
    store.outbox.complete(delivery, "r")
    store.outbox.take_back(item.id)
    assert store.outbox.claim() is None


def test_a_reply_of_which_a_part_is_sent_is_not_taken_back(store: Store) -> None:
    item = claimed(store)
    store.inbox.complete(item, Outcome((HELLO,)), Carrying(rest={"piece": "1"}))
    store.outbox.take_back(item.id)
    part = store.outbox.claim()
    assert part is not None
    assert part.address["piece"] == "1"
    store.outbox.complete(part, "r")
    assert store.outbox.claim() is None


def test_a_nul_is_no_reason_to_refuse_what_cannot_be_sent_otherwise(store: Store) -> None:
    message = a_message("a\0b", text="x\0y")
    assert store.inbox.accept(message).is_new
    assert not store.inbox.accept(message).is_new
    store.quarantine.put_aside("slack", "T1", "odd", "{\0}")
    item = store.inbox.claim()
    assert item is not None
    answer = an_answer(question="x\0y")
    assert store.inbox.complete(item, Outcome((Text("a\0b", "en"),), asked=AnsweredQuestion(answer)))
    assert store.history.answer(ROOM, answer.id) == answer
