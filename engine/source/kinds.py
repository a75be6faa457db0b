"""The formats that a source may be made of: one row for each.

A format is a row here and its reader: a function in `formats`, or for documents the module
of that name in `engine.extract`. Files, web, chat, routes and their description follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.source.formats import Reader, json_document, jsonl, lines, read_posted, table, tabs


@dataclass(frozen=True, slots=True)
class Kind:
    """A format by the ends of names and by media types, the usual one first.

    `read` is None for documents, which a process of their own reads. `post` reads a list that
    is posted; None where only files are of this kind. A page is what a sign-in page looks like.
    """

    name: str
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    read: Reader | None = None
    post: Reader | None = None
    may_be_page: bool = False


KINDS: Final = (
    Kind("txt", (".txt",), ("text/plain",), lines, read_posted),
    Kind("csv", (".csv",), ("text/csv", "application/csv"), table, table),
    Kind("tsv", (".tsv", ".tab"), ("text/tab-separated-values",), tabs, tabs),
    Kind(
        "jsonl",
        (".jsonl", ".ndjson"),
        ("application/x-ndjson", "application/jsonl"),
        jsonl,
        jsonl,
    ),
    Kind("json", (".json",), ("application/json",), json_document),
    Kind("markdown", (".md", ".markdown"), ("text/markdown",), may_be_page=True),
    Kind("html", (".html", ".htm"), ("text/html", "application/xhtml+xml"), may_be_page=True),
    Kind(
        "docx",
        (".docx",),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    ),
    Kind("pdf", (".pdf",), ("application/pdf",)),
    Kind("xlsx", (".xlsx",), ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",)),
)

BY_SUFFIX: Final[Mapping[str, Kind]] = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
BY_MEDIA_TYPE: Final[Mapping[str, Kind]] = {name: kind for kind in KINDS for name in kind.media_types}
POSTED: Final[Mapping[str, Reader]] = {
    name: kind.post for kind in KINDS if kind.post for name in kind.media_types
}
"""The media types of a list that may be posted, and what reads each."""

READ: Final = ", ".join(BY_SUFFIX)
"""The ends of names that are read, for people."""
