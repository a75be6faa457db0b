"""The rig itself: every part of it can fail, and the suite turns red when a safeguard is taken away."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.building import a_true_engine
from tests.support.durable_image import a_disk
from tests.support.engine_server import EngineServer
from tests.support.forker import REPOSITORY
from tests.support.history import judged
from tests.support.load_clients import percentile
from tests.support.processes import TAMPERED, Home
from tests.support.relay import Relay, Weather
from tests.support.warm_pytest import PytestRun, warm_pytest

POWER = "tests/faults/test_power_cut.py"
CUT = f"{POWER}::test_nothing_acknowledged_is_lost_or_answered_twice_by_a_power_cut"
REDELIVERY = "tests/faults/test_platform.py::test_a_redelivery_is_acknowledged_and_answered_once"
SLOW = "tests/faults/test_slow_worker.py::test_a_worker_that_was_too_slow_says_nothing"
PULLED = "tests/faults/test_files_pulled_away.py"
PAGES = "tests/engine/web/test_browsers.py::test_no_web_page_adds_an_entry_without_a_token"
SIDE_BY_SIDE = (
    "tests/engine/refresh/test_side_by_side.py::"
    "test_what_is_added_says_nothing_about_the_age_of_what_the_sources_hold"
)
SCHEDULE = "tests/engine/refresh/test_schedule.py::"
LONG_DAY = "test_on_the_long_day_a_time_that_comes_twice_is_asked_for_once"
CLOCK_BACK = "test_a_clock_that_was_ahead_for_a_while_costs_one_call_and_stops_nothing"
NUMBERS = "tests/bot/platforms/wecom/test_routes.py::test_a_message_and_a_press_of_one_number_both_count"
CELLS = "tests/bot/test_csv_cells.py::test_a_formula_behind_what_is_not_seen_is_inert_too"
LIMITS = (
    "tests/faults/test_few_resources.py::"
    "test_too_few_open_files_are_a_sentence_before_anything_begins[40-bot]"
)
SPINS = "tests/bot/web/test_accepting.py::test_without_descriptors_the_loop_does_not_spin"
ORACLE = (
    "tests/bot/platforms/wecom/test_routes_forged.py::"
    "test_no_callback_and_no_answer_of_ours_is_read_out_by_the_verification"
)
WEAK = "tests/bot/test_weak_secrets.py::test_what_the_environment_brings_is_looked_at_too"
REFRESH = f"{POWER}::test_a_power_cut_in_a_refresh_leaves_one_whole_snapshot"

MORE = {
    "log-grows-unseen": f"{PULLED}::test_a_log_that_grows_is_a_figure_and_one_warning",
    "voters-named": (
        "tests/bot/commands/export/test_reply.py::"
        "test_who_voted_on_a_question_that_was_asked_privately_is_not_named"
    ),
    "messages-first": (
        "tests/bot/pipeline/test_worker.py::test_replies_that_are_due_take_turns_with_new_messages"
    ),
    "late-replies-at-once": (
        "tests/bot/store/test_outbox.py::"
        "test_after_an_outage_a_room_hears_no_more_than_its_platform_allows[postgresql]"
    ),
    "odd-framing": (
        "tests/engine/web/test_server.py::"
        "test_what_no_route_sees_is_refused_in_the_words_of_the_contract[two hosts]"
    ),
    "terminal-steered": "tests/engine/cli/test_plain.py::test_no_text_steers_the_terminal",
    "netrc-sent": "tests/engine/source/test_web.py::test_the_users_netrc_is_never_sent",
    "restored-as-it-was": (
        "tests/bot/store/test_reconcile.py::test_rights_that_were_taken_away_since_stay_away"
    ),
    "everybody-is-a-member": "tests/bot/domain/test_membership.py",
}


@pytest.fixture(scope="module")
def pytest_run() -> Iterator[PytestRun]:
    with warm_pytest() as run:
        yield run


@pytest.mark.parametrize(
    ("safeguard", "test"),
    [
        pytest.param("synchronous-off", f"{CUT}[short]", id="commits are not synced", marks=pytest.mark.soak),
        pytest.param("synchronous-normal", f"{CUT}[short]", id="commits are synced now and then"),
        pytest.param("no-unique-key", REDELIVERY, id="no key"),
        pytest.param("no-lease-check", SLOW, id="no lease check"),
        pytest.param(
            "no-file-watch",
            f"{PULLED}::test_a_bot_whose_database_is_gone_says_503_and_is_not_ready",
            id="files are not watched",
        ),
        pytest.param(
            "no-database-lock",
            f"{PULLED}::test_two_bots_with_folders_of_their_own_do_not_share_a_database",
            id="the database has no lock",
        ),
        pytest.param(
            "no-sync-of-snapshots",
            f"{REFRESH}[snapshot-begun-]",
            id="snapshots are not synced",
        ),
        pytest.param("no-guard-against-web-pages", f"{PAGES}[headers0-403]", id="web pages may write"),
        pytest.param("sources-in-a-row", SIDE_BY_SIDE, id="a hanging source holds up entries"),
        pytest.param(
            "times-come-twice", f"{SCHEDULE}{LONG_DAY}", id="the hour that comes twice counts twice"
        ),
        pytest.param("clock-back-unnoticed", f"{SCHEDULE}{CLOCK_BACK}", id="a clock that goes back"),
        pytest.param("numbers-without-kinds", NUMBERS, id="messages and events share their numbers"),
        pytest.param("commas-alone", CELLS, id="tables are for readers of commas alone"),
        pytest.param("no-look-at-limits", LIMITS, id="nobody asks what the machine allows"),
        pytest.param("no-pause-of-accepting", SPINS, id="accepting goes on without descriptors"),
        pytest.param(
            "no-look-at-the-disk",
            f"{PULLED}::test_a_quiet_bot_on_a_full_disk_finds_out_though_its_log_has_room",
            id="nobody looks whether the disk is full",
        ),
        *[pytest.param(guard, test, id=guard) for guard, test in MORE.items()],
        pytest.param("any-echo", ORACLE, id="the verification reads out what it is shown"),
        pytest.param("any-secret", WEAK, id="any secret will do"),
    ],
)
def test_the_suite_turns_red_without_a_safeguard(pytest_run: PytestRun, safeguard: str, test: str) -> None:
    """REL01, REL04, REL22: a test that cannot fail proves nothing."""
    plugins = ("-p", "tests.support.sabotage", "-p", "no:cacheprovider")

    code, said = pytest_run(["-q", *plugins, test], {TAMPERED: safeguard})

    assert code == 1, said[-3000:]
    assert any(sign in said for sign in ("AssertionError", "assert ", "DID NOT RAISE"))


def test_the_checker_tells_what_was_lost_and_what_was_doubled() -> None:
    verdict = judged({1, 2, 3, 4, 5}, {1: 1, 2: 2, 9: 1}, {3: "throttled", 4: "dead", 5: "answered"})

    assert (verdict.lost, verdict.doubled, verdict.excused) == ((5,), (2,), 2)
    assert not verdict.is_good
    assert judged({1, 3}, {1: 1}, {3: "throttled"}).is_good


def test_a_power_cut_takes_what_was_not_synced_and_nothing_else(tmp_path: Path) -> None:
    disk = a_disk(tmp_path)
    script = """
