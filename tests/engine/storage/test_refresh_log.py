from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.domain import Dropped, FailedSource, Refresh
from engine.storage.refresh_log import History
from tests.support.engine import MIDDAY


def a_refresh(number: int = 1, **keys: Any) -> Refresh:
    given: dict[str, Any] = {"state": "done", "started": MIDDAY, "finished": MIDDAY, **keys}
    return Refresh(id=f"r{number}", requested=MIDDAY + timedelta(minutes=number), **given)


def a_history(path: Path, **keys: int) -> History:
    history = History(path / "refreshes.db", **keys)
    history.open()
    return history


def reopened(path: Path) -> History:
    return a_history(path)


def test_refreshes_are_told_after_a_restart_newest_first(tmp_path: Path) -> None:
    history = a_history(tmp_path)
    full = a_refresh(2, failed_sources=(FailedSource("a", "gone", 3, MIDDAY),), embedded=7, snapshot="s")
    for each in (a_refresh(1), full):
        history.note("default", each)
    history.note("shop", a_refresh(3))
    history.close()
    again = reopened(tmp_path)
    assert again.last("default", 10) == (full, a_refresh(1))
    assert again.last("default", 1) == (full,)
    again.close()


def test_one_that_the_end_of_the_engine_cut_off_is_told_as_failed(tmp_path: Path) -> None:
    history = a_history(tmp_path)
    history.note("default", a_refresh(state="running", finished=None))
    (told,) = history.last("default", 1)
    assert (told.state, told.error) == ("failed", "the engine ended before this refresh did")
    history.close()


def test_a_refresh_is_kept_as_it_was_last_noted(tmp_path: Path) -> None:
    history = a_history(tmp_path)
    history.note("default", a_refresh(state="running"))
    history.note("default", a_refresh())
    assert history.last("default", 5) == (a_refresh(),)
    history.close()


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    history = a_history(tmp_path, kept=3)
    for number in range(10):
        history.note("default", a_refresh(number))
    assert [each.id for each in history.last("default", 10)] == ["r9", "r8", "r7"]
    history.close()


def test_what_was_dropped_is_counted_beyond_the_first_fifty(tmp_path: Path) -> None:
    history = a_history(tmp_path)
    history.note("default", a_refresh(dropped=tuple(Dropped(f"a:{n}", "blank") for n in range(70))))
    (told,) = history.last("default", 1)
    assert (len(told.dropped), told.dropped_more) == (50, 20)
    history.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one", b"x" * 5000])
def test_a_damaged_history_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "refreshes.db").write_bytes(content)
    history = a_history(tmp_path)
    history.note("default", a_refresh())
    assert history.last("default", 1) == (a_refresh(),)
    history.close()


def test_before_it_is_opened_and_after_it_is_closed_it_knows_nothing(tmp_path: Path) -> None:
    history = History(tmp_path / "refreshes.db")
    history.note("default", a_refresh())
    assert history.last("default", 1) == ()
    history.close()
