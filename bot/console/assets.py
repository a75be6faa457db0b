"""Our own style sheet and module, under names that carry their hash: kept by browsers, never stale."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

ROUTE = "/console/static/"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    media_type: str
    content: bytes

    @property
    def path(self) -> str:
        return ROUTE + self.name


def load() -> Mapping[str, Asset]:
    """Every asset by its plain name, such as "dial.js"."""
    found = {}
    for file in resources.files("bot.console").joinpath("static").iterdir():
        stem, _, kind = file.name.rpartition(".")
        if kind in TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
            found[file.name] = Asset(f"{stem}.{digest}.{kind}", TYPES[kind], content)
    return found
