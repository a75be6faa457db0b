"""One source, whatever it is: a path, an address, or a database with a query."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from engine.domain import SourceContents, SourceError, SourceSpec
from engine.source import files, sql, web
from engine.source.documents import Documents
from engine.source.gather import gather
from engine.source.limits import DEFAULT_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Fresh:
    """A reading, and the marks by which the next read may find that nothing has changed."""

    reading: SourceContents
    validators: Mapping[str, str] = field(default_factory=dict)


def label(spec: SourceSpec) -> str:
    """A name of this source for people. It holds no secret."""
    if spec.query:
        return sql.without_secrets(spec.url)
    return web.without_secrets(spec.url) if spec.url else spec.path


def key(spec: SourceSpec) -> str:
    """The same for the same source, also after its password has changed."""
    return "\0".join((spec.path, web.without_credentials(spec.url), spec.query))


def read(
    spec: SourceSpec, validators: Mapping[str, str] | None = None, limits: Limits = DEFAULT_LIMITS
) -> Fresh | None:
    """Read the source; None when it holds what it held when the marks were made.

    Raises SourceError, and nothing else whatever the source holds.
    """
    validators = validators or {}
    if spec.query:
        name = label(spec)
        with closing(sql.records(spec.url, spec.query, spec.base, limits)) as rows:
            return Fresh(_some(name, gather(name, rows, limits)))
    if spec.url:
        return _fetch(spec, validators, limits)
    fingerprint = files.fingerprint(spec.path, spec.base, limits)
    if fingerprint and fingerprint == validators.get("sha256"):
        return None
    return Fresh(files.read(spec.path, spec.base, limits), {"sha256": fingerprint} if fingerprint else {})


def read_afresh(spec: SourceSpec, limits: Limits = DEFAULT_LIMITS) -> SourceContents:
    """Read the source, whatever it held before. Raises SourceError."""
    fresh = read(spec, None, limits)
    if fresh is None:
        raise AssertionError("unchanged, but since when? This is a bug")
    return fresh.reading


def _fetch(spec: SourceSpec, validators: Mapping[str, str], limits: Limits) -> Fresh | None:
    name = label(spec)
    fetched = web.fetch(spec.url, spec.headers, validators, limits)
    if fetched is None:
        return None
    with Documents(limits) as documents, closing(web.records(spec.url, fetched, documents)) as records:
        reading = gather(name, records, limits)
    return Fresh(_some(name, reading), fetched.validators)


def _some(name: str, reading: SourceContents) -> SourceContents:
    """The reading, because an empty source is a mistake in it."""
    if not reading.entries:
        raise SourceError(f"{name} holds no entry: {files.nothing_of(reading)}", "empty")
    return reading
