"""A waiting request and a worker meet at most once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey, Person, Surface, Text
from bot.pipeline.rendezvous import ResponseSlots
from bot.store import StoreError

# Far above what anything here takes: only a hang is cut.
HANG_SECONDS = 30.0


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


def offer(slots: ResponseSlots, message: IncomingMessage, delivery: Delivery) -> bool:
    """What a worker does with a slot: stores the delivery as gone with the response, where it is carried."""
    with slots.hold(message) as response:
        if response is None or not response.carries(delivery):
            return False
        response.deliver(delivery)
        return True


def test_a_worker_hands_its_delivery_to_the_request_that_waits() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot, ThreadPoolExecutor(1) as worker:
        assert slot is not None
        worker.submit(offer, response_slots, a_message(), a_delivery())
        assert slot.wait(HANG_SECONDS) == a_delivery()


def test_an_answer_before_anybody_waits_is_not_lost() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        assert offer(response_slots, a_message(), a_delivery())
        assert slot.wait(0) == a_delivery()


def test_an_answer_that_comes_too_late_stays_with_the_worker() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        assert slot.wait(0) is None
        assert not offer(response_slots, a_message(), a_delivery())
    assert not offer(response_slots, a_message(), a_delivery())


def test_nobody_gives_up_while_the_answer_is_being_stored() -> None:
    """What is stored as gone with the response goes with it, however long storing took."""
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot, ThreadPoolExecutor(1) as web:
        assert slot is not None
        with response_slots.hold(a_message()) as response:
            assert response is slot
            heard = web.submit(slot.wait, 0)
            with pytest.raises(TimeoutError):
                heard.result(0.05)
            response.deliver(a_delivery())
        assert heard.result(HANG_SECONDS) == a_delivery()


def test_what_does_not_fit_a_response_ends_the_wait_and_stays_with_the_worker() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message(), accepts=lambda _: False) as slot:
        assert slot is not None
        assert not offer(response_slots, a_message(), a_delivery())
        assert slot.wait(HANG_SECONDS) is None


def test_an_answer_that_could_not_be_stored_ends_the_wait() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()) as slot:
        assert slot is not None
        with suppress(StoreError), response_slots.hold(a_message()):
            raise StoreError("full")
        assert slot.wait(HANG_SECONDS) is None


def test_a_slot_takes_one_delivery() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message()):
        assert offer(response_slots, a_message(), a_delivery())
        assert not offer(response_slots, a_message(), a_delivery())


def test_questions_wait_only_while_there_are_slots() -> None:
    response_slots = ResponseSlots(slots=1)
    with response_slots.slot(a_message("1")) as first, response_slots.slot(a_message("2")) as second:
        assert first is not None
        assert second is None
        with response_slots.slot(a_message("3"), bounded=False) as command:
            assert command is not None
    with response_slots.slot(a_message("2")) as later:
        assert later is not None


def test_a_repeat_of_a_waiting_message_gets_no_slot_and_disturbs_nothing() -> None:
    response_slots = ResponseSlots(slots=2)
    with response_slots.slot(a_message()) as first:
        with response_slots.slot(a_message()) as repeat:
            assert repeat is None
        assert offer(response_slots, a_message(), a_delivery())
        assert first is not None
        assert first.wait(0) == a_delivery()


def test_another_message_is_not_answered_with_this_delivery() -> None:
    response_slots = ResponseSlots(slots=2)
    with response_slots.slot(a_message("1")):
        assert not offer(response_slots, a_message("2"), a_delivery())
