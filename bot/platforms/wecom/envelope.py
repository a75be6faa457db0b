"""WeCom's envelope: what is signed and encrypted on the way in, and on the way out.

    request ──form──► envelope ──signature──► freshness ──decrypt──► padding, length, receiver ──► bytes

Bytes in, bytes out; what they say is read elsewhere. Nothing is decrypted before its
signature holds, and nothing here raises anything but `Refused`, which carries the step
for the log and never anything for the caller outside.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.domain import Clock
from bot.platforms.wecom.plain import PlainXml, Unreadable, read_json, read_xml

Step = Literal[
    "parameters",
    "envelope",
    "signature_mismatch",
    "stale",
    "bad_ciphertext",
    "bad_padding",
    "bad_length",
    "receive_id_mismatch",
]

BODY_LIMIT_BYTES = 64 * 1024
BLOCK_BYTES = 16
PAD_BYTES = 32
RANDOM_BYTES = 16
KEY_BYTES = 32
_HEAD_BYTES = RANDOM_BYTES + 4
_REPLAY_SECONDS = 2 * 60 * 60
_REPLAY_LIMIT = 20_000

_TIMESTAMP = re.compile(r"[0-9]{10}")
# The signed strings are joined without a separator, so characters could be moved from one
# to the next under the same signature. A timestamp of fixed length, base64 in whole groups
# and a nonce shorter than the 64 characters of three cipher blocks leave nothing to move.
_NONCE = re.compile(r"[!-~]{1,63}")


class Refused(Exception):
    """A request that is not authentic, or not an envelope at all (`is_malformed`)."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self.step = step

    @property
    def is_malformed(self) -> bool:
        return self.step == "envelope"


class BadKey(ValueError):
    """An EncodingAESKey that is none."""


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
        self._replays = Replays(clock.steady)

    def open_json(self, signed: Signed, body: bytes) -> Opened:
        self._check_form(signed)
        return self._open(signed, _encrypted_in_json(body))

    def open_xml(self, signed: Signed, body: bytes) -> Opened:
        self._check_form(signed)
        return self._open(signed, _encrypted_in_xml(body))

    def open_echo(self, signed: Signed) -> bytes:
        """What the URL check wants to see again, byte for byte."""
        self._check_form(signed)
        return self._open(signed, signed.echo).body

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
            ciphertext = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (ValueError, binascii.Error):
            raise Refused("bad_ciphertext") from None
        block = decrypt_padded(self._key, ciphertext)
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
        return Opened(self.decrypt(encrypted), is_replay=self._replays.saw(signed.signature))

    def _timestamp(self) -> str:
        return str(int(self._clock.now().timestamp()))


class Replays:
    """The signatures of the last two hours, so that the same bytes are known when they come again.

    A signature covers token, timestamp, nonce and ciphertext, so it is the request's name.
    Bounded: of more than `limit` the oldest are forgotten first.
    """

    def __init__(self, steady: Callable[[], float], *, limit: int = _REPLAY_LIMIT) -> None:
        self._steady = steady
        self._limit = limit
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def saw(self, signature: str) -> bool:
        """Whether it came before; from now on it did."""
        now = self._steady()
        with self._lock:
            while self._seen and now - next(iter(self._seen.values())) >= _REPLAY_SECONDS:
                self._seen.popitem(last=False)
            if signature in self._seen:
                return True
            if len(self._seen) >= self._limit:
                self._seen.popitem(last=False)
            self._seen[signature] = now
            return False


def aes_key(encoded: str) -> bytes:
    """The key behind an EncodingAESKey, whose last character may carry spare bits."""
    if not re.fullmatch(r"[0-9A-Za-z+/]{43}", encoded):
        raise BadKey("an EncodingAESKey has 43 letters and digits")
    return base64.b64decode(encoded + "=")


def media_key(encoded: str) -> bytes:
    """The key of one file of a long connection: base64, with or without its padding."""
    return aes_key(encoded.removesuffix("="))


def encrypt_padded(key: bytes, plain: bytes) -> bytes:
    pad = PAD_BYTES - len(plain) % PAD_BYTES
    encryptor = _cipher(key).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()


def decrypt_padded(key: bytes, ciphertext: bytes) -> bytes:
    """A whole ciphertext without its padding; files are encrypted just so, without a header."""
    if not ciphertext or len(ciphertext) % BLOCK_BYTES:
        raise Refused("bad_ciphertext")
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    pad = padded[-1]
    if not 1 <= pad <= PAD_BYTES or padded[-pad:] != bytes([pad]) * pad:
        raise Refused("bad_padding")
    return padded[:-pad]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(key), modes.CBC(key[:BLOCK_BYTES]))


def _encrypted_in_json(body: bytes) -> str:
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


def _encrypted_in_xml(body: bytes) -> str:
    try:
        envelope: PlainXml = read_xml(body)
    except Unreadable:
        raise Refused("envelope") from None
    found = envelope.texts("Encrypt") + envelope.texts("encrypt")
    if len(found) != 1:
        raise Refused("envelope")
    return found[0]
