"""Files that a reply comes with."""

from __future__ import annotations

from collections.abc import Callable

from bot.commands.base.context import MessageContext
from bot.domain import Document, File

KEEP_HOURS = 24
CSV = "text/csv; charset=utf-8"


class Attachments:
    """`link_to` makes the address under which a file can be fetched, where a platform takes no files."""

    def __init__(self, new_id: Callable[[], str], link_to: Callable[[str], str]) -> None:
        self._new_id = new_id
        self._link_to = link_to

    def offer(
        self,
        context: MessageContext,
        content: bytes,
        *,
        name: str,
        media_type: str,
        body: str,
        verb: str,
        private: bool = False,
    ) -> tuple[Document, File]:
        """The file to keep for a day, and the reply that hands it out; `body` says what it is."""
        file = File(self._new_id(), name, media_type, content, KEEP_HOURS * 3600.0)
        link = context.words.download.format(hours=KEEP_HOURS, link=self._link_to(file.id))
        return Document(file.id, name, media_type, body, context.language, link, private, verb), file
