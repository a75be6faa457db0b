"""The requests to a Qdrant server, over HTTP and JSON. What they are for, `engine.index.qdrant.index` says.

A server that does not answer, or says that it cannot now, is away (`engine.index.outage`). Whatever else it
refuses is NotReady, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import numpy as np
import requests
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from engine.domain import NotReady
from engine.index.distant_rows import RowsMissing
from engine.index.margin import Ask, Near
from engine.index.outage import Away, Outage
from engine.index.score import Floats
from engine.network_errors import name_cause

CONNECT_SECONDS = 2.0
_NUMBERS = 400_000  # in one body: 8 MB of JSON, a quarter of what Qdrant takes unless told otherwise
_SHOWN = 200
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})


class QdrantServer:
    """One server, or a load balancer in front of several. Several threads may use it at once."""

    def __init__(
        self,
        url: str,
        api_key: str = "",
        *,
        timeout_seconds: float = 10.0,
        session: requests.Session | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session = session or requests.Session()
        self._session.trust_env = False  # a .netrc must not replace the key
        self._session.headers["Content-Type"] = "application/json"
        if api_key:
            self._session.headers["api-key"] = api_key
        self._outage = Outage(url, steady)

    def collections(self) -> list[str]:
        return [each["name"] for each in self.ask("GET", "collections")["collections"]]

    def aliases(self) -> dict[str, str]:
        """The collection that each alias stands for."""
        found = self.ask("GET", "aliases")["aliases"]
        return {each["alias_name"]: each["collection_name"] for each in found}

    def create(self, name: str, settings: Mapping[str, Any]) -> None:
        self.ask("PUT", f"collections/{quote(name)}", settings)

    def drop(self, name: str) -> None:
        """Drop this collection, if there is one."""
        with suppress(RowsMissing):
            self.ask("DELETE", f"collections/{quote(name)}")

    def point_alias(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """All of these changes in one step."""
        self.ask("POST", "collections/aliases", {"actions": list(actions)})

    def upsert(self, name: str, vectors: Floats) -> None:
        """Store these vectors as the points 0, 1, 2…; on all replicas when it returns."""
        for rows in _pieces(np.arange(len(vectors)), vectors.shape[1]):
            batch = {"ids": rows.tolist(), "vectors": vectors[rows].tolist()}
            self.ask("PUT", f"collections/{quote(name)}/points?wait=true", {"batch": batch})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result of one request.

        Raises:
            RowsMissing: there is no such thing.
            NotReady
        """
        with self._outage.watch():
            return self._once(method, path, None if body is None else to_json(body))

    def _once(self, method: str, path: str, content: bytes | None) -> Any:
        try:
            answer = self._session.request(
                method,
                f"{self._url}/{path}",
                data=content,
                timeout=(CONNECT_SECONDS, self._timeout_seconds),
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise Away(f"the index at {self._url} does not answer ({name_cause(problem)})") from problem
        if answer.status_code == HTTPStatus.OK:
            return self._result_of(answer.content)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise RowsMissing(f"the index at {self._url} has no {path.partition('?')[0]}")
        kind = Away if answer.status_code in _MAY_PASS else NotReady
        says = answer.text[:_SHOWN]
        raise kind(f"the index at {self._url} refused with status {answer.status_code}: {says}")

    def _result_of(self, content: bytes) -> Any:
        try:
            return from_json(content)["result"]
        except (ValueError, KeyError, TypeError) as problem:
            raise Away(f"what {self._url} answers is not Qdrant's: {problem}") from problem


class Collection:
    """One collection of a server: a `Store`, in which point 17 is row 17."""

    def __init__(self, server: QdrantServer, name: str, dimension: int) -> None:
        self._server = server
        self._path = f"collections/{quote(name)}/points"
        self._dimension = dimension

    def count(self) -> int:
        return int(self._server.ask("POST", f"{self._path}/count", {"exact": True})["count"])

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        body = {"searches": [_search(ask) for ask in asks]}
        found = self._server.ask("POST", f"{self._path}/query/batch", body)
        return [_near(each["points"]) for each in found]

    def take(self, rows: NDArray[np.intp]) -> Floats:
        found: dict[int, Floats] = {}
        for piece in _pieces(np.unique(rows), self._dimension):
            body = {"ids": piece.tolist(), "with_vector": True, "with_payload": False}
            for each in self._server.ask("POST", self._path, body):
                found[each["id"]] = np.array(each["vector"], np.float32)
        missing = [row for row in rows.tolist() if row not in found]
        if missing:
            raise RowsMissing(f"the index does not have row {missing[0]}")
        return np.stack([found[row] for row in rows.tolist()])


def _search(ask: Ask) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "query": ask.question.tolist(),
        "limit": ask.limit,
        "params": {"exact": True, "quantization": {"ignore": True}},
        "with_payload": False,
        "with_vector": False,
    }
    if ask.at_least > -math.inf:
        wanted["score_threshold"] = below(ask.at_least)
    return wanted


def below(number: float) -> float:
    """The next lower number of single precision: Qdrant gives what is strictly above such a number."""
    return float(np.nextafter(np.float32(number), np.float32(-np.inf)))


def _near(points: Sequence[Mapping[str, Any]]) -> Near:
    rows = np.array([each["id"] for each in points], np.int64)
    # As it was before it was written out: the nearest number of single precision.
    return Near(rows, np.array([each["score"] for each in points], np.float32).astype(np.float64))


def _pieces(rows: NDArray[np.intp], dimension: int) -> Iterator[NDArray[np.intp]]:
    """The rows in pieces whose vectors fit into one body."""
    most = max(1, _NUMBERS // max(1, dimension))
    for start in range(0, len(rows), most):
        yield rows[start : start + most]
