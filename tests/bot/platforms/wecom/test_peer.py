"""The vendor's own package, @wecom/crypto for Node, writes what we must read and reads what we write."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.wecom.envelope import Envelope, Signed
from tests.bot.platforms.wecom.vectors import vectors
from tests.support.wecom_api import VirtualClock

# As published, @wecom/crypto 1.0.1, under the MIT licence: kept beside the tests, because they
# are to say the same where nothing can be downloaded.
PACKAGE = Path(__file__).parents[3] / "support/wecom_crypto"
PUBLISHED = "54318aac90e02597dd9e8489ca7ea1beb3e3951fad302e2973df3e3bbb01cd01"
TOKEN = "Tok3nOfTheDesk"
KEY = "lB4atUM14BTFE3E3ZxTPhgRRg55qu2cmBy2FJlVJ1Z0"
NOW = "1790000000"
MESSAGES = ["", "{}", "阈值👍🏽０．６５", "x" * 76, "x" * 77, "<xml>]]></xml>", "退货" * 5_000]

SCRIPT = """
const crypto = require(process.argv[1]);
const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(jobs.map(([name, ...given]) => crypto[name](...given))));
"""

Peer = Callable[[list[list[Any]]], list[Any]]


@pytest.fixture(scope="module")
def peer() -> Peer:
    """Runs calls of the package in one Node process."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")

    def run(jobs: list[list[Any]]) -> list[Any]:
        done = subprocess.run(
            [node, "-e", SCRIPT, PACKAGE],
            input=json.dumps(jobs),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        answers: list[Any] = json.loads(done.stdout)
        return answers

    return run


def test_the_package_is_the_published_one() -> None:
    assert hashlib.sha256((PACKAGE / "lib/index.js").read_bytes()).hexdigest() == PUBLISHED


def an_envelope(receive_id: str) -> Envelope:
    return Envelope(token=TOKEN, encoding_aes_key=KEY, receive_id=receive_id, clock=VirtualClock(int(NOW)))


@pytest.mark.parametrize("receive_id", ["", "wwtestcorp0000000001"])
def test_we_read_what_the_vendor_writes(peer: Peer, receive_id: str) -> None:
    written = peer([["encrypt", KEY, message, receive_id] for message in MESSAGES])
    signatures = peer([["getSignature", TOKEN, NOW, "n1", encrypted] for encrypted in written])
    envelope = an_envelope(receive_id)
    read = [
        envelope.open_json(
            Signed(signature, NOW, "n1"), json.dumps({"encrypt": encrypted}).encode()
        ).body.decode()
        for encrypted, signature in zip(written, signatures, strict=True)
    ]
    assert read == MESSAGES


@pytest.mark.parametrize("receive_id", ["", "wwtestcorp0000000001"])
def test_the_vendor_reads_what_we_write(peer: Peer, receive_id: str) -> None:
    sealed = [json.loads(an_envelope(receive_id).seal_json(message.encode(), "n1")) for message in MESSAGES]
    read = peer([["decrypt", KEY, one["encrypt"]] for one in sealed])
    signatures = peer([["getSignature", TOKEN, NOW, "n1", one["encrypt"]] for one in sealed])
    assert [(one["message"], one["id"]) for one in read] == [(message, receive_id) for message in MESSAGES]
    assert signatures == [one["msgsignature"] for one in sealed]


def test_the_vendor_agrees_with_every_vector(peer: Peer) -> None:
    ours = vectors("official_samples", "aibot", "application_xml", "padding_and_encoding")
    read = peer([["decrypt", one["encoding_aes_key"], one["encrypt"]] for one in ours])
    assert [one["message"] for one in read] == [one["plaintext"] for one in ours]
