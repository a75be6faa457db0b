from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engine import app
from tests.support.engine import (
    WAIT_SECONDS,
    LetterEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)

if TYPE_CHECKING:
    import openai


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("engine")
    with an_engine(some_settings(folder, a_knowledge_base(folder, "apple"))) as running:
        yield running.is_settled()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    """The official client, on a listening engine with a token."""
    import openai

    folder = tmp_path_factory.mktemp("engine")
    settings = some_settings(folder, a_knowledge_base(folder, "apple"), token="t0ken-k7Qm")
    built = app.build(settings, app.Edges(load_encoder=lambda _model: LetterEncoder()))
    built.serve()
    assert built.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
    with openai.OpenAI(
        base_url=f"http://{built.server.address}/v1", api_key="t0ken-k7Qm", max_retries=0
    ) as speaking:
        yield speaking
    built.stop()


def ask(engine: RunningEngine, **body: Any) -> Any:
    return engine.client.post("/v1/embeddings", json=body)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_the_official_client_gets_the_vectors(client: openai.OpenAI, encoding: Any) -> None:
    texts = ["apple", "苹果", "a longer pear"]
    answer = client.embeddings.create(model="letters", input=texts, encoding_format=encoding)
    if encoding == "base64":
        rows = [np.frombuffer(base64.b64decode(str(each.embedding)), "<f4") for each in answer.data]
    else:
        rows = [np.array(each.embedding) for each in answer.data]
    assert np.array_equal(np.stack(rows).astype(np.float32), LetterEncoder().encode(texts, "bare"))
    assert ([each.index for each in answer.data], answer.model, answer.object) == (
        [0, 1, 2],
        "letters",
        "list",
    )


def test_the_official_client_reads_its_default_and_a_single_text(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="letters", input="apple", dimensions=5)
    assert np.linalg.norm(answer.data[0].embedding) == pytest.approx(1, abs=1e-6)
    assert (len(answer.data), len(answer.data[0].embedding)) == (1, 5)


def test_the_official_client_is_told_what_is_wrong(client: openai.OpenAI) -> None:
    import openai

    with pytest.raises(openai.UnprocessableEntityError, match='model must be "letters"'):
        client.embeddings.create(model="gpt", input="apple")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").embeddings.create(model="letters", input="apple")


def test_many_texts_come_back_in_their_order(engine: RunningEngine) -> None:
    texts = [f"{'a' * (n % 50)} text {n}" for n in range(300)]
    answer = ask(engine, input=texts).get_json()
    given = np.array([each["embedding"] for each in answer["data"]], np.float32)
    assert np.array_equal(given, LetterEncoder().encode(texts, "bare"))
    assert answer["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "input is missing"),
        ({"input": []}, "input must have at least 1 item"),
        ({"input": ""}, 'input.0 must have at least 1 character (got "")'),
        ({"input": 5}, "input must be a valid array (got 5)"),
        ({"input": ["fine", "  "]}, "input.1 must hold"),
        ({"input": [1, 2, 3]}, "input.0 must be a valid string (got 1)"),
        ({"input": ["a"] * 2049}, "input must have at most 2048 items"),
        ({"input": "a", "dimensions": 28}, "dimensions must be at most 27 (got 28)"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format must be"),
        ({"input": "x" * 20_001}, "input"),
    ],
)
def test_a_wrong_request_is_answered_with_the_reason(
    engine: RunningEngine, body: dict[str, Any], says: str
) -> None:
    answer = ask(engine, **body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "bad_value")
    assert says in answer.get_json()["error"]["message"]


def test_a_body_that_is_too_large_is_413(engine: RunningEngine) -> None:
    answer = engine.client.post(
        "/v1/embeddings", data=b" " * ((8 << 20) + 1), content_type="application/json"
    )
    assert answer.status_code == 413
