"""WeCom's ways in, end to end: real envelopes, real store, real workers, and a recording WeCom."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from engine.config import KnowledgeBase
from tests.bot.platforms.wecom.mutations import junk, messages, mutated
from tests.bot.platforms.wecom.vectors import vector, vectors
from tests.support import wecom_codec as codec
from tests.support.wecom import HttpAnswer
from tests.support.wecom_program import KEY, SECRET_WORDS, WecomProgram, a_wecom_program

QUERY = ("msg_signature", "timestamp", "nonce", "echostr")
LONG = "\n".join(f"{'鱼' * 400} {number}" for number in range(60))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WecomProgram]:
    folder = tmp_path_factory.mktemp("wecom")
    (folder / "words.txt").write_text("lemon\nmelon\nfig\n")
    (folder / "long.txt").write_text(LONG)
    (folder / "hostile.jsonl").write_text(
        "\n".join(
            json.dumps({"text": f"angel {index}", "answer": answer}) for index, answer in enumerate(HOSTILE)
        )
    )
    bases = (
        KnowledgeBase(name="default", source=str(folder / "words.txt"), refresh="manual"),
        KnowledgeBase(name="long", source=str(folder / "long.txt"), refresh="manual"),
        KnowledgeBase(name="hostile", source=str(folder / "hostile.jsonl"), refresh="manual"),
    )
    with a_wecom_program(folder, *bases) as program:
        yield program


HOSTILE = (
    "<@all> <@zhangsan>",
    "[https://bank.test](https://evil.test)",
    "![](https://track.test/x.png)",
    "javascript:alert(1) data:text/html,x",
    '<font color="warning">x</font> ](',
)


def rows(program: WecomProgram, query: str) -> list[Any]:
    database = create_engine(program.settings.bot.database_url)
    with database.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    database.dispose()
    return found


def call(
    program: WecomProgram, encrypted: str, *, path: str = "/wecom/robot/support", **query: str
) -> HttpAnswer:
    signed = sign(program, encrypted) | query
    body = json.dumps({"encrypt": encrypted}).encode()
    return program.wecom.callback("POST", path, signed, body)


def sign(program: WecomProgram, encrypted: str, *, seconds_ago: float = 0) -> dict[str, str]:
    timestamp = str(int(program.clock.seconds - seconds_ago))
    signature = codec.signature("Tok3nOfTheDesk", timestamp, "n1", encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": "n1"}


def raw(program: WecomProgram, inner: bytes) -> HttpAnswer:
    """A correctly encrypted and signed callback with these bytes inside."""
    return call(program, codec.encrypt(KEY, inner.decode(), ""))


# Section 13 of the protocol sheet.


def test_a_repeated_command_changes_once_and_gets_the_same_stream_and_content(program: WecomProgram) -> None:
    body = program.wecom.message("@知识库助手 /threshold 0.65", chat="once")
    first, second = program.wecom.post(body), program.wecom.post(body)
    assert first == second
    assert first is not None
    assert first["stream"]["finish"] is True
    changed = rows(program, "SELECT old, new FROM setting_change WHERE channel LIKE '%:group:once'")
    assert changed == [(None, "0.65")]


def test_a_lost_answer_is_given_again_and_the_question_asked_once(program: WecomProgram) -> None:
    program.wecom.lose_answers(2)
    bubble = program.wecom.say("@知识库助手 lemon", chat="lost")
    assert (bubble.calls, bubble.is_finished) == (3, True)
    assert "lemon" in bubble.text
    assert bubble.card is not None
    assert rows(program, "SELECT count(*) FROM asked WHERE channel LIKE '%:group:lost'") == [(1,)]


def test_a_poll_for_a_stream_that_nobody_knows_ends_it(program: WecomProgram) -> None:
    body = program.wecom.message("x", chat="G1")
    poll = {key: body[key] for key in ("msgid", "aibotid", "chatid", "chattype", "from")}
    answer = program.wecom.post(poll | {"msgtype": "stream", "stream": {"id": "s-unknown"}}, "poll")
    assert answer is not None
    assert answer["stream"] == {
        "id": "s-unknown",
        "finish": True,
        "content": "这条回答已经过期，请重新提问。",
    }


def test_a_stream_is_told_to_its_own_room_only(program: WecomProgram) -> None:
    bubble = program.wecom.say("@知识库助手 lemon", chat="mine")
    body = program.wecom.message("x", chat="other")
    poll = {key: body[key] for key in ("msgid", "aibotid", "chatid", "chattype", "from")}
    answer = program.wecom.post(poll | {"msgtype": "stream", "stream": {"id": bubble.stream}}, "poll")
    assert answer is not None
    assert "lemon" not in answer["stream"]["content"]


def test_a_long_answer_is_cut_at_a_line_and_the_rest_follows(program: WecomProgram) -> None:
    wecom = program.wecom
    for line in ("/kb use long", "/limit 20", "/threshold 0"):
        wecom.say(f"@知识库助手 {line}", chat="long")
    seen = len(wecom.api.seen)
    bubble = wecom.say("@知识库助手 鱼", chat="long")
    program.settle(lambda: len(wecom.api.seen) > seen)
    after = wecom.api.seen[-1]
    assert bubble.text.endswith("（未完，见下一条）")
    assert after.to == "group:long"
    shown = [line for line in (bubble.text + "\n" + after.text).splitlines() if line.startswith("**")]
    assert [line.split(".")[0] for line in shown] == [f"**{rank}" for rank in range(1, 21)]


def test_entering_a_chat_without_ids_greets(program: WecomProgram) -> None:
    assert "/help" in program.wecom.enter("newcomer")


@pytest.mark.parametrize("name", ["aibot-echostr", "official-url-verify"])
def test_verification_gives_back_the_exact_bytes(name: str, program: WecomProgram) -> None:
    """The vectors have keys and times of their own, so only their plaintext is used here."""
    plain = vector(name)["plaintext"]
    echo = codec.encrypt(KEY, plain, "")
    answer = program.wecom.callback(
        "GET", "/wecom/robot/support", sign(program, echo) | {"echostr": echo}, b""
    )
    assert (answer.status, answer.body) == (200, plain.encode())


def test_a_message_and_a_press_of_one_number_both_count(program: WecomProgram) -> None:
    """REL34. The first to come takes nothing from the second, and a repeat of either is one still."""
    wecom = program.wecom
    bubble = wecom.say("@知识库助手 fig", chat="numbers", msgid="n-77")
    wecom.press(bubble, "threshold:0.35", msgid="n-77")
    wecom.press(bubble, "threshold:0.30", msgid="n-78")
    asked = [
        wecom.post(wecom.message("@知识库助手 /threshold 0.65", chat="numbers", msgid="n-78")) for _ in "ab"
    ]
    assert asked[0] == asked[1]
    changed = rows(program, "SELECT new FROM setting_change WHERE channel LIKE '%:group:numbers' ORDER BY id")
    assert [new for (new,) in changed] == ["0.35", "0.30", "0.65"]


@pytest.mark.parametrize("path", ["/wecom/robot/support", "/wecom/app/support"])
@pytest.mark.parametrize(
    "plain",
    [
        '{"msgtype":"text"}',
        ' \n{"msgtype":"text","text":{"content":"salary"}}',
        "[1]",
        "<xml><Content>salary</Content></xml>",
        '<?xml version="1.0"?><xml/>',
        "\n<XML></XML>",
        "谁的工资",
        "a number, and more of it" * 20,
        "two\nlines",
        "",
    ],
)
def test_verification_gives_back_nothing_that_may_be_a_message(
    path: str, plain: str, program: WecomProgram
) -> None:
    """SEC43. Its signature holds, for it was seen on a callback."""
    echo = codec.encrypt(KEY, plain, "ww1" if "app" in path else "")
    answer = program.wecom.callback("GET", path, sign(program, echo) | {"echostr": echo}, b"")
    assert (answer.status, answer.body) == (401, b"")


def test_no_callback_and_no_answer_of_ours_is_read_out_by_the_verification(program: WecomProgram) -> None:
    """SEC43. What passed between WeCom and us, shown to the route once more with its own signature."""
    passed: list[tuple[dict[str, str], str]] = []
    deliver = program.wecom.callback

    def overheard(method: str, path: str, query: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = deliver(method, path, query, body)
        passed.append((dict(query), json.loads(body)["encrypt"]))
        sealed = json.loads(answer.body)
        ours = {
            "msg_signature": sealed["msgsignature"],
            "timestamp": str(sealed["timestamp"]),
            "nonce": sealed["nonce"],
        }
        passed.append((ours, sealed["encrypt"]))
        return answer

    program.wecom.callback = overheard
    program.wecom.post(program.wecom.message("@知识库助手 /threshold", chat="overheard"))
    program.wecom.callback = deliver
    assert len(passed) == 2
    for query, encrypted in passed:
        answer = deliver("GET", "/wecom/robot/support", query | {"echostr": encrypted}, b"")
        assert (answer.status, answer.body) == (401, b"")


def test_a_verification_that_looks_like_a_page_is_plain_text(program: WecomProgram) -> None:
    """SEC06."""
    echo = codec.encrypt(KEY, "<img src=x onerror=alert(1)>", "")
    query = sign(program, echo) | {"echostr": echo}
    answer = program.client.get("/wecom/robot/support", query_string=query)
    assert (answer.status_code, answer.data) == (200, b"<img src=x onerror=alert(1)>")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_operator_who_looks_at_the_address_reads_a_plain_line(program: WecomProgram) -> None:
    for path in ("/wecom/robot/support", "/wecom/app/support"):
        answer = program.wecom.callback("GET", path, {}, b"")
        assert answer.status == 200
        assert b"kbdial listens here" in answer.body


def test_an_unknown_name_is_404(program: WecomProgram) -> None:
    for path in ("/wecom/robot/nobody", "/wecom/app/nobody"):
        assert program.wecom.callback("GET", path, {}, b"").status == 404
        assert program.wecom.callback("POST", path, {}, b"{}").status == 404


# Security.


def test_a_callback_of_yesterday_is_refused(program: WecomProgram) -> None:
    """SEC04, first half."""
    encrypted = codec.encrypt(KEY, json.dumps(program.wecom.message("lemon")), "")
    query = sign(program, encrypted, seconds_ago=86_400)
    body = json.dumps({"encrypt": encrypted}).encode()
    assert program.wecom.callback("POST", "/wecom/robot/support", query, body).status == 401


def test_many_callbacks_of_another_hour_mean_a_wrong_clock(program: WecomProgram) -> None:
    """REL11."""
    program.wecom.post(program.wecom.message("lemon"), "message")
    for _ in range(15):
        encrypted = codec.encrypt(KEY, json.dumps(program.wecom.message("lemon")), "")
        query = sign(program, encrypted, seconds_ago=3600)
        body = json.dumps({"encrypt": encrypted}).encode()
        assert program.wecom.callback("POST", "/wecom/robot/support", query, body).status == 401
    health = program.wecom.callback("GET", "/healthz", {}, b"")
    assert "signed requests are out of date" in json.loads(health.body)["clock"]


def test_an_event_of_yesterday_in_a_fresh_envelope_is_put_aside(program: WecomProgram) -> None:
    """SEC04, second half."""
    body = {
        "msgid": "stale-1",
        "aibotid": "AIBOT1",
        "from": {"userid": "lisi"},
        "msgtype": "event",
        "create_time": int(program.clock.seconds) - 86_400,
        "event": {"eventtype": "enter_chat"},
    }
    before = rows(program, "SELECT count(*) FROM quarantine")[0][0]
    assert program.wecom.post(body, "enter") is None
    assert rows(program, "SELECT count(*) FROM quarantine")[0][0] == before + 1


WRONG_BLOCKS: dict[str, Callable[[], str]] = {
    "not base64": lambda: "!" * 128,
    "half a block": lambda: base64.b64encode(os.urandom(88)).decode(),
    "pad of 0": lambda: sealed(bytes(64)),
    "pad over 32": lambda: sealed(bytes([33]) * 64),
    "uneven pad": lambda: sealed(bytes(60) + b"\x01\x02\x03\x04"),
    "length past the end": lambda: sealed(bytes(16) + b"\xff" * 4 + b"\x0c" * 44),
    "foreign receiver": lambda: codec.encrypt(KEY, "{}", "ww-other"),
    "receiver not UTF-8": lambda: sealed(bytes(20) + b"\xff" * 32 + b"\x0c" * 12),
}


def sealed(block: bytes) -> str:
    key = base64.b64decode(KEY + "=")
    work = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(work.update(block) + work.finalize()).decode()


def test_the_same_bytes_are_put_aside_once(program: WecomProgram) -> None:
    encrypted = codec.encrypt(KEY, json.dumps({"msgid": "odd", "msgtype": "text"}), "")
    before = rows(program, "SELECT count(*) FROM quarantine")[0][0]
    assert [call(program, encrypted).status for _ in range(3)] == [200] * 3
    assert rows(program, "SELECT count(*) FROM quarantine")[0][0] == before + 1


def test_what_is_not_authentic_is_401_and_tells_nothing_apart(
    program: WecomProgram, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC05: every wrong ciphertext is the same empty answer, whichever step refused it."""
    good = codec.encrypt(KEY, json.dumps(program.wecom.message("lemon")), "")
    wrong = {
        "no signature": call(program, good, msg_signature="0" * 40),
        "empty": call(program, ""),
        "other key": call(program, codec.encrypt("A" * 43, "{}", "")),
        "not ascii": call(program, good, msg_signature="é" * 40),
    } | {name: call(program, encrypted()) for name, encrypted in WRONG_BLOCKS.items()}
    with caplog.at_level(logging.DEBUG):
        assert wrong == dict.fromkeys(wrong, HttpAnswer(401, b"", "text/html; charset=utf-8"))
    assert not any(word in caplog.text for word in SECRET_WORDS)


