"""WeCom's envelope: signature and encryption of requests and responses.

    request ──form──► envelope ──signature──► freshness ──decrypt──► padding, length, receiver ──► bytes

Bytes in, bytes out; what they say is read elsewhere. Nothing is decrypted before its
signature holds, and nothing here raises anything but `Refused`, which carries the step
for the log and never anything for the caller outside.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from bot.domain import Clock
from bot.platforms.wecom.cipher import Undecipherable, aes_key, decrypt_padded, encrypt_padded
from bot.platforms.wecom.safe_parse import (
    PlainXml,
    Unreadable,
    read_json,
    read_xml,
)
from bot.platforms.wecom.seen_signatures import SeenSignatures

Step = Literal[
    "parameters",
    "envelope",
    "signature_mismatch",
    "stale",
    "bad_ciphertext",
    "bad_padding",
    "bad_length",
    "receive_id_mismatch",
    "not_an_echo",
]

BODY_LIMIT_BYTES = 64 * 1024
RANDOM_BYTES = 16
_HEAD_BYTES = RANDOM_BYTES + 4

_TIMESTAMP = re.compile(r"[0-9]{10}")
# The signed strings are joined without a separator, so characters could be moved from one
# to the next under the same signature. A timestamp of fixed length, base64 in whole groups
# and a nonce shorter than the 64 characters of three cipher blocks leave nothing to move.
_NONCE = re.compile(r"[!-~]{1,63}")
# What WeCom sends to check an address is a random string, in every sample a number. Bodies of callbacks
# and our answers to them, which are signed alike, are JSON objects or begin with <xml>.
_ECHO = re.compile(rb"(?!\s*(?:[{\[]|<[?]?xml))[ -~]{1,256}", re.IGNORECASE)


class Refused(Exception):
    """A request that is not authentic, or not an envelope at all (`is_malformed`)."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.step = step

    @property
    def is_malformed(self) -> bool:
        return self.step == "envelope"


@dataclass(frozen=True, slots=True)
class Signed:
    """The query of a callback, as it came."""

    signature: str
    timestamp: str
    nonce: str
    echo: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Signed:
        return cls(
            signature=query.get("msg_signature", ""),
            timestamp=query.get("timestamp", ""),
            nonce=query.get("nonce", ""),
            # A proxy that decodes early turns + into a space, and base64 has none.
            echo=query.get("echostr", "").replace(" ", "+"),
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """An authentic message. `is_replay`: these very bytes came before, so it is to be treated as a repeat."""

    body: bytes
    is_replay: bool = False


class Envelope:
    """The envelope of one robot (empty `receive_id`) or application (its corp id).

    Raises:
        BadKey: the EncodingAESKey is not 43 characters of base64.
    """

    def __init__(
        self,
        *,
        token: str,
        encoding_aes_key: str,
        receive_id: str = "",
        clock: Clock,
        freshness_seconds: int = 300,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._token = token.encode()
        self._key = aes_key(encoding_aes_key)
        self._receive_id = receive_id.encode()
        self._clock = clock
        self._freshness_seconds = freshness_seconds
        self._random_bytes = random_bytes
        self._seen = SeenSignatures(clock.steady)

    def open_json(self, signed: Signed, body: bytes) -> Opened:
        self._check_form(signed)
        return self._open(signed, _read_encrypted_json(body))

    def open_xml(self, signed: Signed, body: bytes) -> Opened:
        self._check_form(signed)
        return self._open(signed, _read_encrypted_xml(body))

    def open_echo(self, signed: Signed) -> bytes:
        """Open the text that the URL check wants to see again, byte for byte.

        Only what can be such a string is given out: whoever shows us a callback, signature and all, that
        he has seen pass would else read what it says.
        """
        self._check_form(signed)
        echo = self._open(signed, signed.echo).body
        if not _ECHO.fullmatch(echo):
            raise Refused("not_an_echo")
        return echo

    def seal_json(self, message: bytes, nonce: str) -> bytes:
        """The encrypted answer to a request; `nonce` is that of the request's URL."""
        timestamp = self._timestamp()
        encrypted = self.encrypt(message)
        return json.dumps(
            {
                "encrypt": encrypted,
                "msgsignature": self.sign(timestamp, nonce, encrypted),
                "timestamp": int(timestamp),
                "nonce": nonce,
            }
        ).encode()

    def seal_xml(self, message: bytes, nonce: str) -> bytes:
        timestamp = self._timestamp()
        encrypted = self.encrypt(message)
        signature = self.sign(timestamp, nonce, encrypted)
        return (
            f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{escape(nonce)}</Nonce></xml>"
        ).encode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        parts = sorted([self._token, timestamp.encode(), nonce.encode(), encrypted.encode()])
        return hashlib.sha1(b"".join(parts)).hexdigest()  # noqa: S324 - the platform's choice

    def encrypt(self, message: bytes) -> str:
        head = self._random_bytes(RANDOM_BYTES) + struct.pack(">I", len(message))
        return base64.b64encode(encrypt_padded(self._key, head + message + self._receive_id)).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message inside, for a ciphertext whose signature was checked."""
        try:
            block = decrypt_padded(self._key, base64.b64decode(encrypted.encode("ascii"), validate=True))
        except ValueError:  # not base64, or not even ASCII
            raise Refused("bad_ciphertext") from None
        except Undecipherable as broken:
            raise Refused(broken.step) from None
        if len(block) < _HEAD_BYTES:
            raise Refused("bad_length")
        end = _HEAD_BYTES + struct.unpack(">I", block[RANDOM_BYTES:_HEAD_BYTES])[0]
        if end > len(block):
            raise Refused("bad_length")
        if not hmac.compare_digest(block[end:], self._receive_id):
            raise Refused("receive_id_mismatch")
        return block[_HEAD_BYTES:end]

    def _check_form(self, signed: Signed) -> None:
        well_formed = _TIMESTAMP.fullmatch(signed.timestamp) and _NONCE.fullmatch(signed.nonce)
        if not (signed.signature and well_formed):
            raise Refused("parameters")

    def _open(self, signed: Signed, encrypted: str) -> Opened:
        try:
            expected = self.sign(signed.timestamp, signed.nonce, encrypted).encode()
            given = signed.signature.encode()
        except UnicodeEncodeError:  # half of a surrogate pair, from an escape in the JSON
            raise Refused("signature_mismatch") from None
        if not hmac.compare_digest(expected, given):
            raise Refused("signature_mismatch")
        if abs(self._clock.now().timestamp() - int(signed.timestamp)) > self._freshness_seconds:
            raise Refused("stale")
        return Opened(self.decrypt(encrypted), is_replay=self._seen.add(signed.signature))

    def _timestamp(self) -> str:
        return str(int(self._clock.now().timestamp()))


def _read_encrypted_json(body: bytes) -> str:
    try:
        envelope = read_json(body)
    except Unreadable:
        raise Refused("envelope") from None
    if not isinstance(envelope, dict):
        raise Refused("envelope")
    found = [envelope[name] for name in ("encrypt", "Encrypt") if name in envelope]
    if len(found) != 1 or not isinstance(found[0], str):
        raise Refused("envelope")
    return found[0]


def _read_encrypted_xml(body: bytes) -> str:
    try:
        envelope: PlainXml = read_xml(body)
    except Unreadable:
        raise Refused("envelope") from None
    found = envelope.texts("Encrypt") + envelope.texts("encrypt")
    if len(found) != 1:
        raise Refused("envelope")
    return found[0]
