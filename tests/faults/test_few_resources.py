"""A machine that allows little: one sentence that names the limit, no traceback, nothing half started."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support.processes import Home, Life, a_free_port

PROGRAMS = ["bot", "engine"]


def a_home(module: str, folder: Path) -> Home:
    if module == "engine":
        return Home("engine", "serving", folder, {"engine": {"listen": "127.0.0.1:0"}})
    nobody = f"http://127.0.0.1:{a_free_port()}"
    home = Home("bot", "started", folder, {"bot": {"listen": "127.0.0.1:0", "engine_url": nobody}})
    with home.run("migrate") as migrating:
        assert migrating.exit_code() == 0
    return home


def said_by(life: Life) -> str:
    """All that it wrote until it ended, which it did by itself and in failure."""
    with life:
        assert life.exit_code() == 1
        return "\n".join(event["event"] for event in life.log)


@pytest.mark.parametrize("module", PROGRAMS)
@pytest.mark.parametrize("files", [40, 128])
def test_too_few_open_files_are_a_sentence_before_anything_begins(
    module: str, files: int, tmp_path: Path
) -> None:
    """REL36."""
    home = a_home(module, tmp_path)
    started = f"exec {shlex.join(home.command('serve'))}"
    few = ["sh", "-c", f"ulimit -n {files}; {started}"]
    with Life(few, {}) as life:
        code = life.exit_code_before(home.started)
    assert code == 1, "it should not have started"
    [said] = [event["event"] for event in life.log]
    assert f"Only {files} open files are allowed here, 256 are needed" in said
    assert "ulimit -n" in said
    assert not (tmp_path / "data" / "engine").exists()


@pytest.mark.parametrize("module", PROGRAMS)
def test_too_few_threads_are_a_sentence_before_anything_begins(module: str, tmp_path: Path) -> None:
    """REL36."""
    said = said_by(a_home(module, tmp_path).run("serve", tampered="few-threads"))
    assert "more threads are allowed here" in said
    assert "ulimit -u" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("module", PROGRAMS)
def test_a_thread_that_is_refused_later_stops_what_had_begun(module: str, tmp_path: Path) -> None:
    """REL36."""
    said = said_by(a_home(module, tmp_path).run("serve", tampered="no-thread-for-http"))
    assert "No more threads are allowed here" in said
    assert "Traceback" not in said
    assert "serving" not in said.splitlines()
    assert "started" not in said.splitlines()
