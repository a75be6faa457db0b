"""Our double of a Qdrant server does for Qdrant's own client what the client's own Qdrant does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.engine.index.scan import plain
from tests.support.qdrant_server import QdrantDouble

pytestmark = pytest.mark.filterwarnings("ignore:Local mode performs exact")
ROWS = plain.random_rows(np.random.default_rng(3), 60, 16)
EXACT = models.SearchParams(exact=True, quantization=models.QuantizationSearchParams(ignore=True))


@pytest.fixture(scope="module")
def double() -> Iterator[QdrantDouble]:
    with QdrantDouble() as server:
        yield server
        server.forget()


@pytest.fixture(scope="module", params=["over HTTP", "the client's own"])
def client(request: pytest.FixtureRequest, double: QdrantDouble) -> Iterator[QdrantClient]:
    """A client that has stored the rows."""
    is_far = request.param == "over HTTP"
    made = QdrantClient(url=double.url, check_compatibility=False) if is_far else QdrantClient(":memory:")
    made.create_collection(
        "rows",
        vectors_config=models.VectorParams(size=16, distance=models.Distance.DOT, on_disk=False),
        hnsw_config=models.HnswConfigDiff(m=0),
        shard_number=1,
        replication_factor=1,
        write_consistency_factor=1,
    )
    made.upsert("rows", models.Batch(ids=list(range(60)), vectors=ROWS.tolist()), wait=True)
    yield made
    made.close()


def ids(found: Any) -> list[int]:
    return [each.id for each in found.points]


def test_points_are_counted_and_given_back(client: QdrantClient) -> None:
    assert client.count("rows", exact=True).count == 60
    taken = client.retrieve("rows", [5, 3], with_payload=False, with_vectors=True)
    assert {each.id: each.vector for each in taken} == {row: ROWS[row].tolist() for row in (3, 5)}


def test_the_nearest_come_by_their_products(client: QdrantClient) -> None:
    asked = models.QueryRequest(query=ROWS[7].tolist(), limit=9, params=EXACT)
    [found] = client.query_batch_points("rows", [asked])
    products = ROWS @ ROWS[7]
    assert ids(found) == np.argsort(-products)[:9].tolist()
    assert np.allclose([each.score for each in found.points], np.sort(products)[::-1][:9], atol=1e-6)


def test_a_threshold_is_strict(client: QdrantClient) -> None:
    """A row whose score is the threshold is not given: why the engine asks for less than it wants."""
    [near] = client.query_batch_points(
        "rows", [models.QueryRequest(query=ROWS[7].tolist(), limit=9, params=EXACT)]
    )
    at = models.QueryRequest(
        query=ROWS[7].tolist(), limit=60, params=EXACT, score_threshold=near.points[4].score
    )
    [found] = client.query_batch_points("rows", [at])
    assert ids(found) == ids(near)[:4]


def test_an_alias_moves_in_one_step_and_what_is_dropped_is_gone(client: QdrantClient) -> None:
    settings = models.VectorParams(size=16, distance=models.Distance.DOT)
    for name in ("first", "second"):
        client.create_collection(name, vectors_config=settings, hnsw_config=models.HnswConfigDiff(m=0))
    create, delete = models.CreateAlias, models.DeleteAlias
    client.update_collection_aliases(
        [models.CreateAliasOperation(create_alias=create(collection_name="first", alias_name="served"))]
    )
    client.update_collection_aliases(
        [
            models.DeleteAliasOperation(delete_alias=delete(alias_name="served")),
            models.CreateAliasOperation(create_alias=create(collection_name="second", alias_name="served")),
        ]
    )
    said = [(each.alias_name, each.collection_name) for each in client.get_aliases().aliases]
    assert said == [("served", "second")]
    client.delete_collection("first")
    client.delete_collection("second")
    assert [each.name for each in client.get_collections().collections] == ["rows"]


def test_what_there_is_not_is_not_found(double: QdrantDouble) -> None:
    with QdrantDouble(api_key="t0ken-k7Qm") as closed:
        for server, key, status in ((double, "", 404), (closed, "", 401), (closed, "t0ken-k7Qm", 404)):
            far = QdrantClient(url=server.url, headers={"api-key": key}, check_compatibility=False)
            with pytest.raises(UnexpectedResponse) as refused:
                far.count("ghost")
            assert refused.value.status_code == status
            far.close()
