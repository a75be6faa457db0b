"""A source behind an http or https address: fetched whole, in bounded time and size, or refused.

The address was written by the operator, who may well mean a server inside the company, so
no address is off limits, unlike one that comes in a message. What the *server* answers is
not trusted: a redirect may not leave its host (not even for the cloud's own metadata
service), the body has an end, and a sign-in page is not taken for a table.

Credentials, in the address or in `headers`, go to that host only and stand in no message.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from engine.domain import Dropped, SourceError
from engine.network_errors import name_cause
from engine.source.deadline import WholeAnswerTimeout
from engine.source.documents import Documents
from engine.source.kinds import BY_MEDIA_TYPE, BY_SUFFIX, READ
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record

_CONNECT_SECONDS: Final = 10.0
_MOST_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 16
_OK, _NOT_MODIFIED, _MULTIPLE, _ERRORS = 200, 304, 300, 400
_REMEMBERED: Final = frozenset({"etag", "last_modified"})
_PAGE: Final = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body, what it is by its suffix, and the marks by which the server knows it again."""

    content: bytes
    suffix: str
    validators: Mapping[str, str]


def without_secrets(url: str) -> str:
    """The address as people may see it: without user, password and query, where secrets stand."""
    bare = without_credentials(url)
    return f"{bare.partition('?')[0]}?…" if "?" in bare else bare


