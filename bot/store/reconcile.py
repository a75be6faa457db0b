"""Reconciling: the copy of a backup learns what happened since, before it is the database again.

    restored copy ◄── what came since, what was answered since, rights taken away since ── the database before

Settings, history and labels stay as the backup has them: that is what somebody restores for. The
queue never goes back: a message that was acknowledged is answered, and what was answered is not
answered again. Where nothing is known of what happened since, nothing is sent by itself and nobody
is let in: what was open becomes dead letters, which an operator can replay, and rights by a code go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    MetaData,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.engine import URL

from bot.store import schema, sqlite
from bot.store.inbox_claims import set_heads
from bot.store.tables import (
    admin,
    admin_code,
    channel_pause,
    document,
    inbox,
    login,
    message_key,
    metadata,
    outbox,
    sign_in,
)

_WAIT_SECONDS = 5.0
_UNKNOWN = "restored from a backup: it may have been answered since"
_STATE = ("state", "due_at", "attempt", "failures", "reason", "ended_at")
_NUMBERED = ("inbox", "outbox", "review_item")

_then = MetaData()
# Under names of their own, because SQLite tells a column by its table's name alone.
_BEFORE = {
    table.name: table.to_metadata(_then, schema="before").alias(f"their_{table.name}")
    for table in metadata.sorted_tables
}
# Which row of the database before is which row of the copy. `is_new`: it came after the backup.
_own = MetaData()
_message, _reply = (
    Table(name, _own, *(Column(column, Integer) for column in ("old", "new", "is_new")), schema="temp")
    for name in ("message_pair", "reply_pair")
)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The report of a reconciliation, by number and by name.

    `came`: messages after the backup, of which `open` are still to be answered. `closed`: of the
    backup, and answered since. `unknown`: messages and replies of which nothing is known, now dead.
    """

    came: int = 0
    open: int = 0
    closed: int = 0
    unknown: int = 0
    no_admins_any_more: tuple[str, ...] = ()
    admins_since: tuple[str, ...] = ()


def with_what_came_since(copy: Path, before: Path) -> Reconciled:
    """Bring the copy of a backup up to the queue and the rights of the database `before`.

    Raises:
        SchemaError, sqlite3.Error, sqlalchemy.exc.DBAPIError: `before` cannot be read; the copy is
            as it was.
    """
    schema.check(str(URL.create("sqlite", database=str(before))))
    with _writing(copy, before) as connection:
        _pair_messages(connection)
        closed = _close_answered(connection)
        came = _copy(connection, inbox, _message, {"is_head": literal(value=False)})
        _pair_replies(connection)
        _update_from_before(connection, outbox, _reply, (*_STATE, "uncertain", "receipt"))
        _copy(connection, outbox, _reply, {"item_id": _new_item("outbox")})
        connection.execute(_insert_missing(message_key, item_id=_new_item("message_key")))
        for table in (document, channel_pause):
            connection.execute(_insert_missing(table))
        removed, since = _admins(connection)
        _go_on_counting(connection)
        unknown = _bury_unknown(connection)
        _end_logins(connection)
        set_heads(connection)
        still_open = select(func.count()).where(
            inbox.c.ended_at.is_(None), inbox.c.id.in_(select(_message.c.new).where(_message.c.is_new == 1))
        )
        return Reconciled(
            came=came,
            open=connection.scalar(still_open) or 0,
            closed=closed,
            unknown=unknown,
            no_admins_any_more=removed,
            admins_since=since,
        )


def without_what_came_since(copy: Path) -> Reconciled:
    """Make the copy of a backup safe where nothing is known of what happened after it."""
    with _writing(copy) as connection:
        unknown = _bury_unknown(connection, known=False)
        names = _names(connection, select(admin.c.person).order_by(admin.c.person))
        connection.execute(delete(admin))
        _end_logins(connection)
        return Reconciled(unknown=unknown, no_admins_any_more=names)


@contextmanager
def _writing(copy: Path, before: Path | None = None) -> Iterator[Connection]:
    """One transaction over the copy, with the database before beside it."""
    engine = sqlite.engine_of(copy, writes=True, wait_seconds=_WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            if before is not None:
                uri = f"{before.absolute().as_uri()}?mode=ro"
                connection.exec_driver_sql("ATTACH DATABASE ? AS before", (uri,))
                _own.create_all(connection)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def _pair_messages(connection: Connection) -> None:
    """The same message has a key in common, or the same number, time and room; all others are new."""
    before, keys, their_keys = _BEFORE["inbox"], message_key, _BEFORE["message_key"]
    names = ("platform", "tenant", "kind", "id")
    is_same_key = and_(*(keys.c[name] == their_keys.c[name] for name in names))
    by_key = (
        select(their_keys.c.item_id, func.min(keys.c.item_id), literal(0))
        .join(keys, is_same_key)
        .where(exists().where(inbox.c.id == keys.c.item_id))
        .group_by(their_keys.c.item_id)
    )
    _put_pairs(connection, _message, by_key)
    is_same_row = and_(*(inbox.c[name] == before.c[name] for name in ("id", "received_at", "channel")))
    by_row = select(before.c.id, inbox.c.id, literal(0)).join(inbox, is_same_row)
    _put_pairs(connection, _message, by_row.where(_is_unpaired(_message, before)))
    _pair_new(connection, inbox, _message, _is_unpaired(_message, before))


def _pair_replies(connection: Connection) -> None:
    """The same reply has the same number, time and words."""
    before = _BEFORE["outbox"]
    is_same_row = and_(*(outbox.c[name] == before.c[name] for name in ("id", "created_at", "reply")))
    _put_pairs(connection, _reply, select(before.c.id, outbox.c.id, literal(0)).join(outbox, is_same_row))
    is_of_use = or_(before.c.ended_at.is_(None), exists().where(_message.c.old == before.c.item_id))
    _pair_new(connection, outbox, _reply, and_(_is_unpaired(_reply, before), is_of_use))


def _put_pairs(connection: Connection, pairs: Table, found: Any) -> None:
    connection.execute(insert(pairs).from_select(["old", "new", "is_new"], found))


def _is_unpaired(pairs: Table, before: FromClause) -> Any:
    return ~exists().where(pairs.c.old == before.c.id)


def _pair_new(connection: Connection, table: Table, pairs: Table, is_new: Any) -> None:
    """They keep their number, but where the copy has given it to something else."""
    before = _BEFORE[table.name]
    highest = max(
        connection.scalar(select(func.coalesce(func.max(one.c.id), 0))) or 0 for one in (table, before)
    )
    number = case(
        (~exists().where(table.c.id == before.c.id), before.c.id),
        else_=highest + func.row_number().over(order_by=before.c.id),
    )
    _put_pairs(connection, pairs, select(before.c.id, number, literal(1)).where(is_new))


def _close_answered(connection: Connection) -> int:
    before = _BEFORE["inbox"]
    is_answered = before.c.ended_at.is_not(None)
    closed = select(func.count()).where(
        _message.c.new == inbox.c.id, _message.c.old == before.c.id, inbox.c.ended_at.is_(None), is_answered
    )
    count = connection.scalar(closed) or 0
    _update_from_before(connection, inbox, _message, (*_STATE, "message", "waits", "told_waiting"))
    return count


def _update_from_before(connection: Connection, table: Table, pairs: Table, names: Sequence[str]) -> None:
    """Give the rows that are open in the copy the columns `names` they had in the database before."""
    before = _BEFORE[table.name]
    connection.execute(
        update(table)
        .where(
            pairs.c.is_new == 0,
            pairs.c.new == table.c.id,
            pairs.c.old == before.c.id,
            table.c.ended_at.is_(None),
        )
        .values({name: before.c[name] for name in names})
    )


def _copy(connection: Connection, table: Table, pairs: Table, other: dict[str, Any]) -> int:
    """The rows that came after the backup; `other` are the columns that are not as they were."""
    before = _BEFORE[table.name]
    values = {column.name: before.c[column.name] for column in table.columns} | {"id": pairs.c.new} | other
    rows = select(*values.values()).join(pairs, pairs.c.old == before.c.id).where(pairs.c.is_new == 1)
    return connection.execute(insert(table).from_select(list(values), rows)).rowcount


def _new_item(table: str) -> Any:
    """The number of a row's message now; 0 where that message was forgotten already."""
    is_its = _message.c.old == _BEFORE[table].c.item_id
    return func.coalesce(select(_message.c.new).where(is_its).limit(1).scalar_subquery(), 0)


def _insert_missing(table: Table, **other: Any) -> Any:
    before = _BEFORE[table.name]
    is_there = exists().where(
        *(table.c[column.name] == before.c[column.name] for column in table.primary_key.columns)
    )
    values = {column.name: before.c[column.name] for column in table.columns} | other
    return insert(table).from_select(list(values), select(*values.values()).where(~is_there))


def _admins(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Remove the admins who lost their rights since; their names, and of those who need a new code."""
    before = _BEFORE["admin"]
    is_gone = ~exists().where(before.c.person == admin.c.person)
    removed = _names(connection, select(admin.c.person).where(is_gone).order_by(admin.c.person))
    is_since = ~exists().where(admin.c.person == before.c.person)
    since = _names(connection, select(before.c.person).where(is_since).order_by(before.c.person))
    connection.execute(delete(admin).where(is_gone))
    return removed, since


def _end_logins(connection: Connection) -> None:
    """A login that was ended, and a code that was used since, are not told apart from the others."""
    for table in (login, sign_in):
        connection.execute(delete(table))
    connection.execute(delete(admin_code).where(admin_code.c.used_by.is_(None)))


def _bury_unknown(connection: Connection, *, known: bool = True) -> int:
    """Make dead letters of what is open and not known to the database before; all open, without `known`."""
    dead = {"state": "dead", "reason": _UNKNOWN, "ended_at": datetime.now(UTC), "lease_until": None}
    buried = 0
    for table, pairs in ((inbox, _message), (outbox, _reply)):
        is_lost: ColumnElement[bool] = table.c.ended_at.is_(None)
        if known:
            is_lost = and_(is_lost, ~exists().where(pairs.c.new == table.c.id))
        buried += connection.execute(update(table).where(is_lost).values(dead)).rowcount
    return buried


def _go_on_counting(connection: Connection) -> None:
    """A number that was given since is not given again."""
    for name in _NUMBERED:
        highest = connection.exec_driver_sql(
            "SELECT max(seq) FROM (SELECT name, seq FROM main.sqlite_sequence"
            " UNION ALL SELECT name, seq FROM before.sqlite_sequence) WHERE name = ?",
            (name,),
        ).scalar()
        connection.exec_driver_sql("DELETE FROM main.sqlite_sequence WHERE name = ?", (name,))
        connection.exec_driver_sql(
            "INSERT INTO main.sqlite_sequence (name, seq) VALUES (?, ?)", (name, highest or 0)
        )


def _names(connection: Connection, query: Any) -> tuple[str, ...]:
    return tuple(connection.scalars(query))
