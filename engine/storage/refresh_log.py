"""The log of refreshes, kept beyond a restart: one SQLite file, the last ones of each knowledge base.

Nothing here knows how a refresh is done. The history is for people; when it is damaged it
is begun anew, with a line in the log, and nothing else suffers.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from engine.domain import Refresh

KEPT = 500
"""Refreshes of one knowledge base; at one every half hour the last ten days."""

_DROPPED = 50
_refresh = TypeAdapter(Refresh)
_log = logging.getLogger(__name__)


class History:
    """Remembers refreshes from when they begin. Usable between `open` and `close`, by several threads.

    Of what a refresh dropped, the first 50 are kept with their reasons and the others counted.
    One that was running when the engine ended is told as failed.
    """

    def __init__(self, path: Path, *, kept: int = KEPT) -> None:
        self._path = path
        self._kept = kept
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        try:
            self._connection = _connect(self._path)
        except sqlite3.DatabaseError as problem:
            _log.error("history begun anew", extra={"file": str(self._path), "reason": str(problem)})
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            self._connection = _connect(self._path)

    def close(self) -> None:
        with self._lock:
            if self._connection:
                self._connection.close()
                self._connection = None

    def note(self, name: str, refresh: Refresh) -> None:
        """Remember this refresh as it is now."""
        shown = replace(
            refresh,
            dropped=refresh.dropped[:_DROPPED],
            dropped_more=refresh.dropped_more + max(0, len(refresh.dropped) - _DROPPED),
        )
        with self._lock:
            if not self._connection:
                return
            try:
                with self._connection as transaction:
                    transaction.execute(
                        "INSERT OR REPLACE INTO refreshes (knowledge_base, id, requested, refresh)"
                        " VALUES (?, ?, ?, ?)",
                        (name, refresh.id, refresh.requested.isoformat(), _refresh.dump_json(shown)),
                    )
                    transaction.execute(
                        "DELETE FROM refreshes WHERE knowledge_base = ? AND id NOT IN"
                        " (SELECT id FROM refreshes WHERE knowledge_base = ?"
                        " ORDER BY requested DESC LIMIT ?)",
                        (name, name, self._kept),
                    )
            except sqlite3.Error as problem:
                _log.error("refresh not noted", extra={"refresh": refresh.id, "reason": str(problem)})

    def last(self, name: str, limit: int) -> tuple[Refresh, ...]:
        """The last refreshes of a knowledge base, newest first."""
        with self._lock:
            if not self._connection:
                return ()
            try:
                rows = self._connection.execute(
                    "SELECT refresh FROM refreshes WHERE knowledge_base = ? ORDER BY requested DESC LIMIT ?",
                    (name, limit),
                ).fetchall()
            except sqlite3.Error as problem:
                _log.error("history not read", extra={"reason": str(problem)})
                return ()
        return tuple(read for (text,) in rows if (read := _read(text)))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS refreshes (knowledge_base TEXT NOT NULL, id TEXT NOT NULL,"
            " requested TEXT NOT NULL, refresh BLOB NOT NULL, PRIMARY KEY (knowledge_base, id))"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS newest ON refreshes (knowledge_base, requested)")
        connection.execute("PRAGMA quick_check").fetchall()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _read(text: bytes) -> Refresh | None:
    try:
        refresh = _refresh.validate_json(text)
    except ValidationError as problem:
        _log.error("refresh not read", extra={"reason": str(problem)})
        return None
    if refresh.state in {"done", "failed"}:
        return refresh
    return replace(refresh, state="failed", error="the engine ended before this refresh did")