def without_credentials(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def fetch(
    url: str, headers: Mapping[str, str], validators: Mapping[str, str], limits: Limits = DEFAULT_LIMITS
) -> Fetched | None:
    """Fetch the address; None when the server says that the marks stand for what it gives.

    Raises SourceError, whose message names the address as `without_secrets` and the reason.
    """
    name = without_secrets(url)
    deadline = time.monotonic() + limits.fetch_seconds
    try:
        with closing(requests.Session()) as session:
            session.mount("http://", WholeAnswerTimeout())
            session.mount("https://", WholeAnswerTimeout())
            with closing(_answer(session, url, _asking(headers, validators), deadline)) as answer:
                if answer.status_code == _NOT_MODIFIED and not _REMEMBERED.isdisjoint(validators):
                    return None
                if answer.status_code != _OK:
                    raise SourceError(f"{name} answered with status {answer.status_code}", "refused")
                if "," in answer.headers.get("Content-Encoding", ""):
                    raise SourceError(f"{name} is packed more than once")
                content = _body(answer, name, limits, deadline)
    except (requests.Timeout, TimeoutError):
        raise SourceError(_too_slow(name, limits), "slow") from None
    except (requests.RequestException, HTTPError, OSError, zlib.error) as error:
        if time.monotonic() >= deadline:
            raise SourceError(_too_slow(name, limits), "slow") from None
        raise SourceError(f"{name} cannot be fetched: {name_cause(error)}", "unreachable") from None
    except (ValueError, UnicodeError):
        raise SourceError(f"{name} is no address, or its headers cannot be sent") from None
    if not content.strip():
        raise SourceError(f"{name}:1 is empty", "empty")
    suffix = _suffix(name, url, answer, content)
    digest = hashlib.sha256(content).hexdigest()
    if validators.get("sha256") == digest and validators.get("suffix") == suffix:
        return None
    return Fetched(content, suffix, {**_given_headers(answer), "sha256": digest, "suffix": suffix})


def records(url: str, fetched: Fetched, documents: Documents) -> Generator[Record | Dropped]:
    """Parse a fetched body, under the address as people may see it."""
    name = without_secrets(url)
    kind = BY_SUFFIX[fetched.suffix]
    if kind.read is None:
        yield from documents.records(name, kind.name, fetched.content, url=name.partition("?")[0])
    else:
        yield from kind.read(name, fetched.content)


def _asking(headers: Mapping[str, str], validators: Mapping[str, str]) -> dict[str, str]:
    """Our request's headers. Only encodings that can be unpacked within a limit are asked for."""
    asked = {"User-Agent": "kbdial", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    if "etag" in validators:
        asked["If-None-Match"] = validators["etag"]
    if "last_modified" in validators:
        asked["If-Modified-Since"] = validators["last_modified"]
    return {**asked, **headers}


def _answer(
    session: requests.Session, url: str, headers: Mapping[str, str], deadline: float
) -> requests.Response:
    """The answer at the end of the redirects, all of them on the host that was named."""
    parts = urlsplit(url)
    user, password = (
        unquote(each or "").encode().decode("latin-1") for each in (parts.username, parts.password)
    )
    # UTF-8, as it goes over the wire. Without any, requests would take the user's .netrc: it would send
    # what nobody configured, in the place of what somebody did.
    auth = (user, password) if parts.username is not None else _no_netrc
    at = without_credentials(url)
    for _ in range(_MOST_REDIRECTS + 1):
        left = deadline - time.monotonic()
        if left <= 0:
            raise requests.Timeout
        answer = session.get(
            at,
            headers=dict(headers),
            auth=auth,
            timeout=(min(left, _CONNECT_SECONDS), left),
            stream=True,
            allow_redirects=False,
        )
        if not (_MULTIPLE <= answer.status_code < _ERRORS) or answer.status_code == _NOT_MODIFIED:
            return answer
        target = urljoin(at, answer.headers.get("Location", ""))
        answer.close()
        if not _same_host(at, target):
            other = urlsplit(target).hostname or "nowhere"
            raise SourceError(
                f"{without_secrets(url)} redirects to another host ({other[:100]}), which is not followed; "
                "if that is right, name the other address as the source",
                "redirects",
            )
        at = target
    raise SourceError(f"{without_secrets(url)} redirects more than {_MOST_REDIRECTS} times", "redirects")


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _same_host(one: str, other: str) -> bool:
    """Whether scheme, host and port are the same, or it is the same host by HTTPS."""
    here, there = urlsplit(one), urlsplit(other)
    if here.hostname != there.hostname or there.username is not None:
        return False
    ports = {"http": 80, "https": 443}
    at, to = here.port or ports.get(here.scheme), there.port or ports.get(there.scheme)
    if here.scheme == there.scheme:
        return at == to
    return (here.scheme, there.scheme, at, to) == ("http", "https", 80, 443)


def _body(answer: requests.Response, name: str, limits: Limits, deadline: float) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > limits.fetched_bytes:
            raise SourceError(f"{name} is larger than {limits.fetched_bytes} bytes", "too_large")
        if time.monotonic() >= deadline:
            raise requests.Timeout
    return b"".join(parts)


def _suffix(name: str, url: str, answer: requests.Response, content: bytes) -> str:
    """The format of a body: by the end of the path, else by its Content-Type. A page is never a table."""
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    given = PurePosixPath(urlsplit(url).path).suffix.lower()
    kind = BY_SUFFIX.get(given) or BY_MEDIA_TYPE.get(media_type)
    if kind is None:
        raise SourceError(
            f'{name} is of the kind "{media_type[:80]}", which is not read; '
            f"read are {READ}, by the end of the path or the Content-Type",
            "other_kind",
        )
    is_page = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE)
    suffix = kind.suffixes[0]
    if is_page and not kind.may_be_page:
        raise SourceError(
            f"{name} answered with a web page where {suffix} was expected: "
            "a sign-in or error page, perhaps; see what it shows in a browser",
            "web_page",
        )
    return suffix


def _given_headers(answer: requests.Response) -> dict[str, str]:
    found = {"etag": answer.headers.get("ETag"), "last_modified": answer.headers.get("Last-Modified")}
    return {mark: value for mark, value in found.items() if value}


def _too_slow(name: str, limits: Limits) -> str:
    return f"{name} did not answer in full within {limits.fetch_seconds:g} s"
