from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import update

from bot.domain import (
    AnsweredQuestion,
    Change,
    Channel,
    ChannelSettings,
    File,
    Label,
    Match,
    Outcome,
    Person,
    QuestionScores,
    RecordedChange,
)
from bot.store.tables import asked
from tests.bot.store.building import ANN, BOB, OTHER_ROOM, ROOM, HandClock, Store, a_message, an_answer

START = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def _decide(
    store: Store, name: str, outcome: Outcome, *, person: Person = ANN, channel: Channel = ROOM
) -> None:
    store.inbox.accept(a_message(name, person=person, channel=channel))
    item = store.inbox.claim()
    assert item is not None
    store.inbox.complete(item, outcome)


def test_a_setting_of_one_channel_leaves_the_others_alone(store: Store) -> None:
    changes = (
        Change("threshold", None, "0.65"),
        Change("limit", None, "3"),
        Change("knowledge_base", None, "shop"),
        Change("language", None, "zh"),
    )
    _decide(store, "1", Outcome(changes=changes))
    assert store.settings.of(ROOM) == ChannelSettings(Decimal("0.65"), 3, "shop", "zh")
    assert store.settings.of(OTHER_ROOM) == ChannelSettings()


def test_a_reset_follows_the_configuration_again(store: Store) -> None:
    _decide(store, "1", Outcome(changes=(Change("threshold", None, "0.65"),)))
    _decide(store, "2", Outcome(changes=(Change("threshold", "0.65", None),)))
    assert store.settings.of(ROOM) == ChannelSettings()


def test_every_change_says_who_when_from_and_to(store: Store, clock: HandClock) -> None:
    first = Change("threshold", None, "0.65")
    second = Change("threshold", "0.65", None, is_undo=True)
    _decide(store, "1", Outcome(changes=(first, Change("limit", None, "3"))))
    clock.go_on(60)
    _decide(store, "2", Outcome(changes=(second,)), person=BOB)
    later = datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)
    assert store.settings.history(ROOM, "threshold", 5) == (
        RecordedChange(second, BOB, later, 2),
        RecordedChange(first, ANN, START, 1),
    )
    assert store.settings.history(ROOM, "threshold", 1) == (RecordedChange(second, BOB, later, 2),)
    assert store.settings.history(OTHER_ROOM, "threshold", 5) == ()


def test_an_answer_is_readable_by_its_own_channel_only(store: Store) -> None:
    answer = an_answer()
    _decide(store, "1", Outcome(asked=AnsweredQuestion(answer)))
    assert store.history.answer(ROOM, "a1") == answer
    assert store.history.answer(OTHER_ROOM, "a1") is None
    assert store.history.recent(OTHER_ROOM, 5) == ()


def test_recent_questions_come_newest_first(store: Store) -> None:
    for name in "123":
        _decide(store, name, Outcome(asked=AnsweredQuestion(an_answer(name))))
    assert [asked.answer.id for asked in store.history.recent(ROOM, 2)] == ["3", "2"]


def test_scores_come_back_as_they_were_with_their_ids_and_without(store: Store) -> None:
    scores = (("a\n[1]", 0.1 + 0.2), ("柠檬", 5e-324), ("", -1.0))
    _decide(store, "1", Outcome(asked=AnsweredQuestion(an_answer(), scores)))
    _decide(store, "2", Outcome(asked=AnsweredQuestion(an_answer("none"))))
    assert store.history.recent(ROOM, 5) == (
        AnsweredQuestion(an_answer("none")),
        AnsweredQuestion(an_answer(), scores),
    )
    assert [one.scores for one in store.history.question_scores(ROOM, 5)] == [
        (),
        tuple(score for _, score in scores),
    ]
    assert store.history.question_scores(ROOM, 5, "shop") == ()


def test_what_one_counts_by_is_what_was_answered(store: Store) -> None:
    match = Match(1, "e1", "pear", 0.5, answer='a "private": false')
    answer = replace(an_answer(), matches=(match,), total=7, fingerprint="f1", private=True)
    _decide(store, "1", Outcome(asked=AnsweredQuestion(answer, (("e1", 0.5),))))
    counted = QuestionScores("pears?", Decimal("0.40"), 7, 0.31, "small", "f1", private=True, scores=(0.5,))
    assert store.history.question_scores(ROOM, 5) == (counted,)


