"""A message on its way through the bot: claimed, decided, delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.channels import Channel, Person
from bot.domain.messages import IncomingMessage
from bot.domain.records import AnsweredQuestion, ClosedGap, Decision, EntryChange, Label, ReviewCandidate
from bot.domain.refreshes import Awaited
from bot.domain.replies import File, Reply
from bot.domain.settings import Change
from bot.domain.teaching import Proposal, ProposalDecision

# The receipt of a delivery that went out with the response to its own request.
IN_RESPONSE = "in the response"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decisions of handling one message, stored in one transaction or not at all.

    With `awaits` the message stays open, and is handed out again until that has ended.
    """

    replies: tuple[Reply, ...] = ()
    changes: tuple[Change, ...] = ()
    asked: AnsweredQuestion | None = None
    labels: tuple[Label, ...] = ()
    files: tuple[File, ...] = ()
    marked: ReviewCandidate | None = None
    decisions: tuple[Decision, ...] = ()
    closed: tuple[ClosedGap, ...] = ()
    proposed: tuple[Proposal, ...] = ()
    ruled: tuple[ProposalDecision, ...] = ()
    edits: tuple[EntryChange, ...] = ()
    awaits: Awaited | None = None


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An accepted message, claimed by one worker. `lease` must be shown with every later write."""

    id: int
    message: IncomingMessage
    lease: int
    attempt: int
    told_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One reply on its way out, claimed by one worker.

    `decided_at` is when the reply was decided: what is told of its age is told as of then, so
    that every attempt says the same. `uncertain`: an earlier attempt may have arrived, so look
    before sending again where the platform allows looking. `is_follow_up`: the message has been
    answered once already.
    """

    id: int
    channel: Channel
    address: Mapping[str, str]
    reply: Reply
    lease: int
    attempt: int
    decided_at: datetime
    person: Person | None = None
    uncertain: bool = False
    is_follow_up: bool = False
