"""A remote model: first our own server in that part, then one that misbehaves."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from engine import app, encoder
from engine.config import Model
from engine.domain import EncoderFailed, NotReady
from engine.encoder.remote import RemoteEncoder
from engine.index.snapshot import Vectors
from tests.support.engine import (
    WAIT_SECONDS,
    LetterEncoder,
    a_knowledge_base,
    an_engine,
    some_settings,
)
from tests.support.engine_server import Behaviour, Call, EngineServer
from tests.support.engine_server import answer as answer_of

WIDTH = 27


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine that listens."""
    folder = tmp_path_factory.mktemp("engine")
    settings = some_settings(folder, a_knowledge_base(folder, "apple"), token="t0ken-k7Qm")
    built = app.build(settings, app.Edges(load_encoder=lambda _model: LetterEncoder()))
    built.serve()
    assert built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
    yield f"http://{built.server.address}/v1"
    built.stop()


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Behaviour:
    """An answer after which the server closes, and says so, as it always does."""
    return answer_of(status, body, {"Connection": "close", **(headers or {})})


def model(url: str, **keys: Any) -> Model:
    return Model(**{"name": "letters", "remote_url": url, "remote_token": SecretStr("t0ken-k7Qm"), **keys})


def letters(*texts: str) -> Vectors:
    return LetterEncoder().encode(texts, "document")


def test_another_engine_serves_as_the_encoder(ours: str) -> None:
    remote = encoder.load(model(ours))
    assert (remote.identity.name, remote.identity.dimension, remote.device) == ("letters", WIDTH, "remote")
    assert np.allclose(
        remote.encode(["apple", "苹果 pear"], "query"), letters("apple", "苹果 pear"), atol=1e-6
    )


def test_a_knowledge_base_is_searched_through_a_remote_model(ours: str, tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear", "plum"))
    with an_engine(settings, lambda: encoder.load(model(ours))) as engine:
        assert engine.is_settled().texts("pear") == ["pear"]


def test_a_shorter_vector_is_asked_of_the_server(ours: str) -> None:
    short = encoder.load(model(ours, dimension=9))
    cut = letters("apple")[:, :9]
    assert np.allclose(short.encode(["apple"], "document"), cut / np.linalg.norm(cut), atol=1e-6)
    assert short.identity.fingerprint != encoder.load(model(ours)).identity.fingerprint


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"name": "other"}, 'refused with status 422: .*model must be \\\\"letters'),
        ({"remote_token": SecretStr("wrong-k7Qm")}, "refused with status 401"),
        ({"dimension": 28}, "dimension is 28, letters gives 27"),
    ],
)
def test_what_the_server_refuses_is_told(ours: str, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(EncoderFailed, match=says):
        encoder.load(model(ours, **keys))


def asked(call: Call) -> Any:
    return call.heard.json


def vectors_for(call: Call) -> list[dict[str, Any]]:
    rows = letters(*asked(call)["input"])
    return [{"index": index, "embedding": row.tolist()} for index, row in enumerate(rows)]


def serves(call: Call) -> None:
    answer(200, {"data": vectors_for(call)})(call)


def turned_round(call: Call) -> None:
    answer(200, {"data": vectors_for(call)[::-1]})(call)


def cuts_nothing(call: Call) -> None:
    (answer(400, {"error": "dimensions are not supported"}) if "dimensions" in asked(call) else serves)(call)


def one_too_few(call: Call) -> None:
    answer(200, {"data": vectors_for(call)[:-1]})(call)


def twice_the_first(call: Call) -> None:
    answer(200, {"data": [{**each, "index": 0} for each in vectors_for(call)]})(call)


def in_company(call: Call) -> None:
    rows = letters(*asked(call)["input"])
    rows[:, 0] += 0.3 * (len(rows) > 1)
    answer(200, {"data": [{"index": n, "embedding": row.tolist()} for n, row in enumerate(rows)]})(call)


def short_bytes(call: Call) -> None:
    data = [
        {"index": n, "embedding": base64.b64encode(b"abc").decode()} for n in range(len(asked(call)["input"]))
    ]
    answer(200, {"data": data})(call)


def loaded(server: EngineServer, waits: list[float] | None = None, **keys: Any) -> RemoteEncoder:
    waited = [] if waits is None else waits
    return RemoteEncoder(model(server.url, **keys), wait=waited.append)


def test_numbers_instead_of_base64_and_any_order_are_understood() -> None:
    for behaviour in (serves, turned_round):
        with EngineServer(behaviour) as server:
            given = loaded(server).encode(["apple", "pear"], "document")
            assert np.allclose(given, letters("apple", "pear"), atol=1e-6)
            assert server.heard[-1].json["encoding_format"] == "base64"
            assert server.heard[-1].headers["Authorization"] == "Bearer t0ken-k7Qm"


def test_where_the_server_does_not_cut_we_do() -> None:
    with EngineServer(cuts_nothing) as server:
        given = loaded(server, dimension=9).encode(["apple"], "document")
    cut = letters("apple")[:, :9]
    assert np.allclose(given, cut / np.linalg.norm(cut), atol=1e-6)


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (one_too_few, "gave 0 vectors for 1 texts"),
        (twice_the_first, "fails|gave|vectors"),
        (in_company, 'fails the check "equal lengths"'),
        (short_bytes, "are no embeddings"),
        (answer(200, b"<html>"), "are no embeddings"),
        (answer(200, {"data": [{"index": 0, "embedding": None}]}), "are no embeddings"),
        (answer(200, [1]), "are no embeddings"),
        (answer(404, {"error": "no such model"}), "refused with status 404"),
        (answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "refused with status 302"),
    ],
)
def test_an_answer_that_is_not_its_vectors_is_refused(behaviour: Behaviour, says: str) -> None:
    with EngineServer(behaviour) as server, pytest.raises(EncoderFailed, match=says):
        loaded(server)


