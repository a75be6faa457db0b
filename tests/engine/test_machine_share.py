"""What a control group says, in folders laid out as the kernel lays them out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.machine_share import count_cores

MACHINE = len(os.sched_getaffinity(0))


def laid_out(root: Path, own: str, files: dict[str, str]) -> Path:
    for name, content in {"proc/self/cgroup": own, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/", {"cpu.max": "100000 100000"}),  # a container that sees itself alone
        ("0::/docker/1f", {"cpu.max": "50000 100000"}),  # one that is named as outside, and sees itself
        ("0::/system.slice/kbdial.service", {"system.slice/kbdial.service/cpu.max": "90000 100000"}),
        (
            "0::/system.slice/kbdial.service",  # a limit on all services together
            {"system.slice/cpu.max": "100000 100000", "system.slice/kbdial.service/cpu.max": "max 100000"},
        ),
        (
            "5:cpu,cpuacct:/\n3:memory:/",
            {"cpu,cpuacct/cpu.cfs_quota_us": "100000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
        ),
        (
            "1:name=systemd:/\n0::/a\n5:cpu:/a/b",
            {"cpu/a/cpu.cfs_quota_us": "20000", "cpu/a/cpu.cfs_period_us": "100000"},
        ),
    ],
)
def test_a_quota_of_one_core_or_less_is_one_core(tmp_path: Path, own: str, files: dict[str, str]) -> None:
    root = laid_out(tmp_path, own, {f"sys/fs/cgroup/{name}": content for name, content in files.items()})
    assert count_cores(root) == 1


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/", {"cpu.max": "max 100000"}),
        ("0::/", {"cpu.max": f"{(MACHINE + 3) * 100_000} 100000"}),
        (
            "5:cpu,cpuacct:/",
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
        ),
        ("5:cpuset:/", {"cpuset/cpu.cfs_quota_us": "1000", "cpuset/cpu.cfs_period_us": "100000"}),
        ("0::/", {}),
    ],
)
def test_without_a_quota_the_cores_are_those_that_this_process_may_use(
    tmp_path: Path, own: str, files: dict[str, str]
) -> None:
    root = laid_out(tmp_path, own, {f"sys/fs/cgroup/{name}": content for name, content in files.items()})
    assert count_cores(root) == MACHINE


def test_a_machine_without_control_groups_has_all_its_cores(tmp_path: Path) -> None:
    assert count_cores(tmp_path) == MACHINE


@pytest.mark.skipif(MACHINE < 2, reason="one core is one core")
def test_a_share_of_a_core_counts_as_one_more(tmp_path: Path) -> None:
    root = laid_out(tmp_path, "0::/", {"sys/fs/cgroup/cpu.max": "110000 100000"})
    assert count_cores(root) == 2


def test_this_machine_is_read_without_a_mistake() -> None:
    assert 1 <= count_cores() <= MACHINE
