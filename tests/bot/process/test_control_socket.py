"""The socket between the running bot and other commands: real sockets, real files."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.process import control_socket
from bot.process.control_socket import (
    ControlServer,
    LocalError,
    NotRunning,
    OnProgress,
    Operation,
    Request,
)


@contextmanager
def a_running_bot(data_dir: Path, operations: Mapping[str, Operation]) -> Iterator[ControlServer]:
    running = ControlServer(data_dir, operations)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def echo(request: Request, hear: OnProgress) -> Any:
    hear(request["text"])
    hear(request["text"].upper())
    return {"length": len(request["text"])}


def refuse(_: Request, __: OnProgress) -> Any:
    raise LocalError("not today")


def break_down(_: Request, __: OnProgress) -> Any:
    raise RuntimeError("a secret path")


def no_ear(_: object) -> None:
    raise AssertionError("nothing was to be heard")


def test_what_is_told_before_the_end_is_heard_in_order_and_then_the_end(tmp_path: Path) -> None:
    heard: list[str] = []
    with a_running_bot(tmp_path, {"echo": echo}):
        done = control_socket.call(tmp_path, "echo", {"text": "水果 🍎\n"}, heard.append)
    assert (heard, done) == (["水果 🍎\n", "水果 🍎\n".upper()], {"length": 5})


def test_without_a_bot_the_caller_is_told_that_none_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        control_socket.call(tmp_path, "echo", {}, no_ear)


def test_the_socket_of_a_bot_that_crashed_does_not_look_like_a_running_one(tmp_path: Path) -> None:
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(control_socket.address(tmp_path)))
    left_behind.close()
    with pytest.raises(NotRunning):
        control_socket.call(tmp_path, "echo", {}, no_ear)
    with a_running_bot(tmp_path, {"echo": echo}):
        assert control_socket.call(tmp_path, "echo", {"text": "a"}, [].append) == {"length": 1}


def test_a_stopped_bot_leaves_no_socket_and_can_be_stopped_again(tmp_path: Path) -> None:
    with a_running_bot(tmp_path, {}) as running:
        running.stop()
        assert not control_socket.address(tmp_path).exists()
    ControlServer(tmp_path, {}).stop()


def test_a_refusal_reaches_the_person_and_a_mistake_of_ours_only_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_running_bot(tmp_path, {"refuse": refuse, "break": break_down}):
        with pytest.raises(LocalError, match=r"^not today$"):
            control_socket.call(tmp_path, "refuse", {}, no_ear)
        with pytest.raises(LocalError, match="log") as told:
            control_socket.call(tmp_path, "break", {}, no_ear)
    assert "secret" not in str(told.value)
    assert "a secret path" in caplog.text


def test_only_the_user_who_runs_the_bot_may_connect(tmp_path: Path) -> None:
    with a_running_bot(tmp_path, {}):
        assert stat.S_IMODE(control_socket.address(tmp_path).stat().st_mode) == 0o600


def test_a_data_folder_with_a_long_path_works_from_a_private_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    with a_running_bot(deep, {"echo": echo}):
        folder = control_socket.address(deep).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert control_socket.call(deep, "echo", {"text": "ab"}, [].append) == {"length": 2}


def test_a_data_folder_may_be_named_from_the_current_folder(tmp_path: Path) -> None:
    named = Path(os.path.relpath(tmp_path))
    with a_running_bot(named, {}):
        assert control_socket.who(tmp_path) == os.getpid()


def test_callers_work_side_by_side(tmp_path: Path) -> None:
    first_is_in, second_is_done = threading.Event(), threading.Event()

    def wait(_: Request, __: OnProgress) -> Any:
        first_is_in.set()
        return second_is_done.wait(10)

    results: list[Any] = []
    with a_running_bot(tmp_path, {"wait": wait, "echo": echo}):
        first = threading.Thread(
            target=lambda: results.append(control_socket.call(tmp_path, "wait", {}, no_ear))
        )
        first.start()
        assert first_is_in.wait(10)
        control_socket.call(tmp_path, "echo", {"text": ""}, [].append)
        second_is_done.set()
        first.join(10)
    assert results == [True]


def test_a_caller_that_waits_when_the_bot_stops_is_told(tmp_path: Path) -> None:
    is_in, may_go = threading.Event(), threading.Event()

    def wait(_: Request, __: OnProgress) -> Any:
        is_in.set()
        may_go.wait(10)

    told: list[NotRunning] = []

    def ask() -> None:
        try:
            control_socket.call(tmp_path, "wait", {}, no_ear)
        except NotRunning as stopped:
            told.append(stopped)

    with a_running_bot(tmp_path, {"wait": wait}):
        caller = threading.Thread(target=ask)
        caller.start()
        assert is_in.wait(10)
    caller.join(10)
    may_go.set()
    assert len(told) == 1


def test_an_operation_learns_that_its_caller_has_gone(tmp_path: Path) -> None:
    learned, gone = threading.Event(), threading.Event()

    def tell_for_ever(_: Request, hear: OnProgress) -> Any:
        assert gone.wait(10)
        try:
            while True:
                hear("still there?")
        except OSError:
            learned.set()
            raise

    with a_running_bot(tmp_path, {"tell": tell_for_ever}):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(control_socket.address(tmp_path)))
            caller.sendall(b'{"operation": "tell"}\n')
        gone.set()
        assert learned.wait(10)


@pytest.fixture(scope="module")
def always_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data_dir = tmp_path_factory.mktemp("data")
    with a_running_bot(data_dir, {"echo": echo}):
        yield data_dir


some_json = st.recursive(st.none() | st.text(), st.lists).map(lambda value: json.dumps(value).encode())


@given(nonsense=st.binary(max_size=200) | some_json)
def test_nonsense_is_answered_and_never_ends_the_bot(always_running: Path, nonsense: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as caller, caller.makefile("rb") as stream:
        caller.connect(str(control_socket.address(always_running)))
        caller.sendall(nonsense.replace(b"\n", b"") + b"\n")
        assert "error" in json.loads(stream.readline())
    assert control_socket.call(always_running, "echo", {"text": ""}, [].append) == {"length": 0}
