"""Streams that are not answered at once: polled from the store, by any process, until the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.domain import MessageKey, Outcome, Text
from bot.pipeline.rendezvous import ResponseSlot
from bot.platforms.wecom.fields import stream_of
from bot.process.control_socket import call
from bot.store import Admins, Database, ReplyProgress
from bot.store.leader_election import OnlyOne
from tests.bot.store.building import ANN, BOB, HandClock, Store, a_message, a_store
from tests.support.engine import a_knowledge_base
from tests.support.wecom_program import WecomProgram, a_wecom_program


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    with a_store(path, clock) as store:
        yield store


@pytest.fixture
def program(tmp_path: Path) -> Iterator[WecomProgram]:
    with a_wecom_program(tmp_path, a_knowledge_base(tmp_path / "texts", "lemon", threshold=0.5)) as program:
        yield program


def poll_for(body: dict[str, Any]) -> dict[str, Any]:
    common = {key: body[key] for key in ("aibotid", "chatid", "chattype", "from")}
    stream = stream_of(body["aibotid"], body["msgid"])
    return common | {"msgid": "poll", "msgtype": "stream", "stream": {"id": stream}}


def content_of_end(message: dict[str, Any] | None) -> str:
    """The content of the stream that this answer ends."""
    assert message is not None
    assert message["stream"]["finish"] is True
    return str(message["stream"]["content"])


def held(program: WecomProgram) -> None:
    program.settle(lambda: program.app.outbox.counts()["waiting"] == 1)


def test_a_slow_answer_is_polled_until_it_is_there(program: WecomProgram) -> None:
    door = program.engine_door
    door.open.clear()
    polls = 0

    def meanwhile() -> None:
        nonlocal polls
        polls += 1
        if polls == 3:
            door.open.set()
            held(program)

    program.wecom.meanwhile = meanwhile
    bubble = program.wecom.say("@kbdial lemon", chat="G1")
    assert bubble.texts[:3] == ["正在查询…"] * 3
    assert (bubble.polls, bubble.is_finished) == (3, True)
    assert "lemon" in bubble.text
    assert bubble.card is not None
    program.pass_time(400)
    assert "aibot/response" not in program.wecom.api.calls


def test_past_the_deadline_the_answer_follows_once(program: WecomProgram) -> None:
    door, wecom = program.engine_door, program.wecom
    door.open.clear()
    body = wecom.message("@kbdial lemon", chat="G1")
    wecom.post(body)
    program.clock.wait(331)
    late = wecom.post(poll_for(body), "poll")
    assert late is not None
    assert late["stream"] | {"id": ""} == {"id": "", "finish": True, "content": "仍在处理，稍后回复。"}
    door.open.set()
    program.settle(lambda: bool(wecom.api.seen))
    assert [(sent.to, "lemon" in sent.text) for sent in wecom.api.seen] == [("group:G1", True)]
    assert wecom.api.seen[0].text.endswith("发送 @知识库助手 /threshold 0.45 或 @知识库助手 /threshold 0.55")
    program.pass_time(4_000)
    assert wecom.api.calls.count("aibot/response") == 1


def test_an_answer_that_nobody_asks_for_goes_out_by_itself(program: WecomProgram) -> None:
    door, wecom = program.engine_door, program.wecom
    door.open.clear()
    wecom.post(wecom.message("@kbdial lemon", chat="G1"))
    door.open.set()
    held(program)
    program.pass_time(300)
    assert wecom.api.calls.count("aibot/response") == 0
    program.pass_time(40)
    program.settle(lambda: "aibot/response" in wecom.api.calls)
    assert wecom.api.calls.count("aibot/response") == 1


def test_a_held_answer_holds_up_nothing_in_its_room(program: WecomProgram) -> None:
    door, wecom = program.engine_door, program.wecom
    door.open.clear()
    wecom.post(wecom.message("@kbdial lemon", chat="G1"))
    door.open.set()
    held(program)
    assert wecom.say("@kbdial /threshold", chat="G1").polls == 0


def test_many_polls_at_once_collect_an_answer_once(program: WecomProgram) -> None:
    door, wecom = program.engine_door, program.wecom
    door.open.clear()
    body = wecom.message("@kbdial lemon", chat="G1")
    wecom.post(body)
    door.open.set()
    held(program)
    with ThreadPoolExecutor(8) as polling:
        answers = list(polling.map(lambda _: wecom.post(poll_for(body), "poll"), range(16)))
    contents = {answer["stream"]["content"] for answer in answers if answer and answer["stream"]["finish"]}
    assert len(contents) == 1
    program.pass_time(400)
    assert wecom.api.calls.count("aibot/response") == 0


def test_an_answer_of_a_late_store_is_shown_once(program: WecomProgram) -> None:
    """Stored as gone with a response that went without it, and shown to whoever asked again."""
    wecom = program.wecom
    body = wecom.message("@kbdial lemon", chat="G1")
    assert "lemon" in content_of_end(wecom.post(body))
    assert "lemon" in content_of_end(wecom.post(poll_for(body), "poll"))
    program.app.outbox.take_back(1)  # so does a worker to whom the store gave no answer in time
    program.pass_time(400)
    assert "aibot/response" not in wecom.api.calls
    assert "lemon" in content_of_end(wecom.post(poll_for(body), "poll"))


def test_a_reply_that_was_taken_back_is_not_confirmed(store: Store, clock: HandClock) -> None:
    answers = ReplyProgress(store.database, clock, on_work=lambda: None)
    store.inbox.accept(a_message("m1"))
    item = store.inbox.claim()
    assert item is not None
    store.inbox.complete(item, Outcome((Text("done", "en"),)), ResponseSlot())
    store.outbox.take_back(item.id)
    assert answers.confirm(1, "in the stream") is False
    assert store.outbox.claim() is not None


def test_a_process_polls_what_another_one_answered(program: WecomProgram) -> None:
    """Two whole programs, one after the other, over one file: nothing of a stream lives in memory."""
    door, wecom = program.engine_door, program.wecom
    door.open.clear()
    body = wecom.message("@kbdial lemon", chat="G1")
    wecom.post(body)
    door.open.set()
    held(program)
    program.app.stop()
    with program.next_life():
        answer = wecom.post(poll_for(body), "poll")
        assert answer is not None
        assert answer["stream"]["finish"] is True
        assert "lemon" in answer["stream"]["content"]


def test_two_processes_share_one_stream_at_the_same_time(store: Store, path: Path, clock: HandClock) -> None:
    """On the level of the store: one accepts and answers, the other, beside it, is polled."""

    item_id = store.inbox.accept(a_message("m1")).item_id
    item = store.inbox.claim()
    assert item is not None
    other = Database(f"sqlite:///{path}")
    other.start()
    try:
        answers = ReplyProgress(other, clock, on_work=lambda: None)
        key = item.message.keys[0]
        found = answers.progress("slack", "T1", key)
        assert found is not None
        assert (found.item_id, found.state, found.replies) == (item_id, "claimed", ())

        (delivery,) = store.inbox.complete(item, Outcome((Text("done", "en"),)))
        assert answers.collect(delivery.id, "in the stream") is False  # somebody is sending it
        store.outbox.hold(delivery, clock.steady() + 100)
        assert store.outbox.claim() is None
        found = answers.progress("slack", "T1", key)
        assert found is not None
        assert [(kept.state, kept.reply) for kept in found.replies] == [("waiting", Text("done", "en"))]
        assert answers.collect(delivery.id, "in the stream") is True
        assert answers.collect(delivery.id, "in the stream") is False
        clock.go_on(200)
        assert store.outbox.claim() is None
    finally:
        other.stop()


def test_a_message_nobody_accepted_has_no_progress(store: Store, clock: HandClock) -> None:

    assert (
        ReplyProgress(store.database, clock, on_work=lambda: None).progress("w", "t", MessageKey("k", "x"))
        is None
    )


def test_a_code_makes_one_admin_and_not_for_ever(store: Store, clock: HandClock) -> None:
    admins = Admins(store.database, clock)
    code, late = admins.new_code(), admins.new_code()
    assert [admins.claim(code, ANN), admins.claim(code, ANN), admins.claim(code, BOB)] == [True, True, False]
    clock.go_on(15 * 60)
    assert admins.claim(late, BOB) is False
    assert (admins.includes(ANN), admins.includes(BOB)) == (True, False)
    assert admins.of("slack", "T1") == (ANN,)


class PaperElection:
    def __init__(self, *results: bool) -> None:
        self._results = list(results)
        self.has_withdrawn = False

    def is_won(self) -> bool:
        return self._results.pop(0)

    def withdraw(self) -> None:
        self.has_withdrawn = True


class Recorded:
    def __init__(self) -> None:
        self.events: list[str] = []

    def start(self) -> None:
        self.events.append("start")

    def stop(self) -> None:
        self.events.append("stop")


def test_a_connection_runs_where_the_lock_is_held_and_stops_where_it_is_lost() -> None:
    part, election = Recorded(), PaperElection(False, True, True, False, True)
    only = OnlyOne(part, election)
    assert [only.step() for _ in range(5)] == [False, True, True, False, True]
    only.stop()
    assert part.events == ["start", "stop", "start", "stop"]
    assert election.has_withdrawn


def test_a_connected_robot_greets_and_says_when_its_connection_is_over(tmp_path: Path) -> None:
    with a_wecom_program(tmp_path, a_knowledge_base(tmp_path / "texts", "lemon"), socket=True) as program:
        wecom = program.socket
        assert wecom is not None
        request = wecom.enter()
        program.settle(lambda: bool(wecom.shown))
        assert (wecom.shown[0].request, "/help" in wecom.shown[0].text) == (request, True)
        assert call(program.settings.bot.data_dir, "connections", {}, print) == {"inside": "live"}
        wecom.evict()
        counted = b'kbdial_bot_connections_over_total{platform="wecom"} 1.0'
        program.settle(lambda: counted in program.app.metrics.text())
        assert wecom.subscriptions == 1
        assert call(program.settings.bot.data_dir, "connections", {}, print) == {"inside": "evicted"}


def test_operators_are_told_in_the_group_of_a_webhook(tmp_path: Path) -> None:
    """Of a connection that is over and of a reply that was given up, each once."""
    with a_wecom_program(tmp_path, a_knowledge_base(tmp_path / "texts", "lemon"), socket=True) as program:
        wecom, api = program.socket, program.wecom.api
        assert wecom is not None
        program.settle(lambda: program.connections() == {"inside": "live"})
        program.app.alerts.look()
        wecom.evict()
        program.settle(lambda: program.connections() == {"inside": "evicted"})
        api.fail("message/send", 81013)
        program.application.say("/language")
        program.settle(lambda: program.app.outbox.counts()["dead"] == 1)
        for _ in range(3):
            program.app.alerts.look()
        assert [(sent.to, sent.kind) for sent in api.seen] == [("KEY1", "text"), ("KEY1", "text")]
        assert "bot letters" in api.seen[0].text
        assert "长连接已断开" in api.seen[1].text


def test_a_digest_is_pushed_over_the_connection(tmp_path: Path) -> None:
    with a_wecom_program(tmp_path, a_knowledge_base(tmp_path / "texts", "lemon"), socket=True) as program:
        wecom = program.socket
        assert wecom is not None
        for line in ("/gaps digest daily 9", "fig"):
            wecom.say(f"@kbdial {line}")
        program.settle(lambda: len(wecom.shown) == 2)
        program.clock.wait(86_400)
        program.app.scheduled_messages.look()
        program.settle(lambda: len(wecom.shown) == 3)
        assert (wecom.shown[2].request, wecom.shown[2].chat) == ("", "G1")
        assert "fig" in wecom.shown[2].text


def test_a_digest_is_refused_where_the_bot_can_only_answer(tmp_path: Path) -> None:
    with a_wecom_program(tmp_path, a_knowledge_base(tmp_path / "texts", "lemon")) as program:
        assert "WECOM.zh.md" in program.wecom.say("@kbdial /gaps digest daily 9").text
        program.clock.wait(86_400)
        assert program.app.scheduled_messages.look() == 0
