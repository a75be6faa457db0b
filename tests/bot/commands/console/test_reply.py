from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Surface
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ResponderRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def test_a_direct_chat_gets_a_link_that_is_the_writers_own(rig: ResponderRig) -> None:
    assert "https://kb.example.com/console/sign-in/U1" in rig.say("/console", is_direct=True)
    assert "sign-in/U1" in rig.say("/console", surface=Surface.COMMAND)


def test_a_group_sees_no_link(rig: ResponderRig) -> None:
    told = rig.say("/console")
    assert "sign-in" not in told
    assert "direct chat" in told
