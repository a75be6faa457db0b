"""Writing an Outcome down, all of it together: settings, history, labels, reviews, gaps, files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.domain import InboxItem, Outcome
from bot.store.documents import keep_files
from bot.store.entry_changes import keep_entry_change
from bot.store.gaps import keep_closed, keep_place
from bot.store.history import keep_asked
from bot.store.labels import keep_label
from bot.store.proposals import keep_proposal, keep_proposal_decision
from bot.store.reviews import keep_decision, keep_marked
from bot.store.settings import keep_change


def keep_outcome(
    connection: Connection,
    item: InboxItem,
    outcome: Outcome,
    files: list[dict[str, Any]],
    now: datetime,
) -> None:
    """Write all of it but the replies in the caller's transaction; `files` are its files as rows."""
    message = item.message
    for change in outcome.changes:
        keep_change(connection, message, item.id, change, now)
    if outcome.asked is not None:
        keep_asked(connection, message, item.id, outcome.asked, now)
    for label in outcome.labels:
        keep_label(connection, message.channel, message.person, label, now, item_id=item.id)
    if outcome.changes:
        keep_place(connection, message.channel)
    if outcome.marked is not None:
        keep_marked(connection, message, item.id, outcome.marked, now)
    for decision in outcome.decisions:
        keep_decision(connection, message, decision, now)
    for gap in outcome.closed:
        keep_closed(connection, message, item.id, gap, now)
    for proposal in outcome.proposed:
        keep_proposal(connection, message, item.id, proposal, now)
    for ruling in outcome.ruled:
        keep_proposal_decision(connection, message, item.id, ruling, now)
    for edit in outcome.edits:
        keep_entry_change(connection, message, item.id, edit, now)
    keep_files(connection, files)