def test_a_parameter_that_is_given_twice_proves_nothing(program: WecomProgram) -> None:
    encrypted = codec.encrypt(KEY, json.dumps(program.wecom.message("lemon")), "")
    signed = sign(program, encrypted)
    body = json.dumps({"encrypt": encrypted}).encode()
    for name in signed:
        query = urlencode([*signed.items(), (name, signed[name])])
        answer = program.client.post(f"/wecom/robot/support?{query}", data=body)
        assert (answer.status_code, answer.data) == (401, b"")
    echo = urlencode([*signed.items(), ("echostr", encrypted), ("echostr", encrypted)])
    assert program.client.get(f"/wecom/robot/support?{echo}").status_code == 401
    once = program.client.post(f"/wecom/robot/support?{urlencode(signed)}", data=body)
    assert once.status_code == 200


@pytest.mark.soak
def test_no_refusal_can_be_told_from_another_by_its_time(program: WecomProgram) -> None:
    """SEC05: medians within a fifth of each other, asked in turn so that the machine's moods cancel out."""
    times: dict[str, list[float]] = {name: [] for name in WRONG_BLOCKS}
    for _ in range(1_000):
        for name, encrypted in WRONG_BLOCKS.items():
            wrong = encrypted()
            query, body = sign(program, wrong), json.dumps({"encrypt": wrong}).encode()
            began = time.perf_counter()
            answer = program.wecom.callback("POST", "/wecom/robot/support", query, body)
            times[name].append(time.perf_counter() - began)
            assert (answer.status, answer.body) == (401, b"")
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    assert max(medians.values()) <= 1.2 * min(medians.values()), medians


