"""A publisher, three followers and nginx in front of them, refreshed and killed under load.

Nobody gets a wrong answer, a torn one, one from before what they have seen, or none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.support.fleet import TOKEN, Askers, Fleet, a_fleet

SOAK_SECONDS = 180.0
REFRESH_SECONDS = 2.0


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with a_fleet(tmp_path_factory.mktemp("fleet")) as fleet:
        yield fleet


def test_refreshes_reach_every_follower_under_load(fleet: Fleet) -> None:
    with Askers(fleet) as askers:
        for _ in range(3):
            fleet.publish()
            askers.go_on(10)
        fleet.settle()
        askers.go_on()
    assert (askers.wrong, askers.failed) == ([], [])


def test_nginx_shares_the_questions_among_the_followers(fleet: Fleet) -> None:
    before = [_searches(home.url) for home in fleet.homes]
    with Askers(fleet) as askers:
        askers.go_on(60)
    publisher, *followers = (
        _searches(home.url) - count for home, count in zip(fleet.homes, before, strict=True)
    )
    assert publisher == 0
    assert min(followers) > 0


def test_a_follower_that_is_killed_costs_no_answer(fleet: Fleet) -> None:
    with Askers(fleet) as askers:
        fleet.lives[2].kill()
        fleet.publish()
        fleet.settle()
        askers.go_on()
    assert (askers.wrong, askers.failed) == ([], [])


def test_a_publisher_that_is_killed_costs_no_answer(fleet: Fleet) -> None:
    fleet.settle()
    with Askers(fleet) as askers:
        fleet.lives[0].kill()
        askers.go_on()
        fleet.restart(0)
        fleet.publish()
        fleet.settle()
        askers.go_on()
    assert (askers.wrong, askers.failed) == ([], [])


@pytest.mark.soak
def test_refreshes_and_kills_in_turn_for_minutes(fleet: Fleet) -> None:
    """A refresh every two seconds; each engine is killed in turn, the publisher between two refreshes."""
    over = time.monotonic() + SOAK_SECONDS
    pause = threading.Event()
    turn = 0
    with Askers(fleet) as askers:
        while time.monotonic() < over:
            fleet.publish()
            pause.wait(REFRESH_SECONDS)
            place = turn % len(fleet.lives)
            if place == 0:
                fleet.settle()  # what no follower has yet cannot be answered from without it
            fleet.lives[place].kill()
            askers.go_on(10)
            fleet.restart(place)
            turn += 1
        fleet.settle()
    assert turn > len(fleet.lives)
    assert (askers.wrong, askers.failed) == ([], [])


def _searches(url: str) -> float:
    """The number of questions that this engine has answered."""
    page = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).text
    lines = [line for line in page.splitlines() if 'route="/v1/search",status="200"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines if "_total" in line)
