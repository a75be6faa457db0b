"""Several engines: who is asked what, and what is asked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain import EngineError, Query
from bot.engine_client import EngineClient
from bot.engine_client.line import AVOID_SECONDS
from bot.engine_client.seen import KEPT_SECONDS
from bot.metrics import Metrics
from tests.bot.engine_client.searching import FOUND, QUERY, SHOP, SettableClock, code_of
from tests.support.engine_server import Behaviour, Call, EngineServer, answer, cuts_its_body, error, hangs_up

WRITES = {"POST /v1/knowledge-bases/shop/refresh", "DELETE /v1/knowledge-bases/shop/entries/1"}


class Fleet:
    """A publisher and two followers, and a client that knows all three."""

    def __init__(self, clock: SettableClock, *engines: EngineServer) -> None:
        self.clock = clock
        self.publisher, *self.followers = engines
        self.metrics = Metrics()
        self.client = EngineClient(
            self.publisher.url,
            clock=clock,
            followers=[each.url for each in self.followers],
            metrics=self.metrics,
            answer_seconds=1.0,
        )

    def heard(self) -> list[list[str]]:
        """What each engine was asked since this was looked at last, the publisher first."""
        engines = [self.publisher, *self.followers]
        heard = [[f"{each.method} {each.path}" for each in engine.heard] for engine in engines]
        for engine in engines:
            engine.heard.clear()
        return heard


def found(number: int = 0) -> Behaviour:
    return answer(200, {**FOUND, "snapshot_number": number})


def an_engine_of(call: Call) -> None:
    if call.heard.path == "/v1/search":
        found()(call)
    elif call.heard.method == "GET":
        answer(200, SHOP)(call)
    else:
        answer(202, {"refresh": "r1"})(call)


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with (
        EngineServer(an_engine_of) as one,
        EngineServer(an_engine_of) as two,
        EngineServer(an_engine_of) as three,
    ):
        fleet = Fleet(SettableClock(), one, two, three)
        yield fleet
        fleet.client.stop()


def test_questions_go_to_the_followers_in_turn(fleet: Fleet) -> None:
    for _ in range(4):
        fleet.client.search(QUERY)
    assert fleet.heard() == [[], ["POST /v1/search"] * 2, ["POST /v1/search"] * 2]


def test_what_changes_something_and_what_it_alone_knows_is_asked_of_the_publisher(fleet: Fleet) -> None:
    fleet.client.refresh("shop")
    fleet.client.remove_entry("shop", "1")
    fleet.client.report("shop")
    publisher, *followers = fleet.heard()
    assert (set(publisher) > WRITES, followers) == (True, [[], []])


@pytest.mark.parametrize(
    "trouble", [hangs_up, cuts_its_body, error(503, "not_ready"), error(429, "overloaded")]
)
def test_a_question_is_asked_once_elsewhere(fleet: Fleet, trouble: Behaviour) -> None:
    fleet.followers[0].usual = trouble
    fleet.client.search(QUERY)
    _, first, second = fleet.heard()
    assert (set(first), second) == ({"POST /v1/search"}, ["POST /v1/search"])
    assert not fleet.client.is_away


def test_who_did_not_answer_is_left_alone_for_a_while(fleet: Fleet) -> None:
    fleet.followers[0].usual = error(503, "not_ready")
    fleet.client.search(QUERY)
    fleet.heard()
    for _ in range(3):
        fleet.client.search(QUERY)
    assert fleet.heard() == [[], [], ["POST /v1/search"] * 3]
    fleet.followers[0].usual = an_engine_of
    fleet.clock.time += AVOID_SECONDS
    for _ in range(2):
        fleet.client.search(QUERY)
    assert fleet.heard() == [[], ["POST /v1/search"], ["POST /v1/search"]]


def test_the_publisher_answers_where_no_follower_does(fleet: Fleet) -> None:
    for each in fleet.followers:
        each.usual = error(503, "not_ready")
    assert code_of(fleet.client) == "away"  # once elsewhere, and no more
    assert fleet.client.search(QUERY).total == 3
    assert fleet.heard()[0] == ["POST /v1/search"]


def test_a_refusal_is_no_reason_to_ask_elsewhere(fleet: Fleet) -> None:
    fleet.followers[0].usual = error(404, "unknown_knowledge_base")
    assert code_of(fleet.client) == "unknown_knowledge_base"
    assert fleet.heard()[2] == []


def test_a_publisher_that_is_off_costs_no_answer(fleet: Fleet) -> None:
    fleet.publisher.usual = error(503, "not_ready")
    for _ in range(4):
        with pytest.raises(EngineError):
            fleet.client.refresh("shop")
    assert fleet.client.knowledge_base("shop").name == "shop"
    assert fleet.client.search(QUERY).total == 3
    assert not fleet.client.is_away


def test_no_answer_is_from_an_older_snapshot_than_one_before(fleet: Fleet) -> None:
    fleet.followers[0].usual = found(7)
    fleet.followers[1].usual = error(409, "snapshot_behind")
    numbers = [fleet.client.search(QUERY).snapshot_number for _ in range(3)]
    asked = [each.json.get("min_snapshot") for each in fleet.followers[0].heard]
    assert (numbers, asked) == ([7, 7, 7], [None, 7, 7])
    assert [each.json["min_snapshot"] for each in fleet.followers[1].heard] == [7]


def test_a_question_waits_where_each_engine_is_behind(fleet: Fleet) -> None:
    for each in fleet.followers:
        each.usual = error(409, "snapshot_behind")
    assert code_of(fleet.client) == "away"
    assert not fleet.client.is_away


def test_one_knowledge_base_says_nothing_of_another(fleet: Fleet) -> None:
    for each in fleet.followers:
        each.usual = found(7)
    fleet.client.search(QUERY)
    other = answer(200, {**FOUND, "knowledge_base": "shop", "snapshot_number": 1})
    for each in fleet.followers:
        each.usual = other
    fleet.client.search(Query("sour fruit", "shop", 0.5, 2))
    bodies = [each.json for engine in fleet.followers for each in engine.heard]
    assert [each.get("min_snapshot") for each in bodies] == [None, None]


def test_what_nobody_serves_any_more_is_forgotten(fleet: Fleet) -> None:
    for each in fleet.followers:
        each.usual = found(7)
    fleet.client.search(QUERY)
    for each in fleet.followers:
        each.usual = found(3)
    fleet.clock.time += KEPT_SECONDS
    fleet.client.search(QUERY)
    fleet.client.search(QUERY)
    bodies = [each.json for engine in fleet.followers for each in engine.heard]
    assert sorted(each.get("min_snapshot", 0) for each in bodies) == [0, 0, 3]


def test_what_was_asked_elsewhere_is_counted(fleet: Fleet) -> None:
    fleet.followers[0].usual = error(503, "not_ready")
    fleet.client.search(QUERY)
    assert fleet.metrics.registry.get_sample_value("kbdial_bot_engine_retried_total") == 1


def test_one_engine_is_asked_for_whatever_it_serves() -> None:
    with EngineServer(found(7)) as server:
        client = EngineClient(server.url, clock=SettableClock())
        client.search(QUERY)
        client.search(QUERY)
        client.stop()
    assert ["min_snapshot" in each.json for each in server.heard] == [False, False]