def test_two_encrypted_elements_are_400(program: WecomProgram) -> None:
    encrypted = codec.encrypt(KEY, "<xml/>", "ww1")
    body = f"<xml><Encrypt>{encrypted}</Encrypt><Encrypt>{encrypted}</Encrypt></xml>".encode()
    query = sign(program, encrypted)
    assert program.wecom.callback("POST", "/wecom/app/support", query, body).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><Encrypt>&a;</Encrypt></xml>",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><xml><Encrypt>&a;</Encrypt></xml>",
        b"<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'><xml/>",
    ],
)
def test_entities_are_refused_before_they_are_expanded(body: bytes, program: WecomProgram) -> None:
    """SEC11, in the envelope and inside it."""
    assert program.wecom.callback("POST", "/wecom/app/support", sign(program, "x"), body).status == 400
    encrypted = codec.encrypt(KEY, body.decode(), "ww1")
    outer = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    assert program.wecom.callback("POST", "/wecom/app/support", sign(program, encrypted), outer).status == 400


def test_deep_nesting_is_400_and_the_next_request_is_served(program: WecomProgram) -> None:
    """SEC12, as deep as the limit on bodies lets it be."""
    assert raw(program, b"[" * 20_000).status == 400
    encrypted = codec.encrypt(KEY, "<a>" * 8_000, "ww1")
    outer = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    assert program.wecom.callback("POST", "/wecom/app/support", sign(program, encrypted), outer).status == 400
    assert program.wecom.say("@知识库助手 /threshold", chat="G1").is_finished


