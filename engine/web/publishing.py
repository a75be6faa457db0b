"""The routes by which followers fetch what this engine serves: the publication, and its files.

A file may be asked for from some byte on. Both ask for the token, also where nothing else does: what
goes out here is the whole knowledge base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi import Path as InPath
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from engine.catalog import Catalog
from engine.domain import Forbidden
from engine.web.bodies import Body
from engine.web.openapi import Name, refuses

_PIECE = 1 << 20
_FROM = re.compile(r"bytes=([0-9]{1,15})-")
_ONE = "/v1/knowledge-bases/{name}/snapshots"
_BYTES: dict[str, Any] = {"content": {"application/octet-stream": {}}}

SnapshotId = Annotated[str, InPath(min_length=1)]
FileName = Annotated[str, InPath(min_length=1)]


class ModelBody(Body):
    name: str
    dimension: int
    fingerprint: str
    settings: dict[str, Any]


class StoredFileBody(Body):
    """`checksum`: SHA-256 of the SHA-256 of each 4 MiB."""

    bytes: int
    checksum: str


class PublicationBody(Body):
    """The snapshot that is served. `number` grows with each; `fingerprint` is the scale of its scores."""

    snapshot: str
    number: int
    checked_at: datetime
    model: ModelBody
    fingerprint: str
    threshold: float | None
    files: dict[str, StoredFileBody]


def add_publishing_routes(app: FastAPI, catalog: Catalog, *, has_token: bool) -> None:
    """Add the routes of publications and their files, for followers; 403 where the engine has no token."""

    def require_token() -> None:
        if not has_token:
            raise Forbidden("snapshots are given to those alone who know a token; set [engine] token")

    @app.get(
        f"{_ONE}/current",
        operation_id="show_publication",
        summary="The snapshot that is served, and its files, for followers.",
        responses=refuses(404, 409, 503),
    )
    def publication(name: Name) -> PublicationBody:
        require_token()
        return PublicationBody.model_validate(catalog.publication(name))

    @app.get(
        f"{_ONE}/{{snapshot}}/{{file}}",
        operation_id="fetch_snapshot_file",
        summary="A file of the snapshot that is served or of the one before; Range: bytes=N- gives its rest.",
        responses={
            **refuses(404, 410, 503),
            200: {**_BYTES, "description": "The file."},
            206: {**_BYTES, "description": "The rest of the file."},
        },
        response_class=Response,
    )
    def file(name: Name, snapshot: SnapshotId, file: FileName, request: Request) -> Response:
        require_token()
        path = catalog.published_file(name, snapshot, file)
        return _content(path, path.stat().st_size, request.headers.get("range", ""))


def _content(path: Path, size: int, wanted: str) -> Response:
    """The file from where it is wanted; all of it where that is said in a way that is not read here."""
    found = _FROM.fullmatch(wanted)
    start = int(found[1]) if found else 0
    is_part = found is not None and start < size
    start = start if is_part else 0
    headers = {"Content-Length": str(size - start), "Accept-Ranges": "bytes"}
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    return StreamingResponse(
        _pieces(path, start), 206 if is_part else 200, headers, media_type="application/octet-stream"
    )


def _pieces(path: Path, start: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece
