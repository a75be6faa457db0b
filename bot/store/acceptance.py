"""Taking a message in once, however often a platform repeats it and under whichever of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from bot.domain import Channel, MessageKey
from bot.store.inbox_claims import Place, place_of
from bot.store.lease import LEASE_SECONDS
from bot.store.locks import hold_channel
from bot.store.prepared_statement import Prepared
from bot.store.tables import inbox, message_key

_insert = Prepared(
    insert(inbox).values(failures=0, waits=0, told_waiting=False).returning(inbox.c.id),
    columns=(
        "channel",
        "message",
        "received_at",
        "due_at",
        "state",
        "is_head",
        "lease",
        "lease_until",
        "attempt",
    ),
)
_seen = Prepared(
    select(message_key.c.item_id).where(
        *(message_key.c[name] == bindparam(name) for name in ("platform", "tenant", "kind", "id"))
    )
)
_insert_key = Prepared(
    insert(message_key), columns=("platform", "tenant", "kind", "id", "item_id", "seen_at")
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The row of an accepted message. `is_new` is False for a repeat; `item_id` is then the first one's."""

    item_id: int
    is_new: bool


def accept(
    connection: Connection,
    channel: Channel,
    keys: tuple[MessageKey, ...],
    values: Mapping[str, Any],
    now: float,
    *,
    claims: bool,
) -> tuple[Accepted, Place | None]:
    """Insert the message and its keys; of a repeat, only the keys that are new.

    A new one that is FREE is claimed, if the caller `claims` it; None is the place of a repeat.
    """
    owner = {"platform": channel.platform, "tenant": channel.tenant}
    seen: dict[MessageKey, int | None] = {
        key: _seen.run(connection, owner | {"kind": key.kind, "id": key.id}) for key in keys
    }
    known = [item_id for item_id in seen.values() if item_id is not None]
    place = None
    if known:
        accepted = Accepted(min(known), is_new=False)
    else:
        hold_channel(connection, channel.key)
        place = place_of(connection, channel.key, now)
        is_claimed = claims and place is Place.FREE
        line = {
            "state": "claimed" if is_claimed else "received",
            "is_head": place is not Place.BEHIND and not is_claimed,
            "lease": int(is_claimed),
            "lease_until": now + LEASE_SECONDS if is_claimed else None,
            "attempt": int(is_claimed),
        }
        accepted = Accepted(_insert.run(connection, {**values, **line}), is_new=True)
    for key, item_id in seen.items():
        if item_id is None:
            names = {"kind": key.kind, "id": key.id, "item_id": accepted.item_id, "seen_at": now}
            _insert_key.run(connection, owner | names)
    return accepted, place