def test_a_server_that_is_busy_is_asked_again() -> None:
    waits: list[float] = []
    with EngineServer(serves) as server:
        remote = loaded(server, waits)
        server.answers.extend([answer(429, b"", {"Retry-After": "4"}), answer(503, b"")])
        assert np.allclose(remote.encode(["apple"], "document"), letters("apple"), atol=1e-6)
    assert waits == [4.0, 1.0]


def test_a_server_that_stays_away_is_told_as_not_ready() -> None:
    waits: list[float] = []
    with EngineServer(serves) as server:
        remote = loaded(server, waits)
    with pytest.raises(NotReady, match="does not answer"):
        remote.encode(["apple"], "document")
    assert waits == [0.2, 1.0]


def turned(call: Call) -> None:
    """Another model under the same name."""
    rows = letters(*asked(call)["input"])
    answer(200, {"data": [{"index": n, "embedding": row[::-1].tolist()} for n, row in enumerate(rows)]})(call)


def rounded(call: Call) -> None:
    rows = letters(*asked(call)["input"]).astype(np.float16)
    answer(200, {"data": [{"index": n, "embedding": row.tolist()} for n, row in enumerate(rows)]})(call)


def test_another_model_under_the_same_name_is_told_apart_and_rounding_is_not() -> None:
    with EngineServer(serves) as server:
        url = server.url
        before = RemoteEncoder(model(url)).identity
        server.usual = rounded
        assert RemoteEncoder(model(url), known=[before]).identity == before
        assert RemoteEncoder(model(url)).identity.fingerprint != before.fingerprint
        server.usual = turned
        assert RemoteEncoder(model(url), known=[before]).identity.fingerprint != before.fingerprint
        server.usual = serves
        cut = RemoteEncoder(model(url, dimension=9), known=[before]).identity
        assert cut.fingerprint != before.fingerprint


def test_the_bundled_model_of_another_engine_is_a_remote_model(tmp_path: Path) -> None:
    built = app.build(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")))
    built.serve()
    try:
        assert built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
        remote = encoder.load(Model(remote_url=f"http://{built.server.address}/v1"))
        ours = encoder.load(Model())
        assert (remote.identity.name, remote.device) == ("bundled", "remote")
        texts = ["怎么退货", "where is my order"]
        assert np.allclose(remote.encode(texts, "query"), ours.encode(texts, "query"), atol=1e-6)
    finally:
        built.stop()


def test_qwen_questions_get_their_prompt_from_us_and_entries_none() -> None:
    with EngineServer(serves) as server:
        remote = loaded(server, name="Qwen3-Embedding-4B-mine")
        remote.encode(["where"], "query")
        remote.encode(["where"], "document")
        remote.encode(["Instruct: x\nQuery:where"], "bare")
        sent = [json.loads(each.body)["input"][0] for each in server.heard[-3:]]
    assert sent[0].startswith("Instruct: Given a web search query")
    assert sent[0].endswith("\nQuery:where")
    assert sent[1:] == ["where", "Instruct: x\nQuery:where"]
