"""The result of a refresh of a knowledge base, as the engine reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

Count = Annotated[int, Field(ge=0)]
RefreshState = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A source, or a file of one, that could not be read.

    `kept` entries of it are served as they were at `since`; `failing_since` is the first failure
    of an unbroken row. `code` and `details` say in every language what `reason` says in English.
    """

    source: str
    reason: str
    code: str = "unreadable"
    kept: Count = 0
    since: AwareDatetime | None = None
    failing_since: AwareDatetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a source that did not become an entry, or is told of what did. `where` is FILE:LINE.

    Of a list that was written in chat or in the console, `where` is the number of the line.
    """

    where: str
    reason: str
    code: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A refresh, ended or not ("running" also while it waits for its turn).

    `read` rows became `kept` entries, of which `added` and `changed` are new. `left_out` are the
    first of `left_out_total`. `held_back`: the sources still say what was rolled back from.
    """

    id: str
    state: RefreshState
    read: int = 0
    kept: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    left_out_total: int = 0
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[LeftOut, ...] = ()
    failed: tuple[FailedSource, ...] = ()
    held_back: bool = False
    error: str | None = None
    requested_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that was added in chat, before it is known whether it can be found."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """A refresh whose end is still to be told to whoever asked for it, at `since`.

    `entries` are those that were added with it, `change` what was said of a change of ones that
    are there, under the command `verb`; both are empty where the refresh itself was asked for.
    """

    knowledge_base: str
    refresh: str
    since: datetime
    entries: tuple[NewEntry, ...] = ()
    change: str = ""
    verb: str = ""
