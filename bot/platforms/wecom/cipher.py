"""WeCom's cipher: AES-256-CBC with the head of the key as its start, padded to blocks of 32 bytes."""

from __future__ import annotations

import base64
import re
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES = 16
PAD_BYTES = 32


class BadKey(ValueError):
    """An EncodingAESKey that is none."""


class Undecipherable(Exception):
    """Not a ciphertext, or not one of ours. `step` is for the log."""

    def __init__(self, step: Literal["bad_ciphertext", "bad_padding"]) -> None:
        super().__init__(step)
        self.step: Literal["bad_ciphertext", "bad_padding"] = step


def aes_key(encoded: str) -> bytes:
    """The key behind an EncodingAESKey, whose last character may carry spare bits."""
    if not re.fullmatch(r"[0-9A-Za-z+/]{43}", encoded):
        raise BadKey("an EncodingAESKey has 43 letters and digits")
    return base64.b64decode(encoded + "=")


def encrypt_padded(key: bytes, plain: bytes) -> bytes:
    pad = PAD_BYTES - len(plain) % PAD_BYTES
    encryptor = _cipher(key).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()


def decrypt_padded(key: bytes, ciphertext: bytes) -> bytes:
    """A whole ciphertext without its padding.

    Raises:
        Undecipherable
    """
    if not ciphertext or len(ciphertext) % BLOCK_BYTES:
        raise Undecipherable("bad_ciphertext")
    decryptor = _cipher(key).decryptor()
    padded = decryptor.update(ciphertext) + decryptor.finalize()
    pad = padded[-1]
    if not 1 <= pad <= PAD_BYTES or padded[-pad:] != bytes([pad]) * pad:
        raise Undecipherable("bad_padding")
    return padded[:-pad]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES256(key), modes.CBC(key[:BLOCK_BYTES]))
