from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Clock
from bot.platforms.wecom.cipher import BadKey, aes_key, decrypt_padded, encrypt_padded
from bot.platforms.wecom.envelope import Envelope, Refused, Signed
from bot.platforms.wecom.seen_signatures import SeenSignatures
from tests.bot.platforms.wecom.vectors import vector, vectors

POSITIVE = vectors("official_samples", "aibot", "application_xml", "padding_and_encoding")
TOKEN = "KbBotTestToken2026"
KEY = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"
NOW = 1790000000


class TurnedClock(Clock):
    """A clock that stands until it is turned."""

    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds
        super().__init__(wall=lambda: self.seconds, monotonic=lambda: self.seconds)


def envelope_of(one: dict[str, Any]) -> Envelope:
    return Envelope(
        token=one["token"],
        encoding_aes_key=one["encoding_aes_key"],
        receive_id=one["receive_id"],
        clock=TurnedClock(int(one["timestamp"])),
        random_bytes=lambda _count: bytes.fromhex(one.get("random_hex", "00" * 16)),
    )


def signed_of(one: dict[str, Any], **changed: str) -> Signed:
    given = {"signature": one["msg_signature"], "timestamp": one["timestamp"], "nonce": one["nonce"]}
    return Signed(**(given | changed))


def an_envelope(receive_id: str = "", clock: Clock | None = None) -> Envelope:
    return Envelope(token=TOKEN, encoding_aes_key=KEY, receive_id=receive_id, clock=clock or TurnedClock())


def as_json(encrypted: object) -> bytes:
    return json.dumps({"encrypt": encrypted}).encode()


def as_xml(encrypted: str) -> bytes:
    return f"<xml><ToUserName>ww</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def sealed(envelope: Envelope, message: bytes, timestamp: str = str(NOW), nonce: str = "n1") -> Any:
    encrypted = envelope.encrypt(message)
    return Signed(envelope.sign(timestamp, nonce, encrypted), timestamp, nonce), as_json(encrypted)


@pytest.mark.parametrize("one", POSITIVE, ids=lambda one: one["id"])
def test_every_vector_is_read_and_written_byte_for_byte(one: dict[str, Any]) -> None:
    envelope = envelope_of(one)
    assert envelope.open_json(signed_of(one), as_json(one["encrypt"])).body == one["plaintext"].encode()
    assert envelope_of(one).open_xml(signed_of(one), as_xml(one["encrypt"])).body == one["plaintext"].encode()
    assert envelope.encrypt(one["plaintext"].encode()) == one["encrypt"]
    assert envelope.sign(one["timestamp"], one["nonce"], one["encrypt"]) == one["msg_signature"]


@pytest.mark.parametrize("one", vectors("negative"), ids=lambda one: one["id"])
def test_every_forgery_is_refused_at_its_step(one: dict[str, Any]) -> None:
    for attempt in (
        lambda: envelope_of(one).open_json(signed_of(one), as_json(one["encrypt"])),
        lambda: envelope_of(one).open_xml(signed_of(one), as_xml(one["encrypt"])),
        lambda: envelope_of(one).open_echo(signed_of(one, echo=one["encrypt"])),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.step == one["expect"]
        assert not refused.value.is_malformed


@pytest.mark.parametrize("name", ["official-url-verify", "aibot-echostr", "app-echostr"])
def test_the_url_check_gets_the_exact_bytes_back(name: str) -> None:
    one = vector(name)
    query = dict(parse_qsl(one["query_string"])) if "query_string" in one else None
    signed = Signed.of(query) if query else signed_of(one, echo=one["encrypt"])
    assert envelope_of(one).open_echo(signed) == one["plaintext"].encode()


def test_a_proxy_that_decoded_the_echo_too_early_does_no_harm() -> None:
    one = vector("official-url-verify")
    query = dict(parse_qsl(one["query_string"]))
    assert "+" in query["echostr"]
    query["echostr"] = query["echostr"].replace("+", " ")
    assert envelope_of(one).open_echo(Signed.of(query)) == one["plaintext"].encode()


@pytest.mark.parametrize("name", ["official-xml-text-message"])
def test_the_published_request_body_is_read_whole(name: str) -> None:
    one = vector(name)
    opened = envelope_of(one).open_xml(signed_of(one), one["request_body"].encode())
    assert opened.body == one["plaintext"].encode()


@pytest.mark.parametrize("one", vectors("configuration"), ids=lambda one: one["id"])
def test_a_key_is_refused_only_when_it_is_none(one: dict[str, Any]) -> None:
    if one["expect"] == "ok":
        assert len(aes_key(one["encoding_aes_key"])) == 32
    else:
        with pytest.raises(BadKey):
            aes_key(one["encoding_aes_key"])


@pytest.mark.parametrize("one", vectors("media"), ids=lambda one: one["id"])
def test_a_file_is_decrypted_and_encrypted_byte_for_byte(one: dict[str, Any]) -> None:
    """The same cipher and padding; the key of a file comes with its base64 padding, or without."""
    plain, cipher = base64.b64decode(one["plain_base64"]), base64.b64decode(one["cipher_base64"])
    key = aes_key(one["key"].removesuffix("="))
    assert decrypt_padded(key, cipher) == plain
    assert encrypt_padded(key, plain) == cipher


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "abc",
        "1e9",
        "1" * 400,
        "1_700_000_0",
        "１７９００００００",
        " 1790000000",
        "179000000",
        "1790000000\n",
    ],
)
def test_only_ten_digits_are_a_timestamp(timestamp: str) -> None:
    signed, body = sealed(an_envelope(), b"{}", timestamp=timestamp)
    with pytest.raises(Refused, match="parameters"):
        an_envelope().open_json(signed, body)


