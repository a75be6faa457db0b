"""Errors that the store raises on purpose."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not commit or answer in time: locked, full, damaged, stopping, overrun.

    What was to be written is not known to be kept, so nothing may be acknowledged. In rare
    cases (a disk that hangs in the middle of a commit) it is kept all the same; every write
    of the store may therefore be asked for again.
    """


class SchemaError(StoreError):
    """The database is not one that this version may open. The message says what to do."""


class LeaseLost(Exception):
    """The item has another owner by now. Nothing was written; drop the result."""
