"""A model in processes of its own: real ones, that are killed, and that do not do what they should."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine import encoder
from engine.config import Engine, Model
from engine.domain import EncoderFailed, NotReady
from engine.encoder.processes import ModelProcesses, count_processes, load_in_processes
from engine.machine_share import count_cores

TEXTS = ["how long does shipping take", "退货要多久"]
# Its copies give a number for each text, and end at the text "die". It loads only while a file is not there.
TOY = """
import os, sys
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from engine.index.snapshot import ModelIdentity
_, trouble, descriptor = sys.argv
if os.path.exists(trouble):
    sys.exit(7)
engine = Connection(int(descriptor))
engine.recv()
engine.send(("loaded", (ModelIdentity("toy", 1, "toy"), "paper")))
while True:
    wanted, process = engine.recv()
    if wanted == "end":
        engine.send(("ended", os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))
        continue
    pipe = recv_handle(engine)
    if not (process := os.fork()):
        with Connection(pipe) as asking:
            while "die" not in (texts := asking.recv()[1]):
                asking.send(("made", [len(text) for text in texts]))
        os._exit(3)
    os.close(pipe)
    engine.send(("copy", process))
"""
DIES_LOADING = "import sys; sys.exit(7)"


def silent(_stage: str) -> None:
    return


@pytest.fixture(scope="module")
def processes() -> Iterator[ModelProcesses]:
    """Two, which end when they are stopped: whoever asks is then told so, and nothing is left running."""
    made = ModelProcesses(Model(), 2, silent)
    yield made
    running = [parent_of(made.lanes[0].process), *(lane.process for lane in made.lanes)]
    made.stop()
    made.stop()
    with pytest.raises(NotReady, match="stopping"):
        made.encode(TEXTS, "query")
    assert not [process for process in running if Path(f"/proc/{process}").exists()]


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def test_the_vectors_are_those_of_the_model_in_this_process(processes: ModelProcesses) -> None:
    own = encoder.load(Model())
    assert (processes.identity, processes.device) == (own.identity, own.device)
    for lane in processes.lanes:
        assert np.array_equal(lane.encode(TEXTS, "query"), own.encode(TEXTS, "query"))
        assert lane.count_tokens(TEXTS[0], "query") > 1


def test_each_lane_is_a_process_of_its_own_that_shares_the_weights(processes: ModelProcesses) -> None:
    own = [lane.process for lane in processes.lanes]
    assert len({os.getpid(), *own}) == 3
    assert parent_of(own[0]) == parent_of(own[1]) != os.getpid()
    for process in own:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        kib = {line.split()[0]: int(line.split()[1]) for line in rollup if line.endswith(" kB")}
        assert kib["Private_Dirty:"] + kib["Private_Clean:"] < 60 << 10 < kib["Rss:"]


def test_a_process_that_was_killed_is_replaced_and_its_texts_are_tried_again(
    processes: ModelProcesses, caplog: pytest.LogCaptureFixture
) -> None:
    lane = processes.lanes[0]
    before, process = lane.encode(TEXTS, "query"), lane.process
    os.kill(process, signal.SIGKILL)
    assert np.array_equal(lane.encode(TEXTS, "query"), before)
    assert lane.process != process
    assert [(each.message, vars(each)["reason"]) for each in caplog.records] == [
        ("model process ended", "was killed by signal 9")
    ]


def test_the_template_may_be_killed_and_is_started_again_when_it_is_wanted(processes: ModelProcesses) -> None:
    lane, other = processes.lanes
    before = lane.encode(TEXTS, "query")
    os.kill(parent_of(lane.process), signal.SIGKILL)
    assert np.array_equal(other.encode(TEXTS, "query"), before), "its copies go on"
    os.kill(lane.process, signal.SIGKILL)
    assert np.array_equal(lane.encode(TEXTS, "query"), before)
    os.kill(other.process, signal.SIGKILL)
    assert np.array_equal(other.encode(TEXTS, "query"), before)
    assert parent_of(lane.process) == parent_of(other.process)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_what_tells_a_whole_group_to_stop_is_for_the_engine(
    processes: ModelProcesses, told: signal.Signals
) -> None:
    for lane in processes.lanes:
        process = lane.process
        for each in (parent_of(process), process):
            os.kill(each, told)
        lane.encode(TEXTS, "query")
        assert lane.process == process


def test_a_text_that_the_model_refuses_ends_no_process(processes: ModelProcesses) -> None:
    process = processes.lanes[0].process
    with pytest.raises(EncoderFailed, match="text 1 is empty"):
        processes.encode([""], "query")
    assert processes.lanes[0].process == process


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ModelProcesses]:
    made = ModelProcesses(Model(), 1, silent, command=(sys.executable, "-c", TOY, str(tmp_path / "trouble")))
    yield made
    made.stop()


def test_texts_that_end_two_processes_are_told_of_and_others_are_not(toy: ModelProcesses) -> None:
    with pytest.raises(EncoderFailed, match=r"two processes of the model ended on this; .* ended with 3"):
        toy.encode(["die"], "query")
    assert list(toy.encode(["live", "on"], "query")) == [4, 2]


def test_where_no_process_can_be_started_again_this_is_told_until_one_can(
    toy: ModelProcesses, tmp_path: Path
) -> None:
    trouble = tmp_path / "trouble"
    trouble.touch()
    process = toy.lanes[0].process
    for each in (parent_of(process), process):
        os.kill(each, signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(NotReady, match="cannot be replaced: the process of the model ended with 7"):
            toy.encode(["live"], "query")
    trouble.unlink()
    assert list(toy.encode(["live"], "query")) == [4]


def test_a_process_that_ends_while_it_loads_is_told_of() -> None:
    with pytest.raises(EncoderFailed, match="the process of the model ended with 7 while it loaded"):
        ModelProcesses(Model(), 2, silent, command=(sys.executable, "-c", DIES_LOADING))


def test_a_program_that_cannot_be_started_is_told_of() -> None:
    with pytest.raises(EncoderFailed, match=r"a process for the model cannot be started: .*No such file"):
        ModelProcesses(Model(), 2, silent, command=("/nowhere/python",))


def test_a_model_that_cannot_be_loaded_is_told_as_in_this_process() -> None:
    model = Model(dimension=9999, processes=2)
    with pytest.raises(EncoderFailed) as here:
        encoder.load(model)
    with pytest.raises(EncoderFailed) as there:
        load_in_processes(model, silent, lambda: encoder.load(model))
    assert there.value.message == here.value.message


def test_the_bundled_model_has_as_many_processes_as_there_are_cores_and_any_other_one() -> None:
    assert count_processes(Model()) == count_cores()
    assert count_processes(Model(processes=3)) == 3
    assert count_processes(Model(name="Qwen/Qwen3-Embedding-4B")) == 1
    assert count_processes(Model(name="tiny", remote_url="http://127.0.0.1:1/v1")) == 1


def test_a_model_in_one_process_is_in_this_one() -> None:
    here = object()
    assert load_in_processes(Model(processes=1), silent, lambda: here) is here  # type: ignore[arg-type,return-value]  # any object


@pytest.mark.parametrize(
    "model", [Model(name="tiny", processes=2), Model(remote_url="http://a/v1", processes=2)]
)
def test_processes_for_another_model_are_refused_by_the_configuration(model: Model) -> None:
    with pytest.raises(ValueError, match="processes is 2, which is for the bundled model"):
        Engine(model=model)
