"""A waiting request and a worker meet at most once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey, Person, Surface, Text
from bot.pipeline.rendezvous import ResponseSlot, ResponseSlots


def a_message(id_: str = "1") -> IncomingMessage:
    return IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1"),
        keys=(MessageKey("command", id_),),
        surface=Surface.COMMAND,
    )


def a_delivery() -> Delivery:
    return Delivery(
        id=1,
        channel=Channel("slack", "T1", "C1"),
        address={},
        reply=Text("hello", "en"),
        lease=1,
        attempt=1,
        decided_at=datetime(2026, 9, 21, tzinfo=UTC),
    )


def test_a_worker_hands_its_delivery_to_the_request_that_waits() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        worker = threading.Thread(target=response_slots.offer, args=(a_message(), a_delivery()))
        worker.start()
        assert slot.wait(5) == a_delivery()
        worker.join()


def test_an_answer_before_anybody_waits_is_not_lost() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        assert response_slots.offer(a_message(), a_delivery())
        assert slot.wait(0) == a_delivery()


def test_an_answer_that_comes_too_late_stays_with_the_worker() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        assert slot.wait(0) is None
        assert not response_slots.offer(a_message(), a_delivery())
    assert not response_slots.offer(a_message(), a_delivery())


def test_what_does_not_fit_a_response_stays_with_the_worker() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message(), accepts=lambda _: False) as slot:
        assert slot is not None
        assert not response_slots.offer(a_message(), a_delivery())


def test_a_seat_takes_one_delivery() -> None:
    slot = ResponseSlot()
    assert slot.offer(a_delivery())
    assert not slot.offer(a_delivery())


def test_questions_wait_only_while_there_are_seats() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message("1")) as first, response_slots.slot(a_message("2")) as second:
        assert first is not None
        assert second is None
        with response_slots.slot(a_message("3"), bounded=False) as command:
            assert command is not None
    with response_slots.slot(a_message("2")) as later:
        assert later is not None


def test_a_repeat_of_a_waiting_message_gets_no_seat_and_disturbs_nothing() -> None:
    response_slots = ResponseSlots(slots=2)
    with response_slots.slot(a_message()) as first:
        with response_slots.slot(a_message()) as repeat:
            assert repeat is None
        assert response_slots.offer(a_message(), a_delivery())
        assert first is not None
        assert first.wait(0) == a_delivery()


def test_another_message_is_not_answered_with_this_delivery() -> None:
    response_slots = ResponseSlots(slots=2)
    with response_slots.slot(a_message("1")):
        assert not response_slots.offer(a_message("2"), a_delivery())
