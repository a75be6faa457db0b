"""The resident part of a mapped file, as the kernel counts it for this process."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

needs_smaps = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the memory of a mapping")


def resident_bytes(path: Path) -> int:
    """The resident bytes of all mappings of this file. Raises AssertionError when it is not mapped at all."""
    maps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    found = re.findall(rf" {re.escape(str(path.resolve()))}\n(?:.*\n)*?Rss: +(\d+) kB", maps)
    assert found, f"{path} is not mapped"
    return sum(map(int, found)) * 1024
