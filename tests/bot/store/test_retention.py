from __future__ import annotations

from bot.domain import AnsweredQuestion, Change, Outcome
from tests.bot.store.building import HELLO, OTHER_ROOM, ROOM, HandClock, Store, a_message, an_answer

DAY = 86_400.0


def _decide(store: Store, name: str, outcome: Outcome) -> None:
    store.inbox.accept(a_message(name))
    item = store.inbox.claim()
    assert item is not None
    for delivery in store.inbox.complete(item, outcome):
        store.outbox.complete(delivery, "r")


def test_what_is_old_is_forgotten_and_settings_stay(store: Store, clock: HandClock) -> None:
    change = Change("limit", None, "3")
    _decide(store, "1", Outcome((HELLO,), (change,), AnsweredQuestion(an_answer("old"))))
    store.quarantine.put_aside("slack", "T1", "odd", "{}")
    clock.go_on(31 * DAY)
    _decide(store, "2", Outcome((HELLO,), (), AnsweredQuestion(an_answer("new"))))
    assert store.retention.sweep(30) == 5  # message, key, reply, question, quarantine
    assert [asked.answer.id for asked in store.history.recent(ROOM, 5)] == ["new"]
    assert store.settings.of(ROOM).limit == 3
    assert len(store.settings.history(ROOM, "limit", 5)) == 1
    assert store.retention.sweep(30) == 0


def test_what_is_still_to_be_done_is_never_forgotten(store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message("1"))
    store.inbox.accept(a_message("2", channel=OTHER_ROOM))
    item = store.inbox.claim()
    assert item is not None
    store.inbox.complete(item, Outcome((HELLO,)))
    clock.go_on(365 * DAY)
    store.retention.sweep(1)
    assert store.inbox.counts()["received"] == 1
    assert store.outbox.counts()["sending"] == 1


def test_keys_are_kept_three_days_whatever_is_configured(store: Store, clock: HandClock) -> None:
    _decide(store, "1", Outcome())
    clock.go_on(3 * DAY - 1)
    store.retention.sweep(1)
    again = store.inbox.accept(a_message("1"))
    assert (again.item_id, again.is_new) == (1, False)
    clock.go_on(2)
    store.retention.sweep(1)
    assert store.inbox.accept(a_message("1")).is_new


def test_ids_are_not_used_again_after_everything_was_forgotten(store: Store, clock: HandClock) -> None:
    _decide(store, "1", Outcome())
    clock.go_on(31 * DAY)
    store.retention.sweep(30)
    assert store.inbox.accept(a_message("2")).item_id == 2


def test_many_rows_go_in_small_pieces(store: Store, clock: HandClock) -> None:
    for number in range(450):
        store.quarantine.put_aside("slack", "T1", "odd", str(number))
    clock.go_on(31 * DAY)
    assert store.retention.sweep(30) == 450
