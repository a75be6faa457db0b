"""The dial: set by a command, turned by a button, and what both do to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.base.context import standing
from bot.config import Bot
from bot.domain import (
    Answer,
    Change,
    Label,
    Outcome,
    RecordedChange,
    ShowMore,
    Surface,
    Text,
    TurnDial,
    Vote,
)
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    BOB,
    NEXT_DOOR,
    ROOM,
    WECOM,
    ResponderRig,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig_with(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., ResponderRig]]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield lambda **settings: ResponderRig(store, clock, Bot(**settings))


@pytest.fixture
def rig(rig_with: Callable[..., ResponderRig]) -> ResponderRig:
    return rig_with()


def test_a_threshold_says_who_from_and_to_and_leaves_other_channels_alone(rig: ResponderRig) -> None:
    outcome = rig.hear(rig.message("/threshold 0.65", surface=Surface.COMMAND))
    assert outcome == Outcome(
        (
            Text(
                "Ann set the threshold here from 0.40 (default) to 0.65 (set in this channel).",
                "en",
                verb="threshold",
                dial=Decimal("0.65"),
            ),
        ),
        (Change("threshold", None, "0.65"),),
    )
    assert (rig.threshold(), rig.threshold(NEXT_DOOR)) == (Decimal("0.65"), None)


def test_a_wrong_value_changes_nothing_and_shows_an_example(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    outcome = rig.hear(rig.message("/threshold {0.__class__} %n 💥"))
    assert outcome == Outcome(
        (
            Text(
                "/threshold takes a number from 0 to 1 with at most four decimals, "
                'for example /threshold 0.65 (got "{0.__class__} %n 💥").',
                "en",
                private=True,
                verb="threshold",
            ),
        )
    )
    assert rig.threshold() == Decimal("0.50")


def test_a_bare_percentage_is_asked_back(rig: ResponderRig) -> None:
    assert rig.say("/threshold 65", channel=WECOM) == (
        "/threshold 的用法：0 到 1 之间的数（最多四位小数），例如 /threshold 0.65（收到的是“65”）。"
        "如果想要 65%，请发送 /threshold 65%。"
    )


@pytest.mark.parametrize("command", ["/threshold try 65", "/threshold margin 5"])
def test_a_bare_percentage_after_a_word_is_asked_back_with_the_word(rig: ResponderRig, command: str) -> None:
    assert rig.say(command).endswith(f"write {command}%.")


def test_a_long_wrong_value_is_quoted_in_short(rig: ResponderRig) -> None:
    assert len(rig.say("/threshold " + "x" * 100_000)) < 200


@pytest.mark.parametrize("value", ["0", "1", "100%", "0.0001"])
def test_the_edges_can_be_set(rig: ResponderRig, value: str) -> None:
    rig.say(f"/threshold {value}")
    assert rig.threshold() is not None


def test_undo_steps_back_and_never_forth(rig: ResponderRig) -> None:
    for value in ("0.5", "0.6", "0.5"):
        rig.say(f"/threshold {value}")
    seen = []
    for _ in range(3):
        rig.say("/threshold undo")
        seen.append(rig.threshold())
    assert seen == [Decimal("0.60"), Decimal("0.50"), None]
    assert rig.say("/threshold undo") == "There is no change of the threshold left to take back."


def test_a_reset_can_be_undone_and_a_change_after_an_undo_stands(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.say("/threshold reset")
    assert rig.threshold() is None
    assert rig.say("/threshold undo") == (
        "Ann took the last change of the threshold back: from 0.40 (default) to 0.50 (set in this channel)."
    )
    rig.say("/threshold 0.7")
    rig.say("/threshold undo")
    assert rig.threshold() == Decimal("0.50")


@given(st.lists(st.one_of(st.none(), st.sampled_from(["0.1", "0.2", "0.3", "undo"]))))
def test_undo_is_a_walk_back_over_what_was_set(steps: list[str | None]) -> None:
    """Against a plain model: a list of values, to which setting appends and from which undo takes."""
    values: list[str | None] = [None]
    history: list[RecordedChange] = []
    for step in steps:
        if step == "undo":
            changes = standing(history)
            assert bool(changes) == (len(values) > 1)
            if changes:
                values.pop()
                change = Change("threshold", changes[-1].change.new, changes[-1].change.old, is_undo=True)
                history.insert(0, RecordedChange(change, ANN, HandClock().now()))
                assert change.new == values[-1]
        else:
            history.insert(0, RecordedChange(Change("threshold", values[-1], step), ANN, HandClock().now()))
            values.append(step)


def test_a_preview_counts_the_channels_own_questions_and_sets_nothing(rig: ResponderRig) -> None:
    assert rig.say("/threshold try 0.8") == "Nothing was asked here yet, so there is nothing to try 0.80 on."
    rig.ask("sour?")
    rig.engine.entries = {"e3": ("Figs", 0.45)}
    rig.ask("figs?")
    rig.ask("figs?", channel=NEXT_DOOR)
    asked = len(rig.engine.asked)
    assert rig.say("/threshold try 0.8") == (
        "The last questions here (2):\n"
        "at 0.40: 0 without a match, 2.0 matches each on average\n"
        "at 0.80: 1 without a match, 0.5 matches each on average\n"
        "Questions that would lose their best match: 1\n"
        "“figs?” (0.4500)"
    )
    assert (rig.threshold(), len(rig.engine.asked)) == (None, asked)


def test_a_bare_threshold_shows_value_source_and_who_changed_it(rig: ResponderRig) -> None:
    rig.say("/threshold 0.65")
    assert rig.say("/threshold", person=BOB) == (
        "The threshold here is 0.65 (set in this channel).\n2023-11-14 22:13 Ann: no own value → 0.65"
    )


def test_the_threshold_can_be_shown_and_set_while_the_engine_is_away(rig: ResponderRig) -> None:
    rig.engine.away = True
    assert rig.say("/threshold") == (
        "The threshold here is the knowledge base's own (known when search is back)."
    )
    rig.say("/threshold 0.65")
    assert rig.threshold() == Decimal("0.65")


def test_turning_the_dial_filters_the_same_answer_again_and_says_who(rig: ResponderRig) -> None:
    asked = rig.ask("which are sour?")
    outcome = rig.click(TurnDial(asked.id, Decimal("0.75")), person=BOB)
    (turned,) = outcome.replies
    assert turned == replace(
        asked,
        matches=asked.matches[:1],
        total=1,
        groups=1,
        threshold=Decimal("0.75"),
        threshold_source="channel",
        in_place=True,
        turned_by=(BOB, Decimal("0.40")),
        snapshot_at=turned.snapshot_at if isinstance(turned, Answer) else None,
        notes=("Last questions (1): 0 without a match, now 0; 3.0 → 1.0 matches each.",),
    )
    assert outcome.changes == (Change("threshold", None, "0.75"),)
    assert rig.threshold() == Decimal("0.75")
    assert rig.store.history.answer(ROOM, asked.id) == turned


@pytest.mark.parametrize("threshold", ["-0.05", "1.05", "NaN", "Infinity"])
def test_a_dial_beyond_its_ends_changes_nothing(rig: ResponderRig, threshold: str) -> None:
    asked = rig.ask("sour?")
    outcome = rig.decide(rig.message(action=TurnDial(asked.id, Decimal(threshold))))
    (refusal,) = outcome.replies
    assert isinstance(refusal, Text)
    assert (outcome.changes, refusal.private) == ((), True)


@pytest.mark.parametrize(
    "action", [TurnDial("a1", Decimal("0.9")), Vote("a1", "e1", "helpful"), ShowMore("a1", 5)]
)
def test_a_click_on_another_channels_answer_finds_nothing(
    rig: ResponderRig, action: TurnDial | Vote | ShowMore
) -> None:
    assert rig.ask("sour?").id == "a1"
    assert rig.click(action, channel=NEXT_DOOR) == Outcome(
        (Text("This answer is no longer here. Ask again, please.", "en", private=True),)
    )
    assert rig.threshold(NEXT_DOOR) is None


def test_a_vote_is_kept_and_thanked_for_privately(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    label = Label("sour?", "e1", False, "vote", "default", asked.id, 0.82, "paper", "", "s1")
    assert rig.click(Vote(asked.id, "e1", "not helpful")) == Outcome(
        (Text("Noted: not helpful. Thank you.", "en", private=True),), labels=(label,)
    )
    assert [past.label for past in rig.store.labels.on(ROOM, asked.id)] == [label]


def test_more_shows_the_matches_from_there_on(rig: ResponderRig) -> None:
    rig.say("/limit 2")
    asked = rig.ask("sour?")
    (more,) = rig.click(ShowMore(asked.id, 2)).replies
    assert isinstance(more, Answer)
    assert ([match.entry_id for match in more.matches], more.offset, more.total) == (["e3"], 2, 3)


def test_more_and_the_dial_ask_the_snapshot_that_the_answer_is_of(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    rig.click(ShowMore(asked.id, 1))
    rig.click(TurnDial(asked.id, Decimal("0.75")))
    assert [query.snapshot for query in rig.engine.asked] == ["", "s1", "s1"]


@pytest.mark.parametrize("action", ["more", "turn"])
def test_where_the_knowledge_base_has_changed_the_answer_says_so(rig: ResponderRig, action: str) -> None:
    asked = rig.ask("sour?")
    rig.engine.snapshot = "s2"
    clicked = ShowMore(asked.id, 1) if action == "more" else TurnDial(asked.id, Decimal("0.75"))
    (shown, *_) = rig.click(clicked).replies
    assert isinstance(shown, Answer)
    assert shown.snapshot == "s2"
    assert "The knowledge base has changed since this was asked: these are its matches now." in shown.notes
