"""The `source` of the configuration: one source or several, each a line or a table.

"faq.csv"   "handbook/"   "lists/**/*.txt"   "https://intranet/faq.csv"
{path = "faq.csv"}   {url = "https://…", headers = {Authorization = "Bearer …"}}
{url = "postgresql+psycopg://…", query = "SELECT question, answer FROM faq"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.domain import SourceSpec


@dataclass(frozen=True)
class SourceTable:
    """A source that one line cannot say. `url` and `headers` may hold secrets and are not shown."""

    path: str = ""
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: str = ""

    def to_spec(self, base: Path) -> SourceSpec:
        return SourceSpec(path=self.path, url=self.url, headers=self.headers, query=self.query, base=base)


def several(value: Any) -> tuple[str | SourceTable, ...]:
    """Each source of the configuration, checked. Raises ValueError, which shows no address."""
    return tuple(_one(each) for each in (value if isinstance(value, list | tuple) else (value,)))


def table(source: str | SourceTable) -> SourceTable:
    if isinstance(source, SourceTable):
        return source
    return SourceTable(url=source) if "://" in source else SourceTable(path=source)


def _one(value: Any) -> str | SourceTable:
    if isinstance(value, str | SourceTable):
        _check(table(value))
        return value
    if not isinstance(value, dict):
        raise ValueError('wanted a path, an address, or a table such as {url = "…", query = "SELECT …"}')  # noqa: TRY004 - pydantic collects ValueErrors
    if unknown := sorted(set(value) - {each.name for each in fields(SourceTable)}):
        raise ValueError(f'"{unknown[0]}" is no key of a source; there are path, url, headers and query')
    if not all(isinstance(value.get(key, ""), str) for key in ("path", "url", "query")):
        raise ValueError("path, url and query of a source are strings")
    headers = value.get("headers", {})
    if not (isinstance(headers, dict) and all(isinstance(each, str) for each in headers.values())):
        raise ValueError('headers of a source are a table such as {Authorization = "Bearer …"}')
    found = SourceTable(**value)
    _check(found)
    return found


def _check(source: SourceTable) -> None:
    if bool(source.path) == bool(source.url):
        raise ValueError("a source has either a path or a url, and it may not be empty")
    if source.path and (source.headers or source.query):
        raise ValueError("headers and query belong to a source with a url")
    is_web = source.url.lower().startswith(("http://", "https://"))
    if is_web and source.query:
        raise ValueError("a query belongs to the url of a database, such as postgresql+psycopg://…")
    if source.url and not is_web and not source.query:
        raise ValueError("wanted an http:// or https:// address, or that of a database and a query")
    if source.query and source.headers:
        raise ValueError("headers belong to an http:// or https:// address")
    if is_web and not _has_a_host(source.url):
        raise ValueError("the url of a source has no host, or a port that is no number")


def _has_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
