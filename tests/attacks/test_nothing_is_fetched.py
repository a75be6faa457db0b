"""Supply chain: what runs is what the lock installed, and nothing is downloaded unless a model asks for it.

The programs run with a guard in place of every way out: a look-up of a name or a
connection to anywhere but this machine ends them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from datetime import date
from importlib.metadata import requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240

# Imported by every Python that finds it first, before anything else runs.
GUARD = """
import socket, sys

def here(address):
    return not isinstance(address, tuple) or str(address[0]) in {"127.0.0.1", "::1", "localhost", ""}

def guard(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] is not None and not here(arguments[:1]):
        raise SystemExit(f"GUARD: looked up {arguments[0]}")
    if event == "socket.connect" and not here(arguments[1]):
        raise SystemExit(f"GUARD: connected to {arguments[1]}")

sys.addaudithook(guard)
"""


def guarded(folder: Path, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "guard").mkdir(exist_ok=True)
    (folder / "guard" / "sitecustomize.py").write_text(GUARD)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KBDIAL_")}
    environment |= {
        "PYTHONPATH": f"{folder / 'guard'}{os.pathsep}{ROOT}",
        "KBDIAL_BOT__DATA_DIR": str(folder / "data"),
        "KBDIAL_BOT__DATABASE_URL": f"sqlite:///{folder}/data/bot.db",
        "KBDIAL_BOT__ENGINE_URL": "http://127.0.0.1:1",
        "KBDIAL_ENGINE__DATA_DIR": str(folder / "data" / "engine"),
        "KBDIAL_ENGINE__LISTEN": "127.0.0.1:0",
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_guard_guards(tmp_path: Path) -> None:
    """Or else the tests below would prove nothing."""
    looked = guarded(tmp_path, "-c", "import socket; socket.getaddrinfo('pypi.org', 443)")
    connected = guarded(tmp_path, "-c", "import socket; socket.create_connection(('192.0.2.1', 443), 1)")
    assert "GUARD: looked up pypi.org" in looked.stderr
    assert "GUARD: looked up 192.0.2.1" in connected.stderr


@pytest.mark.parametrize("program", ["bot", "engine"])
def test_importing_every_module_asks_nobody(tmp_path: Path, program: str) -> None:
    walk = (
        "import importlib, pkgutil, {0};"
        "[importlib.import_module(each.name) for each in pkgutil.walk_packages({0}.__path__, '{0}.')"
        " if not each.name.endswith('__main__')]"
    )
    ended = guarded(tmp_path, "-c", walk.format(program))
    assert (ended.returncode, "GUARD" in ended.stderr) == (0, False), ended.stderr


def test_a_search_with_the_bundled_model_asks_nobody(tmp_path: Path) -> None:
    """The model is loaded, the samples are read and embedded, a question is answered."""
    ended = guarded(tmp_path, "-m", "engine", "search", "夏天吃什么水果能补水", "--json")
    assert ended.returncode == 0, ended.stderr
    assert "西瓜" in ended.stdout
    assert "GUARD" not in ended.stderr


def test_the_bot_asks_nobody_but_what_its_configuration_names(tmp_path: Path) -> None:
    ended = guarded(tmp_path, "-m", "bot", "migrate")
    assert (ended.returncode, "GUARD" in ended.stderr) == (0, False), ended.stderr
    ended = guarded(tmp_path, "-m", "bot", "check")
    assert "engine" in ended.stdout, ended.stderr
    assert "GUARD" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("lock", ["base", "test"])
def test_every_pinned_file_has_its_hash(lock: str) -> None:
    """Supply chain: an index that gives other files than those that were tested is refused."""
    text = (ROOT / ".ci" / f"{lock}.lock").read_text(encoding="utf-8")
    pinned = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(pinned) > 10
    assert [each.partition("=")[0] for each in pinned if "--hash=sha256:" not in each] == []


def test_what_the_program_depends_on_is_in_the_lock() -> None:
    """Supply chain: a dependency that was added without `make locks` is missing on every new machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = {
        name.lower()
        for lock in ("base", "gpu", "test")
        for name in re.findall(
            r"^([A-Za-z0-9._-]+)==", (ROOT / ".ci" / f"{lock}.lock").read_text(), re.MULTILINE
        )
    }
    base = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / ".ci" / "base.lock").read_text(), re.MULTILINE))
    assert {_name(each) for each in project["dependencies"]} <= base
    extras = project["optional-dependencies"]
    needed = {_name(each) for extra in ("test", "gpu") for each in extras[extra]}
    assert needed <= locked


def test_what_is_installed_is_what_the_locks_pin() -> None:
    """Supply chain: everything the program and its tests reach, by name and version."""
    pinned = {
        (_name(name), version)
        for lock in ("base", "gpu", "test")
        for name, version in re.findall(
            r"^([A-Za-z0-9._-]+)==([^ ;+\\\n]+)", (ROOT / ".ci" / f"{lock}.lock").read_text(), re.MULTILINE
        )
    }
    reached = _reached(Requirement("kbdial[gpu,test]"), set())
    assert len(reached) > 50
    assert {name for name in reached if (name, _installed(name)) not in pinned} == {"kbdial"}


def test_the_build_runs_the_checks_and_the_audit() -> None:
    """Supply chain: an audit that nobody calls finds nothing."""
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert [job["steps"][-1]["run"] for job in jobs.values()] == [".ci/run", "make audit"]


def test_every_exception_of_the_audit_has_a_reason_and_an_end() -> None:
    """Supply chain."""
    exceptions = tomllib.loads((ROOT / ".ci" / "audit.toml").read_text(encoding="utf-8")).get("exception", [])
    assert [
        each
        for each in exceptions
        if not (each.get("id") and each.get("reason") and isinstance(each.get("until"), date))
    ] == []


def _reached(wanted: Requirement, found: set[str]) -> set[str]:
    """The distribution and all that it needs here, each once for each extra that is asked for."""
    name, extras = _name(wanted.name), wanted.extras or {""}
    for each in requires(name) or []:
        needed = Requirement(each)
        applies = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
        if applies and (_name(needed.name) not in found or needed.extras):
            found |= _reached(needed, found | {name})
    return found | {name}


def _installed(name: str) -> str:
    return version(name).partition("+")[0]


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return found[0].lower().replace("_", "-").replace(".", "-")
