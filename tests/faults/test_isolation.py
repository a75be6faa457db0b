"""Faults that take the kernel's help: a cable between two network namespaces, a limit on memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.building import BotHome, until
from tests.support.forker import REPOSITORY
from tests.support.history import answers_in
from tests.support.load_clients import Crowd
from tests.support.processes import Life
from tests.support.relay import Relay
from tests.support.slack import RecordingSlack

NEAR, FAR = "10.213.77.1", "10.213.77.2"
MEMORY = Path("/sys/fs/cgroup/memory")
MARGIN = 1.2
EVENTS = 3000


@pytest.mark.parametrize(
    "calls_lost", [pytest.param(1, id="short"), pytest.param(4, id="long", marks=pytest.mark.soak)]
)
def test_a_real_cable_that_is_cut_in_a_request_delays_the_reply_and_does_not_double_it(
    calls_lost: int, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL14. The bot lives in a network of its own, whose only cable goes down while Slack is being told."""
    with _cable() as network, Relay(int(slack.origin.rpartition(":")[2]), host=NEAR) as relay:
        home = BotHome(
            tmp_path, slack, slack_url=f"http://{NEAR}:{relay.port}", listen=f"{FAR}:8000"
        ).migrated()
        command = ["ip", "netns", "exec", network, sys.executable, "-m", "bot", "--config", str(home.config)]
        with Life([*command, "serve"], {}) as life:
            life.until("started")
            with Crowd(8000, host=FAR, connections=1, most=5) as crowd:
                crowd.join()
            until(lambda: len(slack.posted) == 5)
            _link(network, "down")
            _say_inside(network, home)
            until(lambda: len(life.events("send_failed")) >= calls_lost, 120)
            _link(network, "up")
            until(lambda: len(slack.posted) == 6, 60)
            assert crowd.acknowledged == {1, 2, 3, 4, 5}

    assert set(answers_in(slack.posted).values()) == {1}


@pytest.mark.soak
def test_a_bot_that_is_killed_for_its_memory_loses_nothing(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL10. A fifth more than it needs when quiet; it is started again as often as it takes."""
    group = MEMORY / f"kbdial-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("a memory cgroup takes root and the first version of cgroups")
    home = BotHome(tmp_path, slack).migrated()
    try:
        with Crowd(home.port, connections=8, most=EVENTS) as crowd:
            while len(crowd.acknowledged) < EVENTS:
                with home.start() as life:
                    quiet = int(_status(life.pid)["VmRSS"].split()[0]) * 1024
                    (group / "memory.limit_in_bytes").write_text(str(int(quiet * MARGIN)))
                    (group / "cgroup.procs").write_text(str(life.pid))
                    until(lambda: len(crowd.acknowledged) == EVENTS or life.has_ended, 120)
        with home.start():
            verdict = home.verdict(crowd.acknowledged)
    finally:
        group.rmdir()
    assert verdict.is_good, verdict


@contextmanager
def _cable() -> Iterator[str]:
    """A network namespace at the other end of a cable; the address of this end is NEAR."""
    network = f"kbdial{os.getpid()}"
    steps = [
        f"ip netns add {network}",
        f"ip link add {network[:12]}a type veth peer name {network[:12]}b",
        f"ip link set {network[:12]}b netns {network}",
        f"ip addr add {NEAR}/30 dev {network[:12]}a",
        f"ip link set {network[:12]}a up",
        f"ip netns exec {network} ip addr add {FAR}/30 dev {network[:12]}b",
        f"ip netns exec {network} ip link set lo up",
        f"ip netns exec {network} ip link set {network[:12]}b up",
    ]
    try:
        for step in steps:
            if subprocess.run(step.split(), capture_output=True, check=False).returncode:
                pytest.skip(f"no network of our own: {step}")
        yield network
    finally:
        subprocess.run(["ip", "netns", "del", network], capture_output=True, check=False)


def _link(network: str, state: str) -> None:
    subprocess.run(["ip", "link", "set", f"{network[:12]}a", state], check=True)


def _say_inside(network: str, home: BotHome) -> None:
    """Send event 6 from within: the cable it would come over is cut."""
    script = f"from tests.support.load_clients import Line; Line(8000, host='{FAR}').insist(6)"
    subprocess.run(
        ["ip", "netns", "exec", network, sys.executable, "-c", script], cwd=REPOSITORY, check=True, timeout=30
    )
    assert home.database.exists()


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