@pytest.mark.parametrize("nonce", ["", "a b", "n\n", "随机", "x" * 64, "a\x00"])
def test_a_nonce_is_short_and_printable(nonce: str) -> None:
    signed, body = sealed(an_envelope(), b"{}", nonce=nonce)
    with pytest.raises(Refused, match="parameters"):
        an_envelope().open_json(signed, body)


def test_the_head_of_a_ciphertext_cannot_be_moved_into_the_nonce() -> None:
    envelope = an_envelope()
    # A nonce that sorts just before its ciphertext: their seam is not in the signature.
    encrypted = next(
        found for found in (envelope.encrypt(b"x" * 200) for _ in range(1_000)) if "2" < found[0] < "K"
    )
    signature = envelope.sign(str(NOW), "2", encrypted)
    nonce, shorter = "2" + encrypted[:64], encrypted[64:]
    moved = "".join(sorted([TOKEN, str(NOW), "2", encrypted]))
    assert moved == "".join([str(NOW), nonce, shorter, TOKEN])
    with pytest.raises(Refused, match="parameters"):
        envelope.open_json(Signed(signature, str(NOW), nonce), as_json(shorter))


@pytest.mark.parametrize(("offset", "is_fresh"), [(-301, False), (-299, True), (299, True), (301, False)])
def test_a_callback_is_taken_within_five_minutes_either_way(offset: int, is_fresh: bool) -> None:
    signed, body = sealed(an_envelope(), b"{}")
    opening = an_envelope(clock=TurnedClock(NOW - offset))
    if is_fresh:
        assert opening.open_json(signed, body).body == b"{}"
    else:
        with pytest.raises(Refused, match="stale"):
            opening.open_json(signed, body)


def test_a_wrong_signature_is_told_before_anything_is_said_of_its_age() -> None:
    signed, body = sealed(an_envelope(), b"{}", timestamp="1700000000")
    with pytest.raises(Refused, match="signature_mismatch"):
        an_envelope().open_json(Signed("0" * 40, signed.timestamp, signed.nonce), body)


def test_the_same_bytes_again_are_a_replay_for_two_hours() -> None:
    clock = TurnedClock()
    envelope = Envelope(token=TOKEN, encoding_aes_key=KEY, clock=clock, freshness_seconds=10_000)
    signed, body = sealed(envelope, b"{}")
    assert [envelope.open_json(signed, body).is_replay for _ in range(3)] == [False, True, True]
    clock.seconds += 7_199
    assert envelope.open_json(signed, body).is_replay
    clock.seconds += 1
    assert not envelope.open_json(signed, body).is_replay


def test_a_forgery_is_not_remembered() -> None:
    envelope = an_envelope()
    signed, body = sealed(an_envelope("other"), b"{}")
    with pytest.raises(Refused):
        envelope.open_json(signed, body)
    assert len(envelope._seen) == 0


def test_the_memory_of_replays_is_bounded() -> None:
    clock = TurnedClock()
    seen = SeenSignatures(clock.steady, limit=100)
    assert not any(seen.add(str(number)) for number in range(1_000))
    assert len(seen) == 100
    assert seen.add("999")
    assert not seen.add("0")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"encrypt": null}',
        b'{"encrypt": 5}',
        b'{"encrypt": "a", "encrypt": "b"}',
        b'{"encrypt": "a", "Encrypt": "b"}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"[" + b"9" * 50_000 + b"]",
        b" " * 70_000 + as_json("a"),
    ],
    ids=range(13),
)
def test_what_is_no_json_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        an_envelope().open_json(signed_of(vector("neg-empty")), body)
    assert (refused.value.step, refused.value.is_malformed) == ("envelope", True)


BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "' + b"A" * 40_000 + b'">]><xml><Encrypt>' + b"&a;" * 190 + b"</Encrypt></xml>"
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"<xml></xml>",
        b"\x00",
        b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
        b"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Encrypt>&a;</Encrypt></xml>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Encrypt>a</Encrypt></xml>',
        BOMB,
        b"<a>" * 15_000,
        b"<a>" * 200_000,
        b'<?xml version="1.0" encoding="utf-99"?><xml><Encrypt>a</Encrypt></xml>',
    ],
    ids=range(13),
)
def test_what_is_no_xml_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        an_envelope().open_xml(signed_of(vector("neg-empty")), body)
    assert (refused.value.step, refused.value.is_malformed) == ("envelope", True)


def test_a_receiver_that_is_not_utf8_is_refused_like_any_other() -> None:
    crooked = Envelope(token=TOKEN, encoding_aes_key=KEY, clock=TurnedClock())
    crooked._receive_id = b"\xff\xfe"
    signed, body = sealed(crooked, b"{}")
    with pytest.raises(Refused, match="receive_id_mismatch"):
        an_envelope().open_json(signed, body)


def test_an_answer_carries_the_nonce_of_its_request_and_a_number_as_time() -> None:
    one = vector("aibot-reply-stream-final")
    assert json.loads(envelope_of(one).seal_json(one["plaintext"].encode(), one["nonce"])) == {
        "encrypt": one["encrypt"],
        "msgsignature": one["msg_signature"],
        "timestamp": int(one["timestamp"]),
        "nonce": one["nonce"],
    }


def test_an_xml_answer_opens_again() -> None:
    one = vector("app-reply-text")
    answer = envelope_of(one).seal_xml(one["plaintext"].encode(), "<&>").decode()
    assert f"<Encrypt>{one['encrypt']}</Encrypt>" in answer
    assert f"<Nonce>{escape('<&>')}</Nonce>" in answer
    assert f"<TimeStamp>{one['timestamp']}</TimeStamp>" in answer


@given(st.binary(max_size=3_000), st.text(max_size=30), st.text("abc019-_", min_size=1, max_size=63))
def test_any_message_comes_back_as_it_went_in(message: bytes, receive_id: str, nonce: str) -> None:
    envelope = Envelope(token=TOKEN, encoding_aes_key=KEY, receive_id=receive_id, clock=TurnedClock())
    sent = json.loads(envelope.seal_json(message, nonce))
    signed = Signed(sent["msgsignature"], str(sent["timestamp"]), sent["nonce"])
    assert envelope.open_json(signed, as_json(sent["encrypt"])).body == message


any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["encrypt", "Encrypt", "x"]), inner),
)


@given(
    st.text() | st.just(str(NOW)),
    st.text(),
    st.text(),
    st.binary() | any_json.map(lambda value: json.dumps(value).encode()) | st.text().map(as_json),
)
def test_nothing_makes_it_raise_anything_but_a_refusal(
    timestamp: str, nonce: str, signature: str, body: bytes
) -> None:
    for open_it in (an_envelope().open_json, an_envelope().open_xml):
        with pytest.raises(Refused):
            open_it(Signed(signature, timestamp, nonce), body)


@given(
    st.binary() | st.integers(0, 8).flatmap(lambda count: st.binary(min_size=16 * count, max_size=16 * count))
)
def test_a_signed_ciphertext_of_any_bytes_is_opened_or_refused(ciphertext: bytes) -> None:
    envelope = an_envelope()
    encrypted = base64.b64encode(ciphertext).decode()
    signed = Signed(envelope.sign(str(NOW), "n", encrypted), str(NOW), "n")
    with pytest.raises(Refused):
        envelope.open_json(signed, as_json(encrypted))


@given(st.binary(max_size=200))
def test_a_signed_block_of_any_plain_bytes_is_opened_or_refused(block: bytes) -> None:
    envelope = an_envelope("ww1")
    encrypted = base64.b64encode(encrypt_padded(aes_key(KEY), block)).decode()
    signed = Signed(envelope.sign(str(NOW), "n", encrypted), str(NOW), "n")
    with pytest.raises(Refused):
        envelope.open_json(signed, as_json(encrypted))


def test_half_a_character_in_the_envelope_is_a_refusal() -> None:
    with pytest.raises(Refused):
        an_envelope().open_json(signed_of(vector("neg-empty")), b'{"encrypt": "\\ud800"}')


def test_the_clock_of_these_tests_says_what_it_should() -> None:
    assert TurnedClock().now() == datetime.fromtimestamp(NOW, UTC)
