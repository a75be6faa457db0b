"""The publisher as its follower sees it: one question about each knowledge base, and files in pieces.

What is cut off is asked for again from where it ended. Nothing here decides what is served.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from pydantic import TypeAdapter, ValidationError
from urllib3.exceptions import HTTPError

from engine.domain import CannotReach
from engine.follower.publication import Publication
from engine.network_errors import name_cause

_CONNECT_SECONDS = 3
_READ_SECONDS = 30  # between two pieces, however large the file is
_PIECE = 1 << 16  # of what is cut off, so much is lost at most
_LONGEST_ANSWER = 1 << 20
_SHOWN = 200
# Both become paths here; no publisher may lead them elsewhere.
_SNAPSHOT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,99}")
_FILE = re.compile(r"[0-9a-z]{1,40}\.[a-z]{1,20}")
_publication = TypeAdapter(Publication)
_refusal = TypeAdapter(dict[str, dict[str, Any]])


class Publisher:
    """The client of a publisher. Safe to use from several threads, each for its own knowledge base."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    def publication(self, name: str) -> Publication | None:
        """The publication served now; None when there is no snapshot of this knowledge base yet.

        Raises:
            CannotReach: it is away, refuses, or answers something else.
        """
        path = f"/v1/knowledge-bases/{quote(name, safe='')}/snapshots/current"
        with self._get(path) as answer:
            body = b"".join(self._pieces(answer, _LONGEST_ANSWER))
            if answer.status_code == HTTPStatus.CONFLICT:
                return None
            self._require(answer, body, HTTPStatus.OK)
        try:
            said = _publication.validate_json(body)
        except ValidationError as mistakes:
            where = ".".join(map(str, mistakes.errors(include_input=False)[0]["loc"]))
            raise CannotReach(f"{self.url} answers no publication: {where or 'it'} is wrong") from None
        if not _SNAPSHOT.fullmatch(said.snapshot) or not all(map(_FILE.fullmatch, said.files)):
            raise CannotReach(f"{self.url} names a snapshot or files that cannot be names of any")
        return said

    def fetch(
        self, name: str, said: Publication, folder: Path, go_on: Callable[[], bool] = lambda: True
    ) -> None:
        """Fetch what of this snapshot's files is not in the folder yet. `go_on` is asked between pieces.

        Raises:
            CannotReach: it broke off, or does not serve this snapshot any more.
            OSError: there is no room for them here.
        """
        base = f"/v1/knowledge-bases/{quote(name, safe='')}/snapshots/{said.snapshot}"
        for file, stored in said.files.items():
            self._fetch(f"{base}/{file}", folder / file, stored.bytes, go_on)

    def _fetch(self, path: str, into: Path, size: int, go_on: Callable[[], bool]) -> None:
        have = into.stat().st_size if into.exists() else 0
        if have > size:
            into.unlink()
            have = 0
        if have == size and into.exists():
            return
        with self._get(path, {"Range": f"bytes={have}-"} if have else {}) as answer:
            if answer.status_code == HTTPStatus.OK:
                have = 0  # it gives all of it, whatever was asked
            elif answer.status_code != HTTPStatus.PARTIAL_CONTENT or not have:
                self._require(answer, b"".join(self._pieces(answer, _LONGEST_ANSWER)), HTTPStatus.OK)
            with into.open("ab" if have else "wb") as file:
                for piece in self._pieces(answer, size - have):
                    have += file.write(piece)
                    if not go_on():
                        raise CannotReach("the engine is stopping")
        if have != size:
            raise CannotReach(f"{self.url} broke off {into.name} after {have} of {size} bytes")

    def _get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        try:
            # A connection each time: a look every few seconds, and none that went stale meanwhile.
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc stand between the two
                return session.get(
                    f"{self.url}{path}",
                    headers={**self._headers, **(headers or {})},
                    timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
        except requests.RequestException as problem:
            raise CannotReach(f"the publisher at {self.url} does not answer: {name_cause(problem)}") from None

    def _pieces(self, answer: requests.Response, limit: int) -> Iterator[bytes]:
        length = 0
        try:
            for piece in answer.iter_content(_PIECE):
                length += len(piece)
                if length > limit:
                    raise CannotReach(f"{self.url} sends more than it said")
                yield piece
        except (requests.RequestException, HTTPError) as problem:
            raise CannotReach(f"the publisher at {self.url} broke off: {name_cause(problem)}") from None

    def _require(self, answer: requests.Response, body: bytes, status: int) -> None:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise CannotReach(
                f"the publisher at {self.url} refuses our token: [engine] token must be the same on both"
            )
        if answer.status_code != status:
            raise CannotReach(f"the publisher at {self.url} answers: {_says(answer.status_code, body)}")


def _says(status: int, body: bytes) -> str:
    """The sentence of an engine's refusal; of anything else its status and its beginning."""
    try:
        return str(_refusal.validate_json(body)["error"]["message"])[:_SHOWN]
    except (ValidationError, KeyError):
        return f"status {status} {body.decode(errors='replace')[:_SHOWN]}"
