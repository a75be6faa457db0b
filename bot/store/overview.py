"""The console's reading across channels: which there are, who takes part in them, what was tried.

Every method names the channels that it looks at: who may see which is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, delete, insert, select, union

from bot.domain import (
    Channel,
    Clock,
    EntryChange,
    OwnQuestion,
    Person,
    RecordedEntryChange,
    Reply,
    message_from_json,
    reply_from_json,
)
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import (
    asked,
    channel_place,
    console_question,
    entry_change,
    gap_decision,
    inbox,
    label,
    outbox,
)

QUESTIONS_KEPT = 50
DAYS_ASKED = 30  # looked back for a question that somebody tries again
MOST_VOTES = 200
MOST_ASKED = 50  # of one question, looked through for one that may be shown


@dataclass(frozen=True, slots=True)
class ConsoleReply:
    """The replies to something done in the console; none yet while it is under way."""

    is_over: bool
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class VoteOn:
    """The verdict of a person that an entry was right (or not) for a question."""

    question: str
    is_right: bool
    person: Person
    made_at: datetime


@dataclass(frozen=True, slots=True)
class GapClosedBy:
    """A question that found nothing until this entry was written for it, or pointed at."""

    question: str
    decision: str
    person: Person
    made_at: datetime


class Overview:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def channels(self) -> tuple[Channel, ...]:
        """Every channel in which something was asked or set, by its key."""
        places = select(channel_place.c.platform, channel_place.c.tenant, channel_place.c.channel)
        # A person writes on the platform and in the tenant of the channel: that parts its key.
        spoken = select(asked.c.person_platform, asked.c.person_tenant, asked.c.channel)
        query = union(places, spoken.distinct())
        rows = self._database.read(lambda connection: connection.execute(query).all())
        found = {
            key: Channel(platform, tenant, key.removeprefix(f"{platform}:{tenant}:"))
            for platform, tenant, key in rows
            if key.startswith(f"{platform}:{tenant}:")
        }
        return tuple(found[key] for key in sorted(found))

    def takes_part_in(self, person: Person) -> frozenset[str]:
        """The keys of the channels in which this person asked something that is still kept."""
        query = select(asked.c.channel).where(asked.c.person == person.key).distinct()
        return frozenset(self._database.read(lambda connection: connection.scalars(query).all()))

    def own_channels(self, person: Person) -> tuple[Channel, ...]:
        """The channels in which this person asked something, by their keys."""
        own = self.takes_part_in(person)
        return tuple(channel for channel in self.channels() if channel.key in own)

    def own_questions(self, person: Person, limit: int) -> tuple[OwnQuestion, ...]:
        """The questions of one person, newest first."""
        query = (
            select(
                asked.c.channel,
                asked.c.question,
                asked.c.total,
                asked.c.threshold,
                asked.c.best_score,
                asked.c.asked_at,
                asked.c.knowledge_base,
            )
            .where(asked.c.person == person.key)
            .order_by(asked.c.item_id.desc())
            .limit(limit)
        )
        tenant = f"{person.platform}:{person.tenant}:"
        return tuple(
            OwnQuestion(
                Channel(person.platform, person.tenant, row.channel.removeprefix(tenant)),
                row.question,
                row.total,
                Decimal(row.threshold),
                row.best_score,
                row.asked_at,
                row.knowledge_base,
            )
            for row in self._database.read(lambda connection: connection.execute(query).all())
            if row.channel.startswith(tenant)
        )

    def asked_as(
        self, person: Person, channels: Sequence[Channel], knowledge_base: str, question: str
    ) -> tuple[Channel, str] | None:
        """The channel and the answer's id of the newest time of late that this was asked there.

        What somebody else asked privately was never asked.
        """
        by_key = {channel.key: channel for channel in channels}
        query = (
            select(asked.c.channel, asked.c.answer_id, asked.c.person, asked.c.answer)
            .where(
                asked.c.question == question,
                asked.c.knowledge_base == knowledge_base,
                asked.c.channel.in_(list(by_key)),
                asked.c.asked_at >= self._clock.now() - timedelta(days=DAYS_ASKED),
            )
            .order_by(asked.c.item_id.desc())
            .limit(MOST_ASKED)
        )
        for row in self._database.read(lambda connection: connection.execute(query).all()):
            if row.person == person.key or not _is_private(row.answer):
                return by_key[row.channel], row.answer_id
        return None

    def votes_on(
        self, person: Person, channels: Sequence[Channel], knowledge_base: str, entry_id: str
    ) -> tuple[VoteOn, ...]:
        """The labels of one entry in these channels, newest first, without others' private questions."""
        keys = [channel.key for channel in channels]
        query = (
            select(label, asked.c.answer, asked.c.person.label("asker"))
            .outerjoin(asked, (asked.c.answer_id == label.c.origin) & (asked.c.channel == label.c.channel))
            .where(
                label.c.channel.in_(keys),
                label.c.knowledge_base == knowledge_base,
                label.c.entry_id == entry_id,
            )
            .order_by(label.c.made_at.desc())
            .limit(MOST_VOTES)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            VoteOn(row.question, row.relevant, person_columns.of_row(row), row.made_at)
            for row in rows
            if row.answer is None or row.asker == person.key or not _is_private(row.answer)
        )

    def gaps_closed_by(
        self, channels: Sequence[Channel], knowledge_base: str, entry_id: str
    ) -> tuple[GapClosedBy, ...]:
        """The questions that found nothing and led to this entry, newest first."""
        query = (
            select(gap_decision)
            .where(
                gap_decision.c.channel.in_([channel.key for channel in channels]),
                gap_decision.c.knowledge_base == knowledge_base,
                gap_decision.c.entry_id == entry_id,
            )
            .order_by(gap_decision.c.made_at.desc())
            .limit(MOST_VOTES)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            GapClosedBy(row.question, row.decision, person_columns.of_row(row), row.made_at) for row in rows
        )

    def entry_changes(
        self, channels: Sequence[Channel], knowledge_base: str, entry_id: str
    ) -> tuple[RecordedEntryChange, ...]:
        """The changes made to one entry from these channels, newest first."""
        query = (
            select(entry_change)
            .where(
                entry_change.c.channel.in_([channel.key for channel in channels]),
                entry_change.c.knowledge_base == knowledge_base,
                entry_change.c.entry_id == entry_id,
            )
            .order_by(entry_change.c.id.desc())
            .limit(MOST_VOTES)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            RecordedEntryChange(
                EntryChange(row.knowledge_base, row.entry_id, row.act, row.text, row.before),
                person_columns.of_row(row),
                row.made_at,
            )
            for row in rows
        )

    def console_reply(self, person: Person, item_id: int) -> ConsoleReply | None:
        """The replies to this person's own message; None for another's, or one long gone."""
        message = select(inbox.c.message, inbox.c.ended_at).where(inbox.c.id == item_id)
        replies = select(outbox.c.reply).where(outbox.c.item_id == item_id).order_by(outbox.c.id)

        def work(connection: Connection) -> ConsoleReply | None:
            row = connection.execute(message).one_or_none()
            if row is None or message_from_json(row.message).person.key != person.key:
                return None
            texts = connection.scalars(replies).all()
            return ConsoleReply(row.ended_at is not None, tuple(map(reply_from_json, texts)))

        return self._database.read(work)

    def remember(self, person: Person, knowledge_base: str, question: str) -> None:
        """Keep what somebody tried on the dial page: the last fifty, each once."""
        mine = console_question.c.person == person.key
        same = (
            mine,
            console_question.c.knowledge_base == knowledge_base,
            console_question.c.question == question,
        )
        values = {
            "person": person.key,
            "knowledge_base": knowledge_base,
            "question": question,
            "asked_at": self._clock.now(),
        }
        newest = (
            select(console_question.c.id)
            .where(mine)
            .order_by(console_question.c.id.desc())
            .limit(QUESTIONS_KEPT)
        )

        def work(connection: Connection) -> None:
            connection.execute(delete(console_question).where(*same))
            connection.execute(insert(console_question).values(values))
            kept = connection.scalars(newest).all()
            connection.execute(delete(console_question).where(mine, console_question.c.id.not_in(kept)))

        self._database.write(work)

    def tried_questions(self, person: Person) -> tuple[tuple[str, str], ...]:
        """The questions this person tried, newest first, as (knowledge base, question)."""
        query = (
            select(console_question.c.knowledge_base, console_question.c.question)
            .where(console_question.c.person == person.key)
            .order_by(console_question.c.id.desc())
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple((row.knowledge_base, row.question) for row in rows)


def _is_private(answer: str) -> bool:
    reply = reply_from_json(answer)
    return reply.private
