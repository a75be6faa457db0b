"""What a platform promises, tested once and run for each, over the whole bot and a recording vendor.

Every adapter of the registry is played, and a toy, by the players of its `rig.py`: one for each way in
and out. Nothing here names a platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.host import Adapter
from bot.platforms.registry import ADAPTERS
from tests.bot.platforms.toy import adapter as toy
from tests.support.at_rest import until_at_rest
from tests.support.platform_rig import Player, SendingPlayer, a_next_life, a_player, players_of

WORDS = ("lemon", "melon", "<@all> <!channel> fig")
PLAYED = (*ADAPTERS, toy.ADAPTER)
PLAYERS = [player for adapter in PLAYED for player in players_of(adapter)]
ANSWERING_LATER = [player for player in PLAYERS if player.answers_later]
SENDERS = [player for player in PLAYERS if issubclass(player, SendingPlayer)]


@pytest.fixture
def player(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Player]:
    with a_player(request.param, tmp_path, *WORDS, adapters=PLAYED) as player:
        yield player


def every(players: Sequence[type[Player]]) -> Callable[..., object]:
    return pytest.mark.parametrize("player", players, indirect=True, ids=lambda play: play.name)


def settled(player: Player, room: str, count: int = 1) -> list[str]:
    player.program.settle(lambda: len(player.seen(room)) >= count)
    player.program.settle()
    return player.seen(room)


@pytest.mark.parametrize("adapter", PLAYED, ids=lambda adapter: adapter.name)
def test_every_platform_has_its_players_and_they_bear_its_name(adapter: Adapter[Any]) -> None:
    names = [player.name for player in players_of(adapter)]
    assert names
    assert [name for name in names if name.partition(" ")[0] != adapter.name] == []
    assert len(set(names)) == len(names)


@every(PLAYERS)
def test_a_repeated_message_is_answered_once(player: Player) -> None:
    player.say("lemon", "R1", again=2)
    seen = settled(player, "R1")
    assert [one for one in seen if "lemon" in one] == seen
    assert len(seen) == 1


@every(ANSWERING_LATER)
def test_what_was_accepted_is_answered_after_a_crash(player: Player) -> None:
    player.program.app.stop()
    with a_next_life(player, workers=0) as idle:
        player.say_and_leave("lemon", "R1")
        # A connection has no second try: what was not read yet is lost with it.
        idle.settle(lambda: idle.app.inbox.counts()["received"] == 1)
    with a_next_life(player) as again:
        again.pass_time(400)
        assert "lemon" in settled(player, "R1")[-1]
    assert len(player.seen("R1")) == 1


@every(ANSWERING_LATER)
def test_an_engine_that_is_away_is_told_once_and_answered_when_it_is_back(player: Player) -> None:
    program = player.program
    program.engine_door.is_shut = True
    player.say("lemon", "R1")
    told = settled(player, "R1")
    program.pass_time(30)
    assert player.seen("R1") == told
    program.engine_door.is_shut = False
    for _ in range(4):
        program.pass_time(60)
    seen = settled(player, "R1", 2)
    assert len(told) == 1
    assert "lemon" not in told[0]
    assert ["lemon" in one for one in seen] == [False, True]


@every(PLAYERS)
def test_a_threshold_belongs_to_one_room(player: Player) -> None:
    player.say("/threshold 0.65", "R1")
    settled(player, "R1")
    player.say("/threshold", "R1")
    player.say("/threshold", "R2")
    assert "0.65" in settled(player, "R1", 2)[1]
    assert "0.65" not in settled(player, "R2")[0]


@every(PLAYERS)
def test_foreign_text_rings_nobody(player: Player) -> None:
    player.say("<@all> <!channel> fig", "R1")
    assert "fig" in settled(player, "R1")[0]
    assert player.rung() == 0


@every([sender for sender in SENDERS if sender.refuses_for_good])
def test_what_cannot_be_sent_becomes_a_dead_letter_at_once(player: SendingPlayer) -> None:
    """REL17: an error that names a reason which no second try can remove."""
    player.refuse_for_good()
    player.say("lemon", "R1")
    counts = player.program.app.outbox.counts
    player.program.settle(lambda: counts()["dead"] == 1)
    player.program.settle()
    assert (player.seen("R1"), counts()["waiting"]) == ([], 0)


@every(SENDERS)
def test_a_platform_that_asks_for_time_gets_it(player: SendingPlayer) -> None:
    program = player.program
    player.slow_down()
    player.say("lemon", "R1")
    program.settle(lambda: program.app.outbox.counts()["waiting"] == 1)
    program.clock.wait(20)
    player.say("/language", "R2")
    # A wish may hold for one room, or for all of a server.
    program.settle(lambda: bool(player.seen("R2")) or program.app.outbox.counts()["waiting"] == 2)
    assert player.seen("R1") == []
    program.clock.wait(80)
    player.say("/language", "R3")
    assert len(settled(player, "R1")) == 1


@every(SENDERS)
def test_what_may_have_arrived_is_not_seen_twice_where_the_platform_can_tell(player: SendingPlayer) -> None:
    """REL16: sent and shown, but the answer to the call was lost."""
    program = player.program
    player.lose_the_answer()
    player.say("lemon", "R1")
    settled(player, "R1")
    for room in ("R2", "R3"):
        program.clock.wait(10)
        player.say("/language", room)
        settled(player, room)
    until_at_rest(program.app, is_sent=True)
    assert len(player.seen("R1")) == (1 if player.can_be_asked else 2)
    assert program.app.outbox.counts()["dead"] == 0