def test_the_questions_of_some_days_come_oldest_first_with_what_passed(
    store: Store, clock: HandClock
) -> None:
    for name in ("1", "2", "3"):
        _decide(store, name, Outcome(asked=AnsweredQuestion(an_answer(name), (("e1", 0.4), ("e2", 0.39)))))
        clock.go_on(3600)
    start, end = START + timedelta(hours=1), START + timedelta(hours=3)
    found = store.history.between(ROOM, start, end, 9)
    assert [(past.asked.answer.id, past.asked.scores, past.person, past.asked_at) for past in found] == [
        ("2", (("e1", 0.4),), ANN, start),
        ("3", (("e1", 0.4),), ANN, START + timedelta(hours=2)),
    ]
    assert len(store.history.between(ROOM, START, end, 2)) == 2
    assert store.history.between(OTHER_ROOM, START, end, 9) == ()


def test_scores_kept_by_the_first_version_are_read(store: Store) -> None:
    _decide(store, "1", Outcome(asked=AnsweredQuestion(an_answer(), (("e1", 0.5),))))
    store.database.write(lambda connection: connection.execute(update(asked).values(scores='[["e1",0.25]]')))
    assert store.history.recent(ROOM, 5) == (AnsweredQuestion(an_answer(), (("e1", 0.25),)),)
    assert store.history.question_scores(ROOM, 5)[0].scores == (0.25,)


def test_an_answer_filtered_again_replaces_itself_and_keeps_its_scores(store: Store) -> None:
    _decide(store, "1", Outcome(asked=AnsweredQuestion(an_answer(threshold="0.40"), (("e1", 0.5),))))
    turned = an_answer(threshold="0.45")
    _decide(store, "2", Outcome(asked=AnsweredQuestion(turned)), person=BOB)
    assert store.history.recent(ROOM, 5) == (AnsweredQuestion(turned, (("e1", 0.5),)),)


def a_label(entry_id: str = "e1", *, relevant: bool = True, origin: str = "a1") -> Label:
    return Label("pears?", entry_id, relevant, "vote", "default", origin, 0.5, "small", "f1", "s1")


def test_a_person_has_one_label_on_each_match_and_may_change_it(store: Store) -> None:
    _decide(store, "1", Outcome(labels=(a_label(),)))
    _decide(store, "2", Outcome(labels=(a_label(),)), person=BOB)
    _decide(store, "3", Outcome(labels=(a_label("e2"),)))
    _decide(store, "4", Outcome(labels=(a_label(relevant=False),)))
    given = [(past.person, past.label) for past in store.labels.on(ROOM, "a1")]
    assert given == [(BOB, a_label()), (ANN, a_label("e2")), (ANN, a_label(relevant=False))]
    assert store.labels.on(OTHER_ROOM, "a1") == ()
    assert (store.labels.count(ROOM), store.labels.count(OTHER_ROOM)) == (3, 0)


def test_labels_of_a_file_replace_those_the_person_gave_before(store: Store) -> None:
    first, other = replace(a_label(), source="import"), replace(a_label("e2"), source="import")
    later = replace(first, relevant=False)
    store.labels.take_in(ROOM, [(ANN, first), (BOB, first)])
    store.labels.take_in(ROOM, [(ANN, later), (ANN, other)])
    store.labels.take_in(ROOM, [])
    given = {(past.person, past.label) for past in store.labels.of(ROOM)}
    assert given == {(ANN, later), (ANN, other), (BOB, first)}


def test_a_setting_remembers_the_model_it_was_made_with(store: Store) -> None:
    _decide(store, "1", Outcome(changes=(Change("threshold", None, "0.65", cause="strategy x", model="f1"),)))
    settings = store.settings.of(ROOM)
    assert (settings.threshold, settings.threshold_model) == (Decimal("0.65"), "f1")
    (past,) = store.settings.history(ROOM, "threshold", 5)
    assert (past.change.cause, past.change.model, past.item_id) == ("strategy x", "f1", 1)


def test_a_file_can_be_read_until_it_expires_and_is_then_swept(store: Store, clock: HandClock) -> None:
    _decide(store, "1", Outcome(files=(File("d1", "a.csv", "text/csv", b"x" * 1000, keep_seconds=60),)))
    assert store.documents.content("d1") == b"x" * 1000
    clock.go_on(60)
    assert store.documents.get("d1") is None
    clock.go_on(1)
    assert store.retention.sweep(30) == 1
