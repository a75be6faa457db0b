"""A waiting request and a worker meet at most once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey, Person, Surface, Text
from bot.pipeline.rendezvous import Handover, Seat


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
    handover = Handover(seats=1)
    with handover.seat(a_message()) as seat:
        assert seat is not None
        worker = threading.Thread(target=handover.offer, args=(a_message(), a_delivery()))
        worker.start()
        assert seat.wait(5) == a_delivery()
        worker.join()


def test_an_answer_before_anybody_waits_is_not_lost() -> None:
    handover = Handover(seats=1)
    with handover.seat(a_message()) as seat:
        assert seat is not None
        assert handover.offer(a_message(), a_delivery())
        assert seat.wait(0) == a_delivery()


def test_an_answer_that_comes_too_late_stays_with_the_worker() -> None:
    handover = Handover(seats=1)
    with handover.seat(a_message()) as seat:
        assert seat is not None
        assert seat.wait(0) is None
        assert not handover.offer(a_message(), a_delivery())
    assert not handover.offer(a_message(), a_delivery())


def test_what_does_not_fit_a_response_stays_with_the_worker() -> None:
    handover = Handover(seats=1)
    with handover.seat(a_message(), takes=lambda _: False) as seat:
        assert seat is not None
        assert not handover.offer(a_message(), a_delivery())


def test_a_seat_takes_one_delivery() -> None:
    seat = Seat()
    assert seat.offer(a_delivery())
    assert not seat.offer(a_delivery())


def test_questions_wait_only_while_there_are_seats() -> None:
    handover = Handover(seats=1)
    with handover.seat(a_message("1")) as first, handover.seat(a_message("2")) as second:
        assert first is not None
        assert second is None
        with handover.seat(a_message("3"), bounded=False) as command:
            assert command is not None
    with handover.seat(a_message("2")) as later:
        assert later is not None


def test_a_repeat_of_a_waiting_message_gets_no_seat_and_disturbs_nothing() -> None:
    handover = Handover(seats=2)
    with handover.seat(a_message()) as first:
        with handover.seat(a_message()) as repeat:
            assert repeat is None
        assert handover.offer(a_message(), a_delivery())
        assert first is not None
        assert first.wait(0) == a_delivery()


def test_another_message_is_not_answered_with_this_delivery() -> None:
    handover = Handover(seats=2)
    with handover.seat(a_message("1")):
        assert not handover.offer(a_message("2"), a_delivery())
