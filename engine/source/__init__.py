"""The sources of a knowledge base: files, addresses, databases, and the list that chat writes to.

    path, address or query ─► bytes or rows ─► records ─► entries, and what was dropped and why

A file is read whole or not at all, and one that cannot be read takes none of its folder along.
Whatever is wrong is a SourceError that names it and the place; no other exception leaves
`read`, whatever it holds. `Sources`
reads all of a knowledge base and keeps what each held last, for when it fails.
Nothing here knows a model or a snapshot.
"""

from engine.source.files import read
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.managed import ManagedSource
from engine.source.merge import merge
from engine.source.sources import FLOOR, Sources
from engine.source.still import STILL_SECONDS, Stillness
from engine.source.stored import MANAGED
from engine.source.taught import TaughtWordings, with_taught

__all__ = [
    "DEFAULT_LIMITS",
    "FLOOR",
    "MANAGED",
    "STILL_SECONDS",
    "Limits",
    "ManagedSource",
    "Sources",
    "Stillness",
    "TaughtWordings",
    "merge",
    "read",
    "with_taught",
]
