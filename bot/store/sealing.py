"""Secrets of others at rest: readable with a key that does not lie in the database.

The plain text begins with what it belongs to, so a value that is copied into another row is refused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

KEY_FILE = "encryption.key"
_SEPARATOR = "\x00"


class SealBroken(Exception):
    """The value was sealed with another key, was changed, or belongs to something else."""


class Sealer:
    """Seals with the first key, opens with any. Keys are 32 bytes in URL-safe base64.

    Raises:
        ValueError: from the constructor, for what is no key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self.key_id = sha256(keys[0].encode()).hexdigest()[:12]

    def seal(self, owner: str, value: str) -> bytes:
        return self._fernet.encrypt(f"{owner}{_SEPARATOR}{value}".encode())

    def open(self, owner: str, sealed: bytes) -> str:
        """Decrypt a value that was sealed for this owner.

        Raises:
            SealBroken
        """
        try:
            whose, separator, value = self._fernet.decrypt(sealed).decode().partition(_SEPARATOR)
        except (InvalidToken, ValueError) as broken:
            raise SealBroken("sealed with another key, or changed") from broken
        if not separator or whose != owner:
            raise SealBroken("sealed for something else")
        return value


def key_in(data_dir: Path) -> str:
    """The key of this data folder; made when first asked for, readable by its owner alone.

    Raises:
        OSError
    """
    path = data_dir / KEY_FILE
    made = Fernet.generate_key()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made.decode()
