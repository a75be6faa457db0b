"""Proposals: wordings that a channel's votes would teach a knowledge base, and the decisions on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.domain.channels import Person

ProposalKind = Literal["teach", "take back"]
ProposalOrigin = Literal["vote", "choice", "gap", "review", "hand"]
ProposalState = Literal["open", "accepted", "refused", "undone", "gone"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One more wording for an entry, or a taught one to take back from it; `origin` is what made it.

    A channel has one of each kind for a wording of an entry, however often it comes up.
    """

    knowledge_base: str
    entry_id: str
    wording: str
    kind: ProposalKind = "teach"
    origin: ProposalOrigin = "vote"


@dataclass(frozen=True, slots=True)
class ProposalDecision:
    """A decision on a proposal, whether or not it was kept before.

    `wording_id` is the engine's name of what was taught. "gone": there is nothing left to
    decide, because the entry is not there or has the wording; it may come up again.
    """

    proposal: Proposal
    state: Literal["accepted", "refused", "undone", "gone"]
    wording_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeptProposal:
    """A proposal under the number that people see: who brought it up and who decided, and when (UTC).

    `act` is shared by what one message decided; the later, the greater.
    """

    id: int
    proposal: Proposal
    state: ProposalState
    person: Person
    made_at: datetime
    wording_id: str | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    act: int = 0
