"""What votes would teach, as both databases keep it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain import Outcome, Proposal, ProposalDecision
from tests.bot.store.building import BOB, OTHER_ROOM, ROOM, HandClock, Store, a_message

DAY = 24 * 3600.0
SOUR = Proposal("default", "e1", "sour fruit", "teach", "choice")
AWAY = Proposal("default", "e1", "sour fruit", "take back")


def decide(store: Store, name: str, **outcome: Any) -> None:
    store.inbox.accept(a_message(name, person=BOB))
    item = store.inbox.claim()
    assert item is not None
    for delivery in store.inbox.complete(item, Outcome(**outcome)):
        store.outbox.complete(delivery, "receipt")


def test_the_same_proposal_is_kept_once_in_any_spelling(store: Store) -> None:
    decide(store, "1", proposed=(SOUR,))
    decide(store, "2", proposed=(Proposal("default", "e1", "Sour  FRUIT"), AWAY))
    decide(store, "3", proposed=(Proposal("other", "e1", "sour fruit"),))
    first, second = store.proposals.waiting(ROOM, "default", 9)
    assert (first.proposal, first.state, first.person) == (SOUR, "open", BOB)
    assert second.proposal.kind == "take back"
    assert store.proposals.find(ROOM, SOUR) == first
    assert store.proposals.get(ROOM, first.id) == first
    assert store.proposals.get(OTHER_ROOM, first.id) is None
    assert store.proposals.everything(OTHER_ROOM) == ()


def test_refused_and_undone_ones_stay_so_and_what_was_gone_opens_again(store: Store) -> None:
    decide(store, "1", proposed=(SOUR, AWAY))
    kept = None
    for number, (state, after) in enumerate((("refused", "refused"), ("undone", "undone"), ("gone", "open"))):
        decide(store, f"a{number}", ruled=(ProposalDecision(SOUR, state),))  # type: ignore[arg-type]  # mypy widens the words of a loop
        decide(store, f"b{number}", proposed=(SOUR,))
        kept = store.proposals.find(ROOM, SOUR)
        assert kept
        assert kept.state == after
    assert kept is not None
    assert (kept.wording_id, kept.decided_by, kept.decided_at, kept.act) == (None, "", None, 0)


def test_the_last_act_is_what_one_message_did_as_far_as_it_stands(store: Store) -> None:
    other = Proposal("default", "e2", "sweet fruit")
    decide(store, "1", ruled=(ProposalDecision(SOUR, "accepted", "w1"),))
    decide(store, "2", ruled=(ProposalDecision(other, "accepted", "w2"), ProposalDecision(AWAY, "refused")))
    assert [(each.proposal, each.wording_id) for each in store.proposals.last_act(ROOM)] == [(other, "w2")]
    decide(store, "3", ruled=(ProposalDecision(other, "undone"),))
    assert [each.wording_id for each in store.proposals.last_act(ROOM)] == ["w1"]
    assert [each.state for each in store.proposals.decisions(ROOM, 9)] == ["undone", "refused", "accepted"]
    decide(store, "4", ruled=(ProposalDecision(SOUR, "undone"),))
    assert store.proposals.last_act(ROOM) == ()


def test_what_was_taught_is_counted_in_its_time_and_kept_longer_than_what_was_not(
    store: Store, clock: HandClock
) -> None:
    begin = clock.now()
    decide(store, "1", proposed=(AWAY,), ruled=(ProposalDecision(SOUR, "accepted", "w1"),))
    decide(store, "2", ruled=(ProposalDecision(Proposal("default", "e2", "a\x00b"), "refused"),))
    clock.go_on(DAY)
    spans = [(begin, clock.now()), (clock.now(), clock.now() + timedelta(days=9))]
    assert [store.proposals.count_taught(ROOM, "default", *span) for span in spans] == [1, 0]
    assert store.proposals.count_taught(ROOM, "other", *spans[0]) == 0
    clock.go_on(200 * DAY)
    store.retention.sweep(180)
    assert [each.proposal for each in store.proposals.everything(ROOM)] == [SOUR]
