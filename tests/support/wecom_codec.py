"""WeCom's envelope as the other side makes it: written for the tests, sharing nothing with the bot's."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def encrypt(encoding_aes_key: str, message: str, receive_id: str) -> str:
    key = base64.b64decode(encoding_aes_key + "=")
    text = message.encode()
    block = os.urandom(16) + len(text).to_bytes(4, "big") + text + receive_id.encode()
    pad = 32 - len(block) % 32
    work = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(work.update(block + bytes([pad] * pad)) + work.finalize()).decode()


def decrypt(encoding_aes_key: str, encrypted: str, receive_id: str) -> str:
    key = base64.b64decode(encoding_aes_key + "=")
    work = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    block = work.update(base64.b64decode(encrypted)) + work.finalize()
    block = block[: -block[-1]]
    end = 20 + int.from_bytes(block[16:20], "big")
    assert block[end:].decode() == receive_id, "the answer names another receiver"
    return block[20:end].decode()


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the platform's choice
