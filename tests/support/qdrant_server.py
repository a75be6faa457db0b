"""A Qdrant server in this process: the routes that kbdial asks, over Qdrant's own core (`qdrant-edge-py`).

What is compared, and how, is the real thing. Written by hand are the routes and bodies, and these are
checked with the official client (`tests/engine/index/qdrant/test_double.py`). `broken` holds what comes
instead of the next answers: a status, or None for a connection that is cut.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import qdrant_edge
from pydantic_core import from_json, to_json
from qdrant_edge import EdgeConfig, EdgeShard, EdgeVectorParams, HnswIndexConfig

# The core makes files of 69 MB for the smallest collection, mostly holes; a disk takes 0.3 s for them.
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own in it
_COLLECTION = re.compile(r"/collections/(?P<name>[^/]+)(?P<rest>/.*)?")


class Refusal(Exception):
    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status


@dataclass
class Collection:
    shard: EdgeShard
    folder: str
    size: int
    settings: dict[str, Any]


@dataclass
class QdrantDouble:
    """Listens while the `with` lasts, on the port it had before if it is opened again."""

    api_key: str = ""
    heard: list[str] = field(default_factory=list)
    broken: deque[int | None] = field(default_factory=deque)
    collections: dict[str, Collection] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if double.broken:
                    status = double.broken.popleft()
                    if status is None:
                        self.close_connection = True
                        return
                    self._answer(status, {"status": {"error": "Service internal error: 1 shard is away"}})
                    return
                key = self.headers.get("api-key", "")
                self._answer(*double.answer(self.command, self.path, body, key))

            do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the library's names

            def _answer(self, status: int, body: Any) -> None:
                content = to_json(body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Everything that is stored."""
        for name in list(self.collections):
            self._drop(name)

    def lose(self, name: str, rows: int) -> None:
        """Lose the first points of a collection."""
        self.collections[name].shard.update(qdrant_edge.UpdateOperation.delete_points(list(range(rows))))

    def answer(self, method: str, target: str, body: bytes, key: str) -> tuple[int, Any]:
        path = urlsplit(target).path
        self.heard.append(f"{method} {path}")
        if self.api_key and key != self.api_key:
            return 401, {"status": {"error": "Invalid API key or JWT"}}
        try:
            with self._lock:
                result = self._result(method, path, from_json(body or b"null"))
        except Refusal as problem:
            return problem.status, {"status": {"error": str(problem)}, "time": 0.0}
        return 200, {"result": result, "status": "ok", "time": 0.0}

    def _result(self, method: str, path: str, body: Any) -> Any:
        match method, path:
            case "GET", "/collections":
                return {"collections": [{"name": name} for name in self.collections]}
            case "GET", "/aliases":
                pairs = self.aliases.items()
                return {"aliases": [{"alias_name": each, "collection_name": name} for each, name in pairs]}
            case "POST", "/collections/aliases":
                return self._change_aliases(body["actions"])
        found = _COLLECTION.fullmatch(path)
        if found is None:
            raise Refusal(404, "")
        name = unquote(found["name"])
        route = _ROUTES.get((method, found["rest"] or ""))
        if route is None:
            raise Refusal(404, "")
        return route(self, name, body)

    def create(self, name: str, body: Any) -> bool:
        if name in self.collections:
            raise Refusal(409, f"Wrong input: Collection `{name}` already exists!")
        vectors = body["vectors"]
        assert vectors["distance"] == "Dot"
        folder = tempfile.mkdtemp(prefix="kbdial-qdrant-", dir=_MEMORY if _MEMORY.is_dir() else None)
        config = EdgeConfig(
            vectors=EdgeVectorParams(vectors["size"], qdrant_edge.Distance.Dot),
            hnsw_config=HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=10_000),
            wal_enabled=False,
        )
        self.collections[name] = Collection(EdgeShard.create(folder, config), folder, vectors["size"], body)
        return True

    def drop(self, name: str, _body: Any) -> bool:
        return self._drop(name)

    def upsert(self, name: str, body: Any) -> Any:
        held, batch = self._collection(name), body["batch"]
        if any(len(vector) != held.size for vector in batch["vectors"]):
            raise Refusal(400, f"Wrong input: Vector dimension error: expected dim: {held.size}")
        points = [
            qdrant_edge.Point(number, vector)
            for number, vector in zip(batch["ids"], batch["vectors"], strict=True)
        ]
        held.shard.update(qdrant_edge.UpdateOperation.upsert_points(points))
        return {"operation_id": 0, "status": "completed"}

    def count(self, name: str, body: Any) -> Any:
        count = self._collection(name).shard.count(qdrant_edge.CountRequest(exact=body["exact"]))
        return {"count": count}

    def query(self, name: str, body: Any) -> Any:
        queries = [
            qdrant_edge.QueryRequest(
                limit=each["limit"],
                query=qdrant_edge.Query.Nearest(_vector_of(each["query"])),
                score_threshold=each.get("score_threshold"),
                params=qdrant_edge.SearchParams(exact=each["params"]["exact"]),
            )
            for each in body["searches"]
        ]
        found = self._collection(name).shard.query_batch(qdrant_edge.QueryBatchRequest(queries))
        return [
            {"points": [{"id": each.id, "version": 0, "score": each.score} for each in points]}
            for points in found
        ]

    def retrieve(self, name: str, body: Any) -> Any:
        records = self._collection(name).shard.retrieve(body["ids"], False, body["with_vector"])
        return [{"id": each.id, "vector": each.vector} for each in records]

    def _collection(self, name: str) -> Collection:
        held = self.collections.get(self.aliases.get(name, name))
        if held is None:
            raise Refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        return held

    def _drop(self, name: str) -> bool:
        held = self.collections.pop(name, None)
        if held is None:
            return False
        self.aliases = {alias: of for alias, of in self.aliases.items() if of != name}
        held.shard.close()
        shutil.rmtree(Path(held.folder))
        return True

    def _change_aliases(self, actions: Any) -> bool:
        aliases = dict(self.aliases)
        for action in actions:
            match action:
                case {"delete_alias": {"alias_name": alias}}:
                    del aliases[alias]
                case {"create_alias": {"alias_name": alias, "collection_name": name}}:
                    self._collection(name)
                    aliases[alias] = name
        self.aliases = aliases
        return True


def _vector_of(query: Any) -> list[float]:
    """A query is a vector, or says that the nearest to one are wanted; the client writes the second."""
    found: list[float] = query["nearest"] if isinstance(query, dict) else query
    return found


_ROUTES: dict[tuple[str, str], Callable[[QdrantDouble, str, Any], Any]] = {
    ("PUT", ""): QdrantDouble.create,
    ("DELETE", ""): QdrantDouble.drop,
    ("PUT", "/points"): QdrantDouble.upsert,
    ("POST", "/points"): QdrantDouble.retrieve,
    ("POST", "/points/count"): QdrantDouble.count,
    ("POST", "/points/query/batch"): QdrantDouble.query,
}
