"""The requests to a Qdrant server, over HTTP and JSON. What they are for, `engine.index.qdrant.index` says.

A server that does not answer, or says that it cannot now, is NotReady. For a moment after that nothing is
asked of it: whoever comes meanwhile is refused at once, so that questions about other things do not
queue behind a server that is away. Whoever comes after that finds out whether it is back.
"""

from __future__ import annotations

import logging
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
from engine.index.margin import Ask, Near
from engine.index.score import Floats

CONNECT_SECONDS = 2.0
PAUSE_SECONDS = 2.0
_NUMBERS = 400_000  # in one body: 8 MB of JSON, a quarter of what Qdrant takes unless told otherwise
_SHOWN = 200
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})

_log = logging.getLogger(__name__)


class NoCollection(NotReady):
    """The server has no collection of this name, or not these points in it."""


class _Away(NotReady):
    """Nothing can be asked of the server now, whatever it is."""


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
        self._steady = steady
        self._away: NotReady | None = None
        self._away_since = -math.inf

    def collections(self) -> list[str]:
        return [each["name"] for each in self._ask("GET", "collections")["collections"]]

    def aliases(self) -> dict[str, str]:
        """The collection that each alias stands for."""
        found = self._ask("GET", "aliases")["aliases"]
        return {each["alias_name"]: each["collection_name"] for each in found}

    def create(self, name: str, settings: Mapping[str, Any]) -> None:
        self._ask("PUT", f"collections/{quote(name)}", settings)

    def drop(self, name: str) -> None:
        """Drop this collection, if there is one."""
        with suppress(NoCollection):
            self._ask("DELETE", f"collections/{quote(name)}")

    def point_alias(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """All of these changes in one step."""
        self._ask("POST", "collections/aliases", {"actions": list(actions)})

    def upsert(self, name: str, vectors: Floats) -> None:
        """Store these vectors as the points 0, 1, 2…; on all replicas when it returns."""
        for rows in _pieces(np.arange(len(vectors)), vectors.shape[1]):
            batch = {"ids": rows.tolist(), "vectors": vectors[rows].tolist()}
            self._ask("PUT", f"collections/{quote(name)}/points?wait=true", {"batch": batch})

    def count(self, name: str) -> int:
        """How many points there are, counted and not estimated."""
        return int(self._ask("POST", f"collections/{quote(name)}/points/count", {"exact": True})["count"])

    def nearest(self, name: str, asks: Sequence[Ask]) -> list[Near]:
        """The points with the best products, compared one by one in single precision."""
        body = {"searches": [_search(ask) for ask in asks]}
        found = self._ask("POST", f"collections/{quote(name)}/points/query/batch", body)
        return [_near(each["points"]) for each in found]

    def take(self, name: str, rows: NDArray[np.intp], dimension: int) -> Floats:
        """The vectors of these points, in their order."""
        found: dict[int, Floats] = {}
        for piece in _pieces(np.unique(rows), dimension):
            body = {"ids": piece.tolist(), "with_vector": True, "with_payload": False}
            for each in self._ask("POST", f"collections/{quote(name)}/points", body):
                found[each["id"]] = np.array(each["vector"], np.float32)
        missing = [row for row in rows.tolist() if row not in found]
        if missing:
            raise NoCollection(f"{self._url} does not have point {missing[0]} of {name}")
        taken = [found[row] for row in rows.tolist()]
        return np.stack(taken) if taken else np.empty((0, dimension), np.float32)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result of one request.

        Raises:
            NoCollection, NotReady
        """
        if self._away and self._steady() - self._away_since < PAUSE_SECONDS:
            raise NotReady(self._away.message)
        try:
            result = self._once(method, path, None if body is None else to_json(body))
        except _Away as problem:
            if not self._away:
                _log.error("index does not answer", extra={"reason": problem.message})
            self._away, self._away_since = problem, self._steady()
            raise
        if self._away:
            _log.warning("index answers again", extra={"url": self._url})
        self._away = None
        return result

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
            raise _Away(f"the index at {self._url} does not answer ({type(problem).__name__})") from problem
        if answer.status_code == HTTPStatus.OK:
            return self._result_of(answer.content)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NoCollection(f"the index at {self._url} has no {path.partition('?')[0]}")
        kind = _Away if answer.status_code in _MAY_PASS else NotReady
        says = answer.text[:_SHOWN]
        raise kind(f"the index at {self._url} refused with status {answer.status_code}: {says}")

    def _result_of(self, content: bytes) -> Any:
        try:
            return from_json(content)["result"]
        except (ValueError, KeyError, TypeError) as problem:
            raise _Away(f"what {self._url} answers is not Qdrant's: {problem}") from problem


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
    """As many rows at a time as fit into one body."""
    most = max(1, _NUMBERS // max(1, dimension))
    for start in range(0, len(rows), most):
        yield rows[start : start + most]
