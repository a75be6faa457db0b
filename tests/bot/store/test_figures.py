"""The figures of the week and the log of questions, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain import AnsweredQuestion, Channel, Label, Outcome
from bot.store.figures import Figures, Tally, TopQuestion, Waits
from bot.store.question_log import QuestionLog, Wanted
from tests.bot.store.building import ANN, OTHER_ROOM, ROOM, HandClock, Store, a_message, an_answer


def ask(
    store: Store,
    clock: HandClock,
    name: str,
    question: str,
    *,
    total: int = 1,
    seconds: float = 0.0,
    channel: Channel = ROOM,
    private: bool = False,
) -> None:
    """A question that is answered, delivered after so many seconds, and voted on."""
    store.inbox.accept(a_message(name, channel=channel))
    item = store.inbox.claim()
    assert item is not None
    answer = replace(an_answer(name, question=question), total=total, private=private)
    label = Label(question, "e1", total > 0, "vote", "default", name)
    (delivery,) = store.inbox.complete(
        item, Outcome((answer,), asked=AnsweredQuestion(answer), labels=(label,))
    )
    clock.go_on(seconds)
    store.outbox.complete(delivery, "receipt")


def test_what_was_asked_is_counted_by_channel_and_time(store: Store, clock: HandClock) -> None:
    begin = clock.now()
    ask(store, clock, "a1", "pears?", seconds=1)
    ask(store, clock, "a2", "pears?", total=0, seconds=3)
    ask(store, clock, "a3", "figs?", seconds=2, private=True)
    ask(store, clock, "a4", "limes?", channel=OTHER_ROOM)
    clock.go_on(60)
    later = clock.now()
    ask(store, clock, "a5", "pears?")
    figures = Figures(store.database)
    after = later + timedelta(days=1)
    assert figures.tallies((ROOM,), (begin, later)) == ({ROOM.key: Tally(3, 1, 2, 1)},)
    assert figures.tallies((ROOM, OTHER_ROOM), (begin, later, after, after + timedelta(days=1))) == (
        {ROOM.key: Tally(3, 1, 2, 1), OTHER_ROOM.key: Tally(1, 0, 1)},
        {ROOM.key: Tally(1, 0, 1)},
        {},
    )
    assert Waits.of(figures.waits((ROOM,), begin, later)) == Waits(3, 2.0, 3.0)
    assert {wait.channel for wait in figures.waits((ROOM, OTHER_ROOM), begin, after)} == {
        ROOM.key,
        OTHER_ROOM.key,
    }
    assert Waits.of(figures.waits((), begin, later)) == Waits()
    assert figures.top((ROOM,), begin, later, 5) == (TopQuestion("pears?", 2, 1),)


def test_the_log_is_read_page_by_page_and_knows_its_marks(store: Store, clock: HandClock) -> None:
    for number in range(5):
        ask(store, clock, f"a{number}", f"Pears {number}?", total=number % 2)
    ask(store, clock, "b1", "pears elsewhere?", channel=OTHER_ROOM)
    log, wanted = QuestionLog(store.database), Wanted((ROOM,), find="pEARS")
    first = log.page(wanted, 2)
    assert [one.answer.id for one in first] == ["a4", "a3"]
    rest = log.page(wanted, 9, (first[-1].number, first[-1].answer.id))
    assert [one.answer.id for one in rest] == ["a2", "a1", "a0"]
    assert [dict(one.marks) for one in first] == [{"e1": False}, {"e1": True}]
    assert {one.person for one in first} == {ANN}
    assert [one.answer.id for one in log.page(Wanted((ROOM,), mark="helpful"), 9)] == ["a3", "a1"]
    assert [one.answer.id for one in log.page(Wanted((ROOM,), result="silent", low=0.3), 9)] == [
        "a4",
        "a2",
        "a0",
    ]
    assert log.page(Wanted((ROOM,), high=0.3), 9) == ()
    assert log.page(Wanted((ROOM,), mark="none"), 9) == ()
