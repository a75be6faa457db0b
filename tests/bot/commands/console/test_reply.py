from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Surface
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield Desk(store, clock, Bot())


def test_a_direct_chat_gets_a_link_that_is_the_writers_own(desk: Desk) -> None:
    assert "https://kb.example.com/console/sign-in/U1" in desk.say("/console", is_direct=True)
    assert "sign-in/U1" in desk.say("/console", surface=Surface.COMMAND)


def test_a_group_sees_no_link(desk: Desk) -> None:
    told = desk.say("/console")
    assert "sign-in" not in told
    assert "direct chat" in told
