"""The content of one knowledge base: its sources, the managed entries, and what was taught."""

from __future__ import annotations

from dataclasses import replace

from engine.domain import SourceContents, SourceError
from engine.source.managed import ManagedSource
from engine.source.merge import merge
from engine.source.sources import Sources
from engine.source.taught import TaughtWordings, with_taught


class KnowledgeBaseSources:
    """Read in two parts, because the first may hang for as long as somebody else's server does."""

    def __init__(
        self, knowledge_base: str, sources: Sources, managed: ManagedSource, taught: TaughtWordings
    ) -> None:
        self._knowledge_base = knowledge_base
        self._sources = sources
        self._managed = managed
        self._taught = taught

    def read(self, *, confirmed: bool = False) -> SourceContents:
        """Read all that the sources hold now. Never two at a time; `confirmed` as in `Sources.read`."""
        return self._sources.read(confirmed=confirmed)

    def last_read(self) -> SourceContents | None:
        """The contents of the sources when last read, without asking them; None when that is not known."""
        return self._sources.last_read()

    def with_managed(self, reading: SourceContents) -> SourceContents:
        """This reading of the sources, after it the managed entries of this moment, and what all were taught.

        Raises:
            SourceError: nothing is left, because sources failed; or a file of ours cannot be read.
        """
        own = self._managed.entries(self._knowledge_base)
        whole = merge([reading, SourceContents(own, len(own))])
        if whole.failed and not whole.entries:
            raise SourceError("; ".join(each.reason for each in whole.failed))
        taught = self._taught.all(self._knowledge_base)
        return replace(with_taught(whole, taught), is_old=reading.is_old)
