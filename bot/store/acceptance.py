"""Taking a message in once, however often a platform repeats it and under whichever of its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, not_, select

from bot.domain import Channel, MessageKey
from bot.store.inbox_claims import is_first_received
from bot.store.locks import hold_channel
from bot.store.prepared_statement import Prepared
from bot.store.tables import inbox, message_key

_insert = Prepared(
    insert(inbox)
    .values(
        state="received",
        is_head=not_(select(1).where(is_first_received).exists()),
        lease=0,
        attempt=0,
        failures=0,
        waits=0,
        told_waiting=False,
    )
    .returning(inbox.c.id),
    columns=("channel", "message", "received_at", "due_at"),
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
    """Where a message is kept. `is_new` is False for a repeat; `item_id` is then the first one's."""

    item_id: int
    is_new: bool


def accept(
    connection: Connection,
    channel: Channel,
    keys: tuple[MessageKey, ...],
    values: Mapping[str, Any],
    now: float,
) -> Accepted:
    """Insert the message and its keys; of a repeat, only the keys that are new."""
    place = {"platform": channel.platform, "tenant": channel.tenant}
    seen: dict[MessageKey, int | None] = {
        key: _seen.run(connection, place | {"kind": key.kind, "id": key.id}) for key in keys
    }
    known = [item_id for item_id in seen.values() if item_id is not None]
    if known:
        accepted = Accepted(min(known), is_new=False)
    else:
        hold_channel(connection, channel.key)
        accepted = Accepted(_insert.run(connection, values), is_new=True)
    for key, item_id in seen.items():
        if item_id is None:
            names = {"kind": key.kind, "id": key.id, "item_id": accepted.item_id, "seen_at": now}
            _insert_key.run(connection, place | names)
    return accepted
