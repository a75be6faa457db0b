from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.signature import Verdict, Verifier, sign

NOW = 1_760_000_000
SECRET = "0123456789abcdef0123456789abcdef"

# Published by Slack, "Verifying requests from Slack".
PUBLISHED = (
    "8f742231b10e8888abcd99yyyzzz85a5",
    "1531420618",
    (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
        b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    ),
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
)

# Accepted by both the Python SDK and Bolt for JavaScript.
ACCEPTED_ELSEWHERE = [
    (
        b"command=%2Fthreshold&text=0.65&team_id=T0001&channel_id=C0001&user_id=U0001&api_app_id=A0001",
        "v0=f8834ddc665230ffdcd9b7203dbd0bc9370fdf4666dd9d6f9890e06d0e766d8c",
    ),
    (
        '{"type":"event_callback","event_id":"Ev0001","event":{"type":"app_mention",'
        '"text":"<@U0BOT> 退款多久到账？"}}'.encode(),
        "v0=bb6e730cbdf170d1c51f1a2d344ed8487be83483659e135ff7e6ab984b20a04a",
    ),
    (
        b"payload=%7B%22type%22%3A%22block_actions%22%7D",
        "v0=1a1f719bd681427aa9c1425adfe73cdecc3849c4232493eed56a403500467334",
    ),
    (b"", "v0=d70db17996295e190b09e0410e944ba5d8da1c8b174b3aae4946fdb4575a339e"),
]


def verifier(*secrets: str, now: float = NOW) -> Verifier:
    return Verifier(secrets or (SECRET,), now=lambda: now)


def signed(body: bytes, at: int = NOW, secret: str = SECRET) -> tuple[bytes, str, str]:
    return body, str(at), sign(secret.encode(), body, str(at))


def test_slacks_own_example_is_authentic() -> None:
    secret, timestamp, body, signature = PUBLISHED
    assert verifier(secret, now=int(timestamp)).verdict(body, timestamp, signature) is Verdict.AUTHENTIC


@pytest.mark.parametrize(("body", "signature"), ACCEPTED_ELSEWHERE)
def test_what_other_verifiers_accept_is_authentic(body: bytes, signature: str) -> None:
    assert verifier().verdict(body, str(NOW), signature) is Verdict.AUTHENTIC


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (-301, Verdict.STALE),
        (-300, Verdict.AUTHENTIC),
        (-299, Verdict.AUTHENTIC),
        (300, Verdict.AUTHENTIC),
        (301, Verdict.STALE),
    ],
)
def test_five_minutes_are_fresh_on_both_sides(seconds: int, verdict: Verdict) -> None:
    assert verifier().verdict(*signed(b"x", at=NOW + seconds)) is verdict


@pytest.mark.parametrize(
    "timestamp",
    ["abc", "", "1e9", "1" * 400, "1_700_000_000", "１７６０００００００", " 1760000000", "1760000000\n",
     "+176000000", "176000000", "17600000000", None],
)  # fmt: skip
def test_only_ten_digits_are_a_timestamp(timestamp: str | None) -> None:
    right = sign(SECRET.encode(), b"x", timestamp or "")
    assert verifier().verdict(b"x", timestamp, right) is Verdict.MALFORMED


def test_a_signature_of_another_form_is_refused() -> None:
    body, timestamp, right = signed(b"x")
    for wrong in [
        None,
        "",
        "v0=",
        "v0=é" + right[4:],
        right.upper(),
        right + "\n",
        right + "," + right,
        "v1" + right[2:],
    ]:
        assert verifier().verdict(body, timestamp, wrong) is Verdict.MALFORMED, wrong


def test_both_secrets_count_while_one_is_replaced_and_an_empty_one_never() -> None:
    old, new = "old-secret", "new-secret"
    request = signed(b"x", secret=old)
    assert verifier(new, old).verdict(*request) is Verdict.AUTHENTIC
    assert verifier(new).verdict(*request) is Verdict.FORGED
    assert Verifier([""], now=lambda: NOW).verdict(*signed(b"x", secret="")) is Verdict.FORGED
    assert Verifier([], now=lambda: NOW).verdict(*signed(b"x", secret="")) is Verdict.FORGED


def test_a_body_that_is_not_utf_8_is_judged_by_its_bytes() -> None:
    assert verifier().verdict(*signed(b"\xff\xfe\x00")) is Verdict.AUTHENTIC


@given(st.binary(min_size=1), st.data())
def test_one_changed_byte_is_a_forgery(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    _, timestamp, signature = signed(body)
    assert verifier().verdict(body, timestamp, signature) is Verdict.AUTHENTIC
    assert verifier().verdict(changed, timestamp, signature) is Verdict.FORGED


@given(st.binary(), st.none() | st.text(), st.none() | st.text())
def test_nothing_makes_the_verifier_raise(body: bytes, timestamp: str | None, signature: str | None) -> None:
    assert verifier().verdict(body, timestamp, signature) is not Verdict.AUTHENTIC
