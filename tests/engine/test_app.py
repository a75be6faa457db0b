"""The whole engine: its sockets, its folder, its command line."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from engine import app, config, encoder
from engine.__main__ import main
from engine.cli import commands
from engine.config import Model
from engine.domain import CannotListen, CannotReach, EncoderFailed, FolderInUse
from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    LetterEncoder,
    a_knowledge_base,
    an_engine,
    some_settings,
)

EDGES = app.Edges(load_encoder=lambda _model: LetterEncoder())
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(settings: config.Engine, edges: app.Edges = EDGES) -> Iterator[str]:
    """A listening engine in this process; its address."""
    built = app.build(settings, edges)
    built.serve()
    try:
        yield f"http://{built.server.address}"
    finally:
        built.stop()


def read_until(stream: Any, word: str) -> dict[str, Any]:
    """The first log event that says `word`."""
    for line in stream:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == word:
            return event
    raise AssertionError(f"the log ended without {word!r}")


def until_refused(address: str) -> None:
    """Returns when nobody listens there any more."""
    host, _, port = address.rpartition(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=WAIT_SECONDS).close()
        except ConnectionError:
            return


def test_a_second_engine_on_one_folder_is_refused(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings):
        second = app.build(settings, EDGES)
        with pytest.raises(FolderInUse, match="another engine is running on"):
            second.serve()
    with an_engine(settings) as third:
        assert third.is_settled().texts("apple") == ["apple"]


def test_a_taken_address_is_a_sentence_and_frees_the_folder(tmp_path: Path) -> None:
    with serving(some_settings(tmp_path / "a", a_knowledge_base(tmp_path, "apple"))) as address:
        settings = some_settings(
            tmp_path / "b", a_knowledge_base(tmp_path, "apple"), listen=address.removeprefix("http://")
        )
        with pytest.raises(CannotListen, match="cannot listen on"):
            app.build(settings, EDGES).serve()
        with an_engine(settings) as engine:
            engine.is_settled()


def test_it_answers_over_a_real_socket_and_keeps_its_timetable(tmp_path: Path) -> None:
    base = a_knowledge_base(tmp_path, "apple", refresh="every 1h")
    with serving(some_settings(tmp_path, base)) as address, requests.Session() as session:
        shown = session.get(f"{address}/v1/knowledge-bases/default", timeout=WAIT_SECONDS).json()
        assert shown["next_refresh"] is not None
        assert shown["last_refresh"] is not None  # refreshed at start, without being asked
        answer = session.get(f"{address}/healthz", timeout=WAIT_SECONDS)
        assert (answer.json(), answer.headers["X-Content-Type-Options"]) == ({"alive": True}, "nosniff")
        assert "Server" not in answer.headers


def test_a_request_in_work_is_finished_before_it_stops(tmp_path: Path) -> None:
    held = HeldEncoder()
    built = app.build(
        some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")),
        app.Edges(load_encoder=lambda _model: held),
    )
    built.serve()
    address = built.server.address
    try:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        held.go.release()
        for each in built.knowledge.refresher.recent("default"):
            assert built.knowledge.refresher.wait_for("default", each.id, WAIT_SECONDS)
        statuses: list[int] = []
        asking = threading.Thread(
            target=lambda: statuses.append(
                requests.post(
                    f"http://{address}/v1/search", json={"query": "apple"}, timeout=WAIT_SECONDS
                ).status_code
            )
        )
        asking.start()
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        stopping = threading.Thread(target=built.stop)
        stopping.start()
        until_refused(address)
        stopping.join(0.05)  # long enough for one that would not wait
        held.go.release(100)
        asking.join(WAIT_SECONDS)
        stopping.join(WAIT_SECONDS)
        assert statuses == [200]
        assert not stopping.is_alive()
    finally:
        held.go.release(100)
        built.stop()


def test_building_touches_nothing(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    app.build(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), EDGES)
    assert not (tmp_path / "data").exists()
    assert set(threading.enumerate()) <= threads


def run_search(settings: config.Engine, text: str, edges: app.Edges = EDGES, **options: Any) -> int:
    given = {"knowledge_base": "default", "threshold": None, "limit": 5, "as_json": False, **options}
    return commands.search(settings, text, edges=edges, **given)


@pytest.mark.parametrize("runs", [False, True])
def test_the_shell_searches_with_or_without_a_running_engine(
    tmp_path: Path, runs: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"), token="t0ken-k7Qm")
    assert run_search(settings, "pear", as_json=True) == 0
    capsys.readouterr()
    if runs:
        with serving(settings):
            assert commands.refresh(settings, None) == 0
            capsys.readouterr()
            assert run_search(settings, "pear") == 0
    else:
        assert run_search(settings, "pear") == 0
    assert capsys.readouterr().out == "1.0000  pear\n1 of 1 at or above 0.8 in default, best 1.0000\n"


def test_the_shell_prints_an_answer_as_one_line_of_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "苹果 apple [bold]"))
    assert run_search(settings, "苹果 apple [bold]", as_json=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [each["text"] for each in json.loads(lines[0])["matches"]] == ["苹果 apple [bold]"]
    assert len(lines) == 1


def test_the_shell_refreshes_and_tells_what_was_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "apple"))
    assert commands.refresh(settings, "default", EDGES) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "default: 1 entries served from now on"
        " (2 read, 1 added, 0 changed, 0 removed, 1 dropped, 1 embedded)\n"
    )
    assert "default.txt:2" in out


def test_a_refresh_that_fails_is_told_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = a_knowledge_base(tmp_path, name="broken").model_copy(update={"source": ("nowhere.txt",)})
    settings = some_settings(tmp_path, broken, a_knowledge_base(tmp_path, "apple"))
    assert commands.refresh(settings, None, EDGES) == 1
    captured = capsys.readouterr()
    assert "nowhere.txt" in captured.err
    assert captured.out.startswith("default: 1 entries")


def test_a_folder_held_by_something_that_does_not_answer_is_told(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings), pytest.raises(CannotReach, match="does not answer at 127"):
        run_search(settings, "apple")


def test_check_tries_everything_the_configuration_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = a_knowledge_base(tmp_path, name="broken").model_copy(update={"source": ("nowhere.txt",)})
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), broken)
    assert commands.check(settings, None, EDGES) == 1
    out = capsys.readouterr().out
    assert "knowledge base default: 1 entries, 0 dropped" in out
    assert "nowhere.txt" in out
    assert "model: letters, 27 dimensions, on paper" in out


def test_check_says_why_a_running_engine_has_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_model: Model) -> encoder.Encoder:
        raise EncoderFailed("the weights are gone")

    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    built = app.build(settings, app.Edges(load_encoder=fail))
    built.serve()
    try:
        built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
        assert commands.check(settings, None, EDGES) == 1
    finally:
        built.stop()
    assert "model: the model failed to load: the weights are gone" in capsys.readouterr().out


def test_wrong_usage_and_wrong_configuration_are_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[engine]\nlisten = "x"\nweb_threads = 0\n')
    assert main(["--config", str(path), "check"], {}) == 2
    assert "has 2 mistakes" in capsys.readouterr().err
    assert main(["--config", str(tmp_path / "no.toml"), "check"], {}) == 2
    with pytest.raises(SystemExit) as wrong:
        main(["rollback"], {})
    assert wrong.value.code == 2


@pytest.mark.parametrize(
    "given",
    [
        ["--threshold", "2"],
        ["--threshold", "nan"],
        ["--threshold=-1.1"],
        ["--limit", "0"],
        ["--limit", "1.5"],
    ],
)
def test_a_search_with_a_value_that_there_is_not_is_wrong_usage(given: list[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(["search", "hello", *given], {})
    assert wrong.value.code == 2


def test_a_failure_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"KBDIAL_ENGINE__DATA_DIR": str(tmp_path / "data"), "KBDIAL_ENGINE__MODEL__DEVICE": "cuda"}
    assert main(["search", "hello"], environment) == 1
    assert main(["search", "hello", "--kb", "nope"], {"KBDIAL_ENGINE__DATA_DIR": str(tmp_path / "data")}) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "runs on the processor" in first
    assert 'there is no knowledge base "nope"' in second


def test_a_device_that_is_not_here_keeps_the_engine_from_starting(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), model=Model(device="cuda"))
    built = app.build(settings)
    with pytest.raises(EncoderFailed, match="runs on the processor"):
        built.serve()
    assert not settings.data_dir.exists()
    remote = Model(name="m", device="cuda", remote_url="http://127.0.0.1:9/v1")
    encoder.require_device(remote)  # what it runs on is that server's business


def test_serve_answers_on_the_sample_data_and_stops_when_asked(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "KBDIAL_ENGINE__DATA_DIR": str(tmp_path / "data"),
        "KBDIAL_ENGINE__LISTEN": "127.0.0.1:0",
    }
    started = subprocess.Popen(
        [sys.executable, "-m", "engine", "serve"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stderr is not None
        address = read_until(started.stderr, "serving")["address"]
        assert {read_until(started.stderr, "refreshed")["knowledge_base"] for _ in range(2)} == {
            "default",
            "shop",
        }
        answer = requests.post(
            f"http://{address}/v1/search", json={"query": "夏天吃什么水果能补水？"}, timeout=WAIT_SECONDS
        ).json()
        assert "西瓜" in answer["matches"][0]["text"]
        assert requests.get(f"http://{address}/readyz", timeout=WAIT_SECONDS).json()["ready"]
        started.send_signal(signal.SIGTERM)
        assert started.wait(WAIT_SECONDS) == 0
    finally:
        started.kill()
        started.communicate()


def test_a_question_gets_the_interpreter_soon_and_no_needless_collections(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))):
        assert (sys.getswitchinterval() <= 0.001, gc.get_threshold()[0] >= 10_000) == (True, True)
