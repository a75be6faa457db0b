"""The callback vectors: Tencent's published samples, and more made in the same way (see vectors.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ALL: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)


def vectors(*sections: str) -> list[Any]:
    return [one for section in sections for one in _ALL[section]]


def vector(name: str) -> dict[str, Any]:
    return next(one for section in _ALL.values() for one in section if one["id"] == name)
