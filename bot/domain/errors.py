"""Errors of the world outside: the engine, a platform."""

from __future__ import annotations

from collections.abc import Mapping


class PlatformError(Exception):
    """A send that failed. `permanent`: trying again cannot help.

    `retry_after_seconds` is the platform's own wish and wins over ours; it holds for the
    whole channel. `maybe_sent`: the message may have arrived all the same.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after_seconds: float | None = None,
        maybe_sent: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
        self.maybe_sent = maybe_sent


class NotYet(Exception):
    """A send put off without a failure: try again at `until` (steady seconds).

    The platform may come and ask for it meanwhile, or another process has the way to send it.
    """

    def __init__(self, until: float) -> None:
        super().__init__(f"not before {until:.0f}")
        self.until = until


class EngineError(Exception):
    """The engine did not give a usable answer. The message is for the log, never for the room.

    `code` is one of: "away" (down, loading, overloaded, hanging or talking nonsense: ask
    again later), "failed" (it is there and could not do this one thing), "no_snapshot" (its
    source could not be read yet), "unknown_knowledge_base", "unknown_entry", "foreign_entry"
    (it belongs to another source), "unknown_wording", "wording_taken" (`details["entry"]` has
    it), "entry_changed" (`details` hold its text and answer now), "snapshot_gone" (another is served
    now), "refused" (a
    request the engine calls wrong; a mistake of ours).
    """

    def __init__(self, code: str, reason: str, *, details: Mapping[str, str | None] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.details = details or {}
