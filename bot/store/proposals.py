"""Proposals: wordings that a channel's votes would teach, and the decision on each.

    open ──► accepted ──► undone     refused and undone ones stay so, whatever is voted later;
      │  ╲                           what is taught by hand is accepted from any state
      ▼   ╰► refused
    gone ──► open                    when it comes up again; so does a taking back that was accepted,
                                     for it comes up only when the wording is there once more

Writing happens as part of an outcome (`Inbox.complete`). Readable by its own channel only.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from bot.domain import Channel, IncomingMessage, KeptProposal, Proposal, ProposalDecision
from bot.domain.spelling import fold
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import proposal as table

DECIDED = ("accepted", "refused", "undone")


class Proposals:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, channel: Channel, number: int) -> KeptProposal | None:
        """The proposal; None for one of another channel, too."""
        found = self._read(select(table).where(table.c.channel == channel.key, table.c.id == number))
        return found[0] if found else None

    def find(self, channel: Channel, proposal: Proposal) -> KeptProposal | None:
        """The same proposal as it was kept."""
        found = self._read(select(table).filter_by(**_place(channel, proposal)))
        return found[0] if found else None

    def waiting(self, channel: Channel, knowledge_base: str, limit: int) -> tuple[KeptProposal, ...]:
        """The open ones, oldest first."""
        return self._read(
            select(table)
            .where(
                table.c.channel == channel.key,
                table.c.state == "open",
                table.c.knowledge_base == knowledge_base,
            )
            .order_by(table.c.id)
            .limit(limit)
        )

    def decisions(self, channel: Channel, limit: int) -> tuple[KeptProposal, ...]:
        """The decided ones, the last decision first."""
        return self._read(
            select(table)
            .where(table.c.channel == channel.key, table.c.state.in_(DECIDED))
            .order_by(table.c.decided_item_id.desc(), table.c.id.desc())
            .limit(limit)
        )

    def last_act(self, channel: Channel) -> tuple[KeptProposal, ...]:
        """The proposals of the last message that taught or took back, as far as they still stand."""
        stands = (table.c.channel == channel.key, table.c.state == "accepted")
        last = select(func.max(table.c.decided_item_id)).where(*stands).scalar_subquery()
        return self._read(
            select(table).where(*stands, table.c.decided_item_id == last).order_by(table.c.id.desc())
        )

    def everything(self, channel: Channel) -> tuple[KeptProposal, ...]:
        """All of them, oldest first."""
        return self._read(select(table).where(table.c.channel == channel.key).order_by(table.c.id))

    def count_taught(self, channel: Channel, knowledge_base: str, start: datetime, end: datetime) -> int:
        """The wordings taught from `start` up to, but not including, `end`, that still stand."""
        query = select(func.count()).where(
            table.c.channel == channel.key,
            table.c.knowledge_base == knowledge_base,
            table.c.kind == "teach",
            table.c.state == "accepted",
            table.c.decided_at >= start,
            table.c.decided_at < end,
        )
        return self._database.read(lambda connection: connection.scalar(query)) or 0

    def _read(self, query: Select[Any]) -> tuple[KeptProposal, ...]:
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(map(_proposal_of, rows))


def keep_proposal(
    connection: Connection, message: IncomingMessage, item_id: int, proposal: Proposal, now: datetime
) -> None:
    """One that is known stays as it is, but for one that was gone or took away, which is open again."""
    place = _place(message.channel, proposal)
    state = connection.scalar(select(table.c.state).filter_by(**place))
    if state is None:
        connection.execute(insert(table).values(**_new(message, item_id, proposal, now), state="open"))
    elif state == "gone" or (state == "accepted" and proposal.kind == "take back"):
        connection.execute(update(table).filter_by(**place).values(state="open", **_NOT_DECIDED))


def keep_proposal_decision(
    connection: Connection, message: IncomingMessage, item_id: int, decision: ProposalDecision, now: datetime
) -> None:
    """The newest decision stands, with who made it and by which message."""
    place = _place(message.channel, decision.proposal)
    values: dict[str, Any] = {
        "state": decision.state,
        "wording_id": decision.wording_id,
        "decided_by": message.person.key,
        "decided_by_name": message.person.name or message.person.id,
        "decided_at": now,
        "decided_item_id": item_id,
    }
    if connection.scalar(select(table.c.id).filter_by(**place)) is None:
        new = _new(message, item_id, decision.proposal, now)
        connection.execute(insert(table).values(**(new | values)))
    else:
        connection.execute(update(table).filter_by(**place).values(**values))


_NOT_DECIDED = {
    "wording_id": None,
    "decided_by": None,
    "decided_by_name": None,
    "decided_at": None,
    "decided_item_id": None,
}


def _place(channel: Channel, proposal: Proposal) -> dict[str, str]:
    return {
        "channel": channel.key,
        "knowledge_base": proposal.knowledge_base,
        "entry_id": proposal.entry_id,
        "wording_digest": hashlib.sha256(fold(proposal.wording).encode()).hexdigest(),
        "kind": proposal.kind,
    }


def _new(message: IncomingMessage, item_id: int, proposal: Proposal, now: datetime) -> dict[str, Any]:
    return {
        **_place(message.channel, proposal),
        "wording": proposal.wording,
        "origin": proposal.origin,
        **person_columns.as_columns(message.person),
        "made_at": now,
        "item_id": item_id,
    }


def _proposal_of(row: Row[Any]) -> KeptProposal:
    return KeptProposal(
        id=row.id,
        proposal=Proposal(row.knowledge_base, row.entry_id, row.wording, row.kind, row.origin),
        state=row.state,
        person=person_columns.of_row(row),
        made_at=row.made_at,
        wording_id=row.wording_id,
        decided_by=row.decided_by_name or "",
        decided_at=row.decided_at,
        act=row.decided_item_id or 0,
    )
