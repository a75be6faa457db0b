from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.commands.base.rate_limit import MOST_KEYS, FailedAttempts
from bot.domain import Channel, IncomingMessage, MessageKey, Person, Surface
from bot.responder import Throttle
from tests.bot.store.building import HandClock


def a_question(person: str = "U1", channel: str = "C1") -> IncomingMessage:
    return IncomingMessage(
        channel=Channel("slack", "T1", channel),
        person=Person("slack", "T1", person),
        keys=(MessageKey("event", "1"),),
        surface=Surface.MESSAGE,
    )


def test_one_flooding_person_leaves_the_others_alone() -> None:
    throttle = Throttle(HandClock(), person=2, channel=60)
    assert [throttle.allows(a_question("U1")) for _ in range(4)] == [True, True, False, False]
    assert throttle.allows(a_question("U2"))


def test_a_flooded_channel_leaves_the_others_alone() -> None:
    throttle = Throttle(HandClock(), person=20, channel=2)
    assert [throttle.allows(a_question(f"U{number}")) for number in range(3)] == [True, True, False]
    assert throttle.first_refusal(a_question("U9")) == "channel"
    assert throttle.allows(a_question("U9", "C2"))


def test_the_refusal_is_told_once_a_window() -> None:
    clock = HandClock()
    throttle = Throttle(clock, person=1, channel=60)
    told = []
    for _ in range(2):
        throttle.allows(a_question())
        told += [throttle.first_refusal(a_question()) for _ in range(3)]
        clock.go_on(60)
    assert told == ["person", None, None, "person", None, None]


def test_what_was_refused_does_not_count() -> None:
    clock = HandClock()
    throttle = Throttle(clock, person=1, channel=60)
    allowed = []
    for _ in range(7):
        allowed.append(throttle.allows(a_question()))
        clock.go_on(10)
    assert allowed == [True, False, False, False, False, False, True]


def test_memory_is_bounded() -> None:
    throttle = Throttle(HandClock(), person=1, channel=1)
    for number in range(MOST_KEYS + 100):
        throttle.allows(a_question(f"U{number}", f"C{number}"))
    assert all(len(recent._times) <= MOST_KEYS for recent in throttle._recent.values())


@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(0, 50)), max_size=60), st.integers(1, 4))
def test_no_minute_holds_more_than_the_limit(asked: list[tuple[str, float]], limit: int) -> None:
    clock = HandClock(0.0)
    throttle = Throttle(clock, person=limit, channel=1_000)
    allowed: list[tuple[str, float]] = []
    for person, pause in asked:
        clock.go_on(pause)
        earlier = sum(who == person and clock.seconds - when < 60 for who, when in allowed)
        assert throttle.allows(a_question(person)) == (earlier < limit)
        if earlier < limit:
            allowed.append((person, clock.seconds))


def test_nobodys_wrong_codes_lock_out_anybody_else() -> None:
    """SEC34. However many guess, whoever has a right code may use it."""
    attempts = FailedAttempts(HandClock())
    guessers = [Person("slack", "T1", f"U{number}") for number in range(100)]
    for guesser in guessers:
        for _ in range(5):
            attempts.count(guesser)
    assert not any(map(attempts.are_left, guessers))
    assert attempts.are_left(Person("slack", "T1", "U1000"))
