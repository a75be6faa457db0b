"""Where a knowledge base comes from: files that people write, and the list that chat writes to.

    file, folder or glob ─► bytes ─► records ─► entries, and what was dropped and why

A source is read whole or not at all. Whatever is wrong with it is a SourceError that
names the file and the line; no other exception leaves `read`, whatever the bytes are.
Nothing here knows a model or a snapshot.
"""

from engine.source.files import read
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.managed import MANAGED, ManagedSource
from engine.source.merge import merged

__all__ = ["DEFAULT_LIMITS", "MANAGED", "Limits", "ManagedSource", "merged", "read"]
