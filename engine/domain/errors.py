"""The errors of the engine: a code for machines, a sentence for people, one table of HTTP statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class EngineError(Exception):
    """An error that the caller can be told. The message is a sentence for people."""

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        """`details` are for machines, by name."""
        super().__init__(message)
        self.message = message
        self.details = details


class SourceError(EngineError):
    """A source that cannot be read; the message names the file and the line, `why` is for programs."""

    code = "source_unreadable"

    def __init__(
        self, message: str, why: str = "unreadable", details: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, details=details)
        self.why = why


class BadRequest(EngineError):
    """The body is not what the route reads at all."""

    code = "bad_request"


class BadValue(EngineError):
    """A value outside what is allowed; the message names the field, what was given and what is wanted."""

    code = "bad_value"


class UnsupportedMediaType(EngineError):
    """The body is of a kind that the route does not read."""

    code = "unsupported_media_type"


class UnknownKnowledgeBase(EngineError):
    code = "unknown_knowledge_base"


class UnknownEntry(EngineError):
    code = "unknown_entry"


class UnknownWording(EngineError):
    code = "unknown_wording"


class ForeignEntry(EngineError):
    """The entry belongs to a configured source, so it can only be removed there."""

    code = "foreign_entry"


class Overloaded(EngineError):
    """The waiting line is full; the caller may come back in a moment."""

    code = "overloaded"


class NotReady(EngineError):
    """The model is loading, failed to load, or the knowledge base has no snapshot yet."""

    code = "not_ready"


class NoSnapshot(EngineError):
    """The first refresh failed, so asking again cannot help until its source is mended."""

    code = "no_snapshot"


class SnapshotGone(EngineError):
    """The snapshot that was asked for is not served any more."""

    code = "snapshot_gone"


class SnapshotBehind(EngineError):
    """The snapshot here is older than one that the caller has seen; another engine may be ahead."""

    code = "snapshot_behind"


class ReadOnly(EngineError):
    """This engine follows another, which takes what is to be changed; the message names it."""

    code = "read_only"


class Forbidden(EngineError):
    """The configuration of this engine allows it to nobody."""

    code = "forbidden"


class WordingTaken(EngineError):
    """An entry has the wording already; the message names it."""

    code = "wording_taken"


class EntryChanged(EngineError):
    """The entry is not what the caller had read; both texts are in the details."""

    code = "entry_changed"


class TooLarge(EngineError):
    """More than a route takes at once."""

    code = "too_large"


class EncoderFailed(EngineError):
    """The model did not give a usable vector."""

    code = "encoder_failed"


class DeviceLost(EncoderFailed):
    """The device fails whatever it is given, until the process that uses it begins anew."""


class SnapshotDamaged(EngineError):
    """A stored snapshot is not what its manifest says."""

    code = "snapshot_damaged"


class FolderInUse(EngineError):
    """Another process owns the data folder."""

    code = "folder_in_use"


class FolderUnusable(EngineError):
    """The data folder cannot be made or written to."""

    code = "folder_unusable"


class TooLittleAllowed(EngineError):
    """The machine allows this process too few open files or threads."""

    code = "too_little_allowed"


class MissingPackage(EngineError):
    """A package that the configuration asks for is not installed."""

    code = "missing_package"


class CannotListen(EngineError):
    """The address to listen on is taken, or is not this machine's."""

    code = "cannot_listen"


class CannotReach(EngineError):
    """Another engine does not answer: the one that owns the folder, or the one that is followed."""

    code = "cannot_reach"


# Read the other way round, the first code of a status is the one for what is not more specific.
STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_knowledge_base": 404,
    "unknown_entry": 404,
    "unknown_wording": 404,
    "method_not_allowed": 405,
    "foreign_entry": 409,
    "no_snapshot": 409,
    "wording_taken": 409,
    "entry_changed": 409,
    "snapshot_behind": 409,
    "read_only": 409,
    "snapshot_gone": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "bad_value": 422,
    "overloaded": 429,
    "failed": 500,
    "source_unreadable": 503,
    "encoder_failed": 503,
    "snapshot_damaged": 503,
    "folder_in_use": 503,
    "folder_unusable": 503,
    "too_little_allowed": 503,
    "missing_package": 503,
    "cannot_listen": 503,
    "cannot_reach": 503,
    "not_ready": 503,
}
