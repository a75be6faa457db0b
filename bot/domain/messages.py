"""Incoming messages: something written, or a click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.channels import Channel, Person
from bot.domain.membership import Membership
from bot.domain.refreshes import Awaited

Verdict = Literal["helpful", "not helpful"]


@dataclass(frozen=True, slots=True)
class MessageKey:
    """One of the names under which a platform may send the same message again.

    Slack sends one mention as two events with two event ids and one timestamp, so a
    message has several keys, and is a repeat when any of them was seen before.
    """

    kind: str
    id: str


class Surface(StrEnum):
    MESSAGE = "message"  # written in the room, or to the bot directly
    COMMAND = "command"  # a platform's own slash command
    ACTION = "action"  # a click
    CLOCK = "clock"  # nobody asked: it is time for what `text` names


@dataclass(frozen=True, slots=True)
class TurnDial:
    """A click that sets the channel's threshold and filters the same answer again.

    `shown` is the threshold that stood on the dial that was clicked; None where the
    platform does not tell.
    """

    answer_id: str
    threshold: Decimal
    shown: Decimal | None = None
    kind: Literal["turn dial"] = "turn dial"


@dataclass(frozen=True, slots=True)
class Vote:
    """A click that says whether one match of an answer helped."""

    answer_id: str
    entry_id: str
    verdict: Verdict
    kind: Literal["vote"] = "vote"


@dataclass(frozen=True, slots=True)
class ShowMore:
    """A click that asks for the matches of an answer from `offset` on."""

    answer_id: str
    offset: int
    kind: Literal["show more"] = "show more"


@dataclass(frozen=True, slots=True)
class Choose:
    """A click on "did you mean": this entry of the answer is the one that was looked for."""

    answer_id: str
    entry_id: str
    kind: Literal["choose"] = "choose"


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A click that stands for a command, as if the person had typed it.

    `knowledge_base` is the one that the command is about, where that is not the channel's own:
    a form of the console may stand beside any.
    """

    command: str
    kind: Literal["run command"] = "run command"
    knowledge_base: str | None = None


@dataclass(frozen=True, slots=True)
class WriteEntry:
    """A form that writes one entry, line breaks and all: what `/kb add` and `/kb edit` do.

    `entry_id` None: a new one. `hash_read` is what the engine gave with the entry that was read.
    """

    knowledge_base: str
    text: str
    answer: str
    entry_id: str | None = None
    hash_read: str = ""
    kind: Literal["write entry"] = "write entry"


Action = Annotated[TurnDial | Vote | ShowMore | Choose | RunCommand | WriteEntry, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message or click as a platform read it: authentic, complete enough to be answered after a restart.

    `text` is plain: markup resolved, the mention of the bot removed where the platform
    marks it. `mentioned` says the bot was addressed by name (the slash of a command may
    then be left out). `address` is where the answer goes, in the platform's own words;
    it may hold a credential (a response URL) and is never logged. `private` asks for an
    answer that only the asker sees, where the platform can do that. `awaits` is set once it was
    answered but for the end of a refresh. `membership` is what the signed message itself says; a
    worker asks the platform for what that leaves unknown. `thread` is the platform's name for the
    thread that it stands in or opens; "" where there is none.
    """

    channel: Channel
    person: Person
    keys: tuple[MessageKey, ...]
    surface: Surface
    text: str = ""
    mentioned: bool = False
    is_direct: bool = False
    private: bool = False
    action: Action | None = None
    address: Mapping[str, str] = field(default_factory=dict)
    awaits: Awaited | None = None
    membership: Membership = Membership.UNKNOWN
    thread: str = ""

    @property
    def is_from_outside(self) -> bool:
        """Whether its writer may ask and no more: whoever is not known to be a member."""
        return self.membership is not Membership.MEMBER
