"""REL38. A restored backup goes back in time with settings, and not with messages and rights."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain import Change, Outcome, Person
from bot.store import Admins, Logins, schema
from bot.store.backup import backup, restore
from tests.bot.store.building import (
    ANN,
    BOB,
    HELLO,
    OTHER_ROOM,
    ROOM,
    HandClock,
    Store,
    a_message,
    a_store,
    url_of,
)

CARL = Person("slack", "T1", "U3", "Carl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    with a_store(path, clock) as store:
        yield store


def answer(store: Store, *, sends: bool = True) -> None:
    """The next message is answered, and its reply sent."""
    item = store.inbox.claim()
    assert item is not None
    for delivery in store.inbox.complete(item, Outcome((HELLO,))):
        if sends:
            store.outbox.complete(delivery, "ts")
        else:
            store.outbox.hold(delivery, store.clock.steady())


def restored(path: Path, copy: Path, store: Store) -> str:
    store.database.stop()
    return restore(url_of(path), copy)


def work_off(store: Store) -> list[str]:
    """The words of every message that is still to be answered, and of every reply to be sent."""
    store.inbox.rescue(all_leases=True)
    store.outbox.rescue(all_leases=True)
    done = []
    while (item := store.inbox.claim()) is not None:
        done.append(item.message.text)
        for delivery in store.inbox.complete(item, Outcome((HELLO,))):
            store.outbox.complete(delivery, "ts")
    while (left := store.outbox.claim()) is not None:
        done.append(f"reply {left.id}")
        store.outbox.complete(left, "ts")
    return done


def test_what_was_answered_since_is_not_answered_again(path: Path, store: Store, clock: HandClock) -> None:
    """REL38."""
    store.inbox.accept(a_message("1", text="old"))
    backup(url_of(path), copy := path.with_name("copy.db"))
    answer(store)
    told = restored(path, copy, store)
    assert "1 open messages of the backup had been dealt with since" in told
    with a_store(path, clock) as again:
        assert work_off(again) == []
        assert not again.inbox.accept(a_message("1", text="old")).is_new


def test_what_came_since_is_kept_and_answered_once(path: Path, store: Store, clock: HandClock) -> None:
    """An acknowledgement outlives the restore, and a platform that sends again is known."""
    backup(url_of(path), copy := path.with_name("copy.db"))
    store.inbox.accept(a_message("1", text="answered"))
    answer(store)
    store.inbox.accept(a_message("2", text="open"))
    store.inbox.accept(a_message("3", text="elsewhere", channel=OTHER_ROOM))
    told = restored(path, copy, store)
    assert "3 messages that came after the backup, 2 still to be answered" in told
    with a_store(path, clock) as again:
        for name in "123":
            assert not again.inbox.accept(a_message(name)).is_new
        assert sorted(work_off(again)) == ["elsewhere", "open"]


def test_a_reply_that_was_not_sent_yet_is_sent_once(path: Path, store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message("1"))
    answer(store, sends=False)
    backup(url_of(path), copy := path.with_name("copy.db"))
    store.inbox.accept(a_message("2", channel=OTHER_ROOM))
    answer(store, sends=False)
    restored(path, copy, store)
    with a_store(path, clock) as again:
        assert len(work_off(again)) == 2
        assert work_off(again) == []


def test_a_reply_that_was_sent_since_is_not_sent_again(path: Path, store: Store, clock: HandClock) -> None:
    store.inbox.accept(a_message("1"))
    answer(store, sends=False)
    backup(url_of(path), copy := path.with_name("copy.db"))
    delivery = store.outbox.claim()
    assert delivery is not None
    store.outbox.complete(delivery, "ts")
    restored(path, copy, store)
    with a_store(path, clock) as again:
        assert work_off(again) == []


def test_a_database_that_was_begun_anew_keeps_its_messages_beside_those_of_the_backup(
    path: Path, store: Store, clock: HandClock
) -> None:
    """The same numbers stand for other messages in both."""
    store.inbox.accept(a_message("1", text="before the loss"))
    answer(store)
    store.inbox.accept(a_message("2", text="open in the backup"))
    backup(url_of(path), copy := path.with_name("copy.db"))
    store.database.stop()
    for lost in path.parent.glob("bot.db*"):
        lost.unlink()
    schema.migrate(url_of(path))
    clock.go_on(60)
    with a_store(path, clock) as fresh:
        fresh.inbox.accept(a_message("3", text="after the loss"))
        fresh.inbox.accept(a_message("4", text="answered after it"))
        fresh.inbox.accept(a_message("2", text="open in the backup"))
        answer(fresh)
    told = restore(url_of(path), copy)
    assert "2 messages that came after the backup, 1 still to be answered" in told
    with a_store(path, clock) as again:
        assert work_off(again) == ["open in the backup", "answered after it"]
        assert [again.inbox.accept(a_message(name)).is_new for name in "12345"] == [False] * 4 + [True]


def test_settings_are_those_of_the_backup(path: Path, store: Store, clock: HandClock) -> None:
    def turn(to: str) -> None:
        store.inbox.accept(a_message(to))
        item = store.inbox.claim()
        assert item is not None
        store.inbox.complete(item, Outcome(changes=(Change("threshold", None, to),)))

    turn("0.65")
    backup(url_of(path), copy := path.with_name("copy.db"))
    turn("0.9")
    restored(path, copy, store)
    with a_store(path, clock) as again:
        assert again.settings.of(ROOM).threshold == Decimal("0.65")


def test_rights_that_were_taken_away_since_stay_away(path: Path, store: Store, clock: HandClock) -> None:
    """REL38."""
    admins, logins = Admins(store.database, clock), Logins(store.database, clock)
    for person in (ANN, BOB):
        admins.claim(admins.new_code(), person)
    spare, link = admins.new_code(), logins.new_link(ANN)
    backup(url_of(path), copy := path.with_name("copy.db"))
    admins.remove(ANN.key)
    admins.claim(spare, CARL)
    told = restored(path, copy, store)
    assert f"No admins any more, as before: {ANN.key}." in told
    assert f"Admins since the backup, who need a new code: {CARL.key}." in told
    with a_store(path, clock) as again:
        admins, logins = Admins(again.database, clock), Logins(again.database, clock)
        assert [admins.includes(person) for person in (ANN, BOB, CARL)] == [False, True, False]
        assert not admins.claim(spare, ANN)
        assert logins.person_of_link(link.rpartition("/")[2]) is None


@pytest.mark.parametrize("damage", [None, b"", b"nothing that SQLite knows" * 400])
def test_where_nothing_is_known_nothing_is_sent_and_nobody_let_in(
    path: Path, store: Store, clock: HandClock, damage: bytes | None
) -> None:
    """What was open may have been answered since: a person decides, and nothing is lost."""
    admins = Admins(store.database, clock)
    admins.claim(admins.new_code(), ANN)
    store.inbox.accept(a_message("1", text="reply waits"))
    answer(store, sends=False)
    store.inbox.accept(a_message("2", text="open", channel=OTHER_ROOM))
    backup(url_of(path), copy := path.with_name("copy.db"))
    store.database.stop()
    for lost in path.parent.glob("bot.db*"):
        lost.unlink()
    if damage is not None:
        path.write_bytes(damage)
    told = restore(url_of(path), copy)
    assert "What happened since the backup is not known" in told
    assert "Its 2 open messages and replies may have been answered since: they are dead letters" in told
    assert f"so they are gone: {ANN.key}." in told
    with a_store(path, clock) as again:
        assert not Admins(again.database, clock).includes(ANN)
        assert work_off(again) == []
        assert again.letters.replay_all() == 2
        assert len(work_off(again)) == 2


def test_a_number_that_was_given_since_is_not_given_again(path: Path, store: Store, clock: HandClock) -> None:
    backup(url_of(path), copy := path.with_name("copy.db"))
    numbers = [store.inbox.accept(a_message(str(name))).item_id for name in range(3)]
    restored(path, copy, store)
    with a_store(path, clock) as again:
        assert again.inbox.accept(a_message("next")).item_id > max(numbers)


def test_what_is_restored_is_its_owners_alone(path: Path, store: Store) -> None:
    backup(url_of(path), copy := path.with_name("copy.db"))
    restored(path, copy, store)
    assert {one.stat().st_mode & 0o777 for one in (copy, path)} == {0o600}