def test_a_large_body_is_413_and_an_inflated_one_415(program: WecomProgram) -> None:
    client = program.client
    assert client.post("/wecom/robot/support", data=b"x" * 65_537).status_code == 413
    chunked = client.post(
        "/wecom/robot/support",
        input_stream=io.BytesIO(b" " * 70_000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert chunked.status_code == 413
    zipped = client.post("/wecom/robot/support", data=b"x", headers={"Content-Encoding": "gzip"})
    assert zipped.status_code == 415


@pytest.mark.parametrize("case", vectors("negative"), ids=lambda case: case["id"])
def test_no_negative_vector_gets_further_than_a_short_refusal(
    case: dict[str, Any], program: WecomProgram
) -> None:
    body = json.dumps({"encrypt": case.get("encrypt", "")}).encode()
    query = {name: str(case.get(name, "")) for name in ("msg_signature", "timestamp", "nonce")}
    answer = program.wecom.callback("POST", "/wecom/robot/support", query, body)
    assert (answer.status, answer.body) == (401, b"")


@settings(max_examples=60)
@given(mutated(messages(aibotid="AIBOT1")) | junk)
def test_no_authentic_body_is_more_than_a_refusal(program: WecomProgram, body: Any) -> None:
    answer = call(program, codec.encrypt(KEY, json.dumps(body), ""))
    assert answer.status in {200, 400}


@settings(max_examples=60)
@given(st.binary(max_size=300), st.dictionaries(st.sampled_from(QUERY), st.text(max_size=40)))
@pytest.mark.parametrize("path", ["/wecom/robot/support", "/wecom/app/support"])
def test_no_request_is_more_than_a_refusal(
    path: str, program: WecomProgram, body: bytes, query: dict[str, str]
) -> None:
    for method in ("GET", "POST"):
        answer = program.wecom.callback(method, path, query, body)
        assert answer.status in {400, 401} or (method, query) == ("GET", {})


def test_an_event_without_an_id_is_answered_once(program: WecomProgram) -> None:
    """SEC08: an application's press carries no id of its own."""
    program.application.say("/threshold 0.5", user="lisi")
    program.settle()
    card = next(sent for sent in reversed(program.wecom.api.seen) if sent.kind == "template_card")
    task = card.body["task_id"]
    program.application.lose_answers(2)
    program.application.press("threshold:0.55", task, user="lisi")
    program.settle()
    changes = rows(program, "SELECT new FROM setting_change WHERE channel LIKE '%:app:1000002:lisi'")
    assert changes == [("0.50",), ("0.55",)]


def test_foreign_text_rings_nobody_and_forges_no_link(program: WecomProgram) -> None:
    """SEC22, SEC23: in the stream, in a later reply, and through the application."""
    wecom = program.wecom
    for line in ("/kb use hostile", "/threshold 0"):
        wecom.say(f"@知识库助手 {line}", chat="hostile")
        program.application.say(line, user="lisi")
        program.settle()
    seen = len(wecom.api.seen)
    bubble = wecom.say("@知识库助手 angel <@all>", chat="hostile")
    wecom.press(bubble, "threshold:0.05")
    program.application.say("angel <@all>", user="lisi")
    program.settle(lambda: len(wecom.api.seen) >= seen + 3)
    later, answer, card = sorted(wecom.api.seen[seen:], key=lambda sent: (sent.to, sent.kind))
    assert (later.to, answer.to, card.kind) == ("group:hostile", "lisi", "template_card")
    assert wecom.rung == []
    assert wecom.api.rung == []
    for shown in (bubble.text, later.text, answer.text):
        assert "angel" in shown
        # An address may be a link to itself, and to nothing else.
        without_itself = shown.replace("[https://evil.test](https://evil.test)", "")
        for forged in ("](https://evil.test)", "![](", "<@all>", "<@zhangsan>"):
            assert forged not in without_itself


# Files.


def test_a_file_follows_through_the_webhook_that_stands_in_the_group(program: WecomProgram) -> None:
    wecom = program.wecom
    wecom.say("@知识库助手 lemon", chat="exporting")
    bubble = wecom.say("@知识库助手 /export", chat="exporting")
    program.settle(lambda: any(sent.to == "KEY2" for sent in wecom.api.seen))
    assert "/console/export/" in bubble.text
    assert [(sent.kind, sent.text) for sent in wecom.api.seen if sent.to == "KEY2"] == [("file", "")]
    ((name, content),) = wecom.api.files.values()
    assert name.endswith(".csv")
    assert b"lemon" in content


# Rating.


def test_thumbs_under_an_answer_of_one_match_are_a_vote_and_others_are_counted(program: WecomProgram) -> None:
    wecom = program.wecom
    wecom.say("@知识库助手 /limit 1", chat="G1")
    one = wecom.say("@知识库助手 fig", chat="G1")
    several = wecom.say("@知识库助手 lemon", chat="rated")
    wecom.rate(one.stream, accurate=True)
    wecom.rate(several.stream, accurate=False)
    wecom.rate("s-unknown")
    program.settle()
    assert rows(program, "SELECT person, relevant FROM label") == [("wecom:AIBOT1:lisi", 1)]
    assert b'reason="rated inaccurate"' in program.app.metrics.text()


# Admins.


def test_an_admin_is_made_by_a_code_once(program: WecomProgram) -> None:
    code = program.app.admins.new_code()
    wecom = program.wecom
    assert "现在是管理员" in wecom.say(f"/admin claim {code.lower()}", chat="", user="boss").text
    assert "代码不对" in wecom.say(f"/admin claim {code}", chat="", user="thief").text
    assert rows(program, "SELECT person FROM admin") == [("wecom:AIBOT1:boss",)]
    assert code.replace("-", "") not in str(rows(program, "SELECT * FROM admin_code"))


def test_wrong_codes_are_limited(program: WecomProgram) -> None:
    said = [
        program.wecom.say(f"/admin claim WRONG{number}", chat="", user="guesser").text for number in range(7)
    ]
    assert sum("代码不对" in one for one in said) == 5
    assert "太多" in said[-1]
