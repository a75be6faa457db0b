"""WeCom's ways in under attack: forged, old, broken and oversized requests, and guessed codes."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bot.platforms.wecom.callbacks import call, rows, sign
from tests.bot.platforms.wecom.mutations import junk, messages, mutated
from tests.bot.platforms.wecom.vectors import vectors
from tests.support import wecom_codec as codec
from tests.support.wecom import HttpAnswer
from tests.support.wecom_program import KEY, SECRET_WORDS, WecomProgram

QUERY = ("msg_signature", "timestamp", "nonce", "echostr")


def raw(program: WecomProgram, inner: bytes) -> HttpAnswer:
    """A correctly encrypted and signed callback with these bytes inside."""
    return call(program, codec.encrypt(KEY, inner.decode(), ""))


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


def test_wrong_codes_are_limited(program: WecomProgram) -> None:
    said = [
        program.wecom.say(f"/admin claim WRONG{number}", chat="", user="guesser").text for number in range(7)
    ]
    assert sum("代码不对" in one for one in said) == 5
    assert "太多" in said[-1]
