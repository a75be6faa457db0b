"""The whole content of one knowledge base: what its sources hold, and last the managed entries."""

from __future__ import annotations

from dataclasses import replace

from engine.domain import Reading, SourceError
from engine.source.managed import ManagedSource
from engine.source.merge import merged
from engine.source.sources import Sources


class Contents:
    """Read in two parts, because the first may hang for as long as somebody else's server does."""

    def __init__(self, knowledge_base: str, sources: Sources, managed: ManagedSource) -> None:
        self._knowledge_base = knowledge_base
        self._sources = sources
        self._managed = managed

    def read(self, *, confirmed: bool = False) -> Reading:
        """Everything the sources hold now. Never two at a time; `confirmed` as in `Sources.read`."""
        return self._sources.read(confirmed=confirmed)

    def last_read(self) -> Reading | None:
        """What the sources held when last read, without asking them; None when that is not known."""
        return self._sources.last_read()

    def with_managed(self, reading: Reading) -> Reading:
        """This reading of the sources, and after it the managed entries of this moment.

        Raises:
            SourceError: nothing is left, because sources failed; or the managed entries cannot be read.
        """
        own = self._managed.entries(self._knowledge_base)
        whole = merged([reading, Reading(own, len(own))])
        if whole.failed and not whole.entries:
            raise SourceError("; ".join(each.reason for each in whole.failed))
        return replace(whole, is_old=reading.is_old)
