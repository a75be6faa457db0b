from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from bot.store import schema
from bot.store.installations import (
    MOST_STATES,
    RENEWAL_SECONDS,
    STATE_SECONDS,
    Installation,
    Installations,
)
from bot.store.sealing import KEY_FILE, SealBroken, Sealer, key_in
from bot.store.tables import installation
from tests.bot.store.building import HandClock, Store, a_store_at, url_of

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ACME = Installation("slack", "A1", "", "T1", "xoxb-acme-7f3a9", bot_user_id="U0ACME", team_name="Acme")
WHOLE = Installation(
    "slack", "A1", "E1", "", "xoxb-whole-7f3a9", bot_user_id="U0WHOLE", enterprise_name="Org"
)


def kept(store: Store, *keys: str) -> Installations:
    return Installations(store.database, store.clock, "slack", lambda: Sealer(keys or (OLD,)))


def test_what_is_installed_is_found_at_its_place_alone(store: Store) -> None:
    places = kept(store)
    places.install(ACME)
    found = places.find("", "T1")
    assert found is not None
    assert replace(found, installed_at=None) == ACME
    assert (places.find("", "T2"), places.find("E1", "T1"), places.find("E1", "")) == (None, None, None)


def test_a_second_install_takes_the_place_of_the_first(store: Store) -> None:
    places = kept(store)
    places.install(ACME)
    places.install(replace(ACME, token="xoxb-again-7f3a9"))
    assert [one.token for one in places.all()] == ["xoxb-again-7f3a9"]


def test_the_organisation_comes_before_its_workspaces(store: Store) -> None:
    places = kept(store)
    places.install(replace(ACME, enterprise_id="E1"))
    places.install(WHOLE)
    assert [one.token for one in places.of_tenant("E1")] == [WHOLE.token, ACME.token]
    assert places.of_tenant("T1") == ()


def test_the_end_forgets_the_token_and_keeps_the_row(store: Store) -> None:
    places = kept(store)
    places.install(ACME)
    assert places.end(ACME, "app_uninstalled")
    assert not places.end(ACME, "tokens_revoked")
    (row,) = store.database.read(lambda connection: connection.execute(select(installation)).all())
    assert (row.token, row.ended_why, places.find("", "T1")) == (None, "app_uninstalled", None)


def test_a_late_end_does_not_touch_what_was_installed_since(store: Store, clock: HandClock) -> None:
    places = kept(store)
    places.install(ACME)
    removed_at = clock.now() + timedelta(seconds=1)
    clock.go_on(5)
    places.install(ACME)
    assert not places.end(ACME, "app_uninstalled", at=removed_at)
    assert places.find("", "T1") is not None


def test_nothing_of_a_token_is_in_the_database(store: Store, url: str) -> None:
    kept(store).install(ACME)
    (row,) = store.database.read(lambda connection: connection.execute(select(installation)).all())
    assert b"xoxb" not in row.token
    assert "xoxb" not in repr(kept(store).all())
    assert "xoxb" not in url


def test_a_token_that_is_copied_into_another_row_is_refused(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    places = kept(store)
    places.install(ACME)
    places.install(replace(ACME, team_id="T2", token="xoxb-other-7f3a9"))
    stolen = select(installation.c.token).where(installation.c.team_id == "T2")
    sealed = store.database.read(lambda connection: connection.scalar(stolen))
    change = update(installation).where(installation.c.team_id == "T1").values(token=sealed)
    store.database.write(lambda connection: connection.execute(change))
    assert [one.token for one in places.all()] == ["", "xoxb-other-7f3a9"]
    assert "installation_unreadable" in caplog.text


def test_without_the_key_no_token_is_read(store: Store) -> None:
    kept(store, OLD).install(ACME)
    assert [one.token for one in kept(store, NEW).all()] == [""]
    assert kept(store, NEW).of_tenant("T1") == ()


def test_a_new_key_in_front_seals_what_the_old_one_sealed(store: Store) -> None:
    kept(store, OLD).install(ACME)
    assert kept(store, NEW, OLD).reseal() == 1
    assert kept(store, NEW, OLD).reseal() == 0
    assert [one.token for one in kept(store, NEW).all()] == [ACME.token]


def test_what_cannot_be_read_is_not_sealed_anew(store: Store) -> None:
    kept(store, OLD).install(ACME)
    assert kept(store, NEW).reseal() == 0
    assert [one.token for one in kept(store, OLD).all()] == [ACME.token]


# tokens that have an end


def a_rotating(clock: HandClock) -> Installation:
    return replace(ACME, refresh_token="xoxe-1-7f3a9", expires_at=clock.now() + timedelta(hours=12))


def installed(places: Installations, one: Installation) -> Installation:
    places.install(one)
    found = places.find(one.enterprise_id, one.team_id)
    assert found is not None
    return found


def test_the_next_pair_takes_the_place_of_the_one_that_was_read(store: Store, clock: HandClock) -> None:
    places = kept(store)
    one = installed(places, a_rotating(clock))
    later = clock.now() + timedelta(hours=24)
    assert places.claim_renewal(one)
    assert places.renew(one, "xoxb-next-7f3a9", "xoxe-2-7f3a9", later)
    (now,) = places.all()
    assert (now.token, now.refresh_token, now.expires_at) == ("xoxb-next-7f3a9", "xoxe-2-7f3a9", later)
    assert not places.claim_renewal(one), "what was read before is another token's"
    assert not places.renew(one, "xoxb-late-7f3a9", "xoxe-3-7f3a9", later)
    assert places.claim_renewal(now)


def test_of_eight_at_once_one_renews(store: Store, clock: HandClock) -> None:
    places = kept(store)
    one = installed(places, a_rotating(clock))
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: places.claim_renewal(one), range(8)))
    assert claims.count(True) == 1


