from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Channel, Document, Text
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ResponderRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def test_a_text_is_shown_as_the_engine_sees_it_whatever_the_threshold(rig: ResponderRig) -> None:
    rig.say("/threshold 0.99")
    said, picture = rig.hear(rig.message("/inspect sour fruit")).replies
    assert isinstance(said, Text)
    assert isinstance(picture, Document)
    assert said.body.splitlines() == [
        "paper: 2 dimensions, norm 1.0000, 2 tokens",
        "First 2 values:",
        "+0.6000 -0.8000",
        "Nearest entries in default:",
        "1. 0.8200 (meaning 0.8200, keywords –) Lemons are sour. They grow in Sicily. [e1]",
        "2. 0.7100 (meaning 0.7100, keywords –) Limes are sour too [e2]",
        "3. 0.4500 (meaning 0.4500, keywords –) Figs [e3]",
    ]
    assert (picture.name, picture.media_type) == ("inspect.png", "image/png")
    assert rig.store.documents.content(picture.id) == b"png"


def test_in_the_terminal_the_histogram_is_drawn_with_characters(rig: ResponderRig) -> None:
    room = Channel("terminal", "local", "terminal")
    said = rig.say("/inspect sour", channel=room)
    assert "-0.800 ██████████████████████████████ 1" in said


def test_without_its_slash_it_is_a_question(rig: ResponderRig) -> None:
    assert rig.ask("inspect my parcel").question == "inspect my parcel"