import os, sys
os.chdir(sys.argv[1])
def put(name, text, sync):
    with open(name, "w") as file:
        file.write(text); file.flush()
        if sync: os.fsync(file.fileno())
put("kept", "first", True)
put("kept", "second, not synced", False)
put("lost", "x", False)
put("moved", "y", True); os.rename("moved", "there")
put("hollow", "z", False); os.rename("hollow", "renamed")
put("gone", "x", True); os.unlink("gone")
put("linked", "l", True); os.link("linked", "link")
os.mkdir("folder"); put("folder/inside", "i", True); os.rename("folder", "moved folder")
"""
    subprocess.run(
        [sys.executable, "-c", script, str(disk.folder)], env={**os.environ, **disk.watch}, check=True
    )

    disk.cut()

    found = {
        str(path.relative_to(disk.folder)): path.read_text()
        for path in disk.folder.rglob("*")
        if path.is_file()
    }
    assert found == {
        "kept": "first",
        "there": "y",
        "renamed": "",
        "linked": "l",
        "link": "l",
        "moved folder/inside": "i",
    }


@pytest.mark.parametrize(
    ("weather", "heard"),
    [
        (Weather(), True),
        (Weather(latency_seconds=0.05), True),
        (Weather(is_cut=True), False),
        (Weather(loses_answers=True), False),
        (Weather(resets=True), False),
        (Weather(tears_after=20), False),
        (Weather(drip_seconds=1.5), False),
    ],
)
def test_the_relay_makes_the_weather_it_is_told(weather: Weather, heard: bool) -> None:
    with EngineServer(a_true_engine) as server, Relay(server.port) as cable:
        cable.weather = weather
        with closing(http.client.HTTPConnection("127.0.0.1", cable.port, timeout=1)) as asking:
            try:
                asking.request("GET", "/readyz")
                is_heard = bool(asking.getresponse().read())
            except (OSError, http.client.HTTPException):
                is_heard = False
        reached = bool(server.heard)

    assert is_heard is heard
    assert reached is not weather.is_cut


def test_the_shipped_programs_know_no_failpoints(tmp_path: Path) -> None:
    """What a test build dies of is named in no program: nothing there can be switched on."""
    named = [
        path
        for program in ("bot", "engine", "migrations")
        for path in (REPOSITORY / program).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in (TAMPERED, "failpoint", "tampered"))
    ]
    assert named == []
    home = Home("bot", "started", tmp_path, {"bot": {"listen": "127.0.0.1:0"}})
    with home.run("manifest") as life:
        assert life.exit_code() == 0


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0], 0.99) == 1.0