def test_who_claimed_a_renewal_and_is_gone_leaves_it_to_others(store: Store, clock: HandClock) -> None:
    places = kept(store)
    one = installed(places, a_rotating(clock))
    assert places.claim_renewal(one)
    clock.go_on(RENEWAL_SECONDS - 1)
    assert not places.claim_renewal(one)
    clock.go_on(1)
    assert places.claim_renewal(one)


def test_what_has_ended_is_not_renewed_and_keeps_neither_token(store: Store, clock: HandClock) -> None:
    places = kept(store)
    one = installed(places, a_rotating(clock))
    places.end(one, "app_uninstalled")
    assert not places.claim_renewal(one)
    assert not places.renew(one, "xoxb-late-7f3a9", "xoxe-3-7f3a9", clock.now())
    (row,) = store.database.read(lambda connection: connection.execute(select(installation)).all())
    assert (row.token, row.refresh_token) == (None, None)


def test_a_refresh_token_is_sealed_for_itself_and_with_the_newest_key(store: Store, clock: HandClock) -> None:
    places = kept(store, OLD)
    places.install(a_rotating(clock))
    (row,) = store.database.read(lambda connection: connection.execute(select(installation)).all())
    assert b"xoxe" not in row.refresh_token
    with pytest.raises(SealBroken):
        Sealer([OLD]).open(ACME.owner, row.refresh_token)
    assert kept(store, NEW, OLD).reseal() == 1
    assert [one.refresh_token for one in kept(store, NEW).all()] == ["xoxe-1-7f3a9"]
    assert "xoxe" not in repr(kept(store, NEW).all())


# states


def test_a_state_is_good_once_and_for_its_browser(store: Store) -> None:
    places = kept(store)
    state = places.new_state("browser")
    assert state is not None
    assert not places.redeem(state, "another browser")
    assert not places.redeem("another state", "browser")
    assert [places.redeem(state, "browser") for _ in range(2)] == [True, False]


def test_a_state_expires(store: Store, clock: HandClock) -> None:
    places = kept(store)
    state = places.new_state("browser") or ""
    clock.go_on(STATE_SECONDS)
    assert not places.redeem(state, "browser")


def test_of_eight_at_once_exactly_one_uses_a_state_up(store: Store) -> None:
    """The package beside the platform's SDK let 98 of 100 states be used more than once."""
    places = kept(store)
    for _ in range(12):
        state, together = places.new_state("browser") or "", Barrier(8)

        def redeem(state: str = state, together: Barrier = together) -> bool:
            together.wait(10)
            return places.redeem(state, "browser")

        with ThreadPoolExecutor(8) as pool:
            won = [running.result() for running in [pool.submit(redeem) for _ in range(8)]]
        assert won.count(True) == 1


def test_of_two_processes_one_uses_a_state_up(store: Store, url: str) -> None:
    state = kept(store).new_state("browser") or ""
    if url.startswith("sqlite"):
        assert kept(store).redeem(state, "browser")
        assert not kept(store).redeem(state, "browser")
        return
    with a_store_at(url, store.clock) as other:
        assert kept(other).redeem(state, "browser")
        assert not kept(store).redeem(state, "browser")


def test_eight_installs_at_once_leave_one_row(store: Store) -> None:
    places = kept(store)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: places.install(replace(ACME, token=f"xoxb-{n}-7f3a9")), range(8)))
    assert len(places.all()) == 1


def test_states_nobody_comes_back_with_are_bounded_and_forgotten(store: Store, clock: HandClock) -> None:
    places = kept(store)
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: places.new_state("browser"), range(MOST_STATES + 20)))
    assert made.count(None) >= 1
    clock.go_on(STATE_SECONDS)
    assert places.new_state("browser")


def test_the_key_of_a_folder_is_made_once_and_its_owners_alone(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    assert key_in(tmp_path) == key
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_copied_database_without_its_key_tells_no_token(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "bot.db"
    schema.migrate(url_of(path))
    with a_store_at(url_of(path), clock) as store:
        kept(store).install(ACME)
        with closing(sqlite3.connect(path)) as connection:
            dump = "\n".join(connection.iterdump())
    assert "xoxb" not in dump
    assert b"xoxb" not in path.read_bytes()


def test_a_damaged_seal_is_refused() -> None:
    sealed = Sealer([OLD]).seal("a", "b")
    for damaged in (sealed[:-4], b"", sealed[5:], b"\xff", sealed.swapcase()):
        with pytest.raises(SealBroken):
            Sealer([OLD]).open("a", damaged)
