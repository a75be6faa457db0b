"""This program's share of the machine: the cores that it may use.

A container or a unit of systemd is often given fewer than the machine has, and is told so by its control
groups alone. Every group above a process limits it as well, so the least of them counts. (`loky.cpu_count`
reads the topmost group alone: right in a container, and blind to `CPUQuota=` of a unit.)
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_GROUPS = Path("sys/fs/cgroup")
_OWN_GROUPS = Path("proc/self/cgroup")


def count_cores(root: Path = Path("/")) -> int:
    """The number of cores that may be busy at once, by affinity and quota: 1.5 is 2, as in Go and Java."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The CPU quota of each control group, in cores."""
    for group in _groups(root, "cpu"):
        pair = _words(group / "cpu.max") or [
            *_words(group / "cpu.cfs_quota_us"),
            *_words(group / "cpu.cfs_period_us"),
        ]
        quota, period = _number(pair[:1]), _number(pair[1:2])
        if quota and period:
            yield quota / period


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of all groups that this process is in, those above them included.

    Inside a container the folder that its own group has outside may be absent: the topmost is then its own.
    """
    for line in _lines(root / _OWN_GROUPS):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = root / _GROUPS / controllers
        inner = PurePosixPath(path.lstrip("/"))
        for folder in dict.fromkeys((inner, *inner.parents)):
            yield top / folder


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []  # another system, or a group that has no such limit


def _words(path: Path) -> list[str]:
    return [word for line in _lines(path) for word in line.split()]


def _number(words: list[str]) -> int | None:
    """The number, None where there is none or it is no limit: "max", or -1."""
    return int(words[0]) if words and words[0].isdecimal() else None
