"""Debian's nginx in front of some engines, set up as OPERATIONS.md shows it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.forker import REPOSITORY
from tests.support.processes import WAIT_SECONDS, a_free_port

_EXAMPLE = re.compile(r"```nginx\n(.*?)```", re.DOTALL)
_SERVER = re.compile(r"    server \S+:8100 (.*?;)\n")
_LISTEN = re.compile(r"listen \S+;")
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def a_balancer(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """Its address; it passes on to these ports of this machine.

    Where nginx is not installed the test is skipped, but never in the build.
    """
    program = find_nginx()
    folder.mkdir(parents=True)
    port = a_free_port()
    (folder / "nginx.conf").write_text(_configuration(folder, port, ports), encoding="utf-8")
    log = folder / "error.log"
    process = subprocess.Popen(
        [program, "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")],
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def find_nginx() -> str:
    """Its program; the test is skipped where there is none, but never in the build."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        missing = "nginx is not installed (Debian: apt-get install nginx)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return program


def say_of(folder: Path, servers: str) -> str:
    """The complaint of nginx about these `server` blocks; "" where it would start with them."""
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{_temporary_in(folder)}\n{servers}\n}}\n",
        encoding="utf-8",
    )
    log = folder / "error.log"
    command = [find_nginx(), "-t", "-q", "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def _temporary_in(folder: Path) -> str:
    return "\n".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPORARY)


def _configuration(folder: Path, port: int, ports: Sequence[int]) -> str:
    (example,) = _EXAMPLE.findall((REPOSITORY / "OPERATIONS.md").read_text(encoding="utf-8"))
    marks = set(_SERVER.findall(example))
    assert len(marks) == 1, "the servers of the example differ"
    servers = "".join(f"    server 127.0.0.1:{each} {mark}\n" for each in ports for mark in marks)
    first = _SERVER.search(example)
    assert first is not None
    example = example[: first.start()] + servers + _SERVER.sub("", example[first.end() :])
    example = _LISTEN.sub(f"listen 127.0.0.1:{port};", example)
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off;\npid {folder}/pid;\nworker_processes 1;\nevents {{ worker_connections 512; }}\n"
        f"http {{\naccess_log off;\n{_temporary_in(folder)}\n{example}}}\n"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it listens; it says nothing when it does."""
    while process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), WAIT_SECONDS):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise AssertionError(f"nginx ended: {log.read_text(encoding='utf-8') if log.exists() else ''}")
