"""Channels where nothing is sent for a while: something failed there, or the platform asks for time.

What waits in such a channel waits as long, so that nothing overtakes what failed.
"""

from __future__ import annotations

import math

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.domain import Channel
from bot.store.outbox_claims import is_waiting
from bot.store.prepared_statement import Prepared
from bot.store.tables import channel_pause, outbox

# A platform's own wish wins over our table, but not for longer than this; one that cannot
# be understood counts as this default.
LONGEST_PAUSE_SECONDS = 900.0
DEFAULT_PAUSE_SECONDS = 30.0

_until = Prepared(select(channel_pause.c.until).where(channel_pause.c.channel == bindparam("room")))


def wished_seconds(wish: float) -> float:
    if not math.isfinite(wish) or wish < 0:
        return DEFAULT_PAUSE_SECONDS
    return min(wish, LONGEST_PAUSE_SECONDS)


def pause(connection: Connection, channel: Channel, until: float) -> None:
    until = max(until, pause_end(connection, channel))
    connection.execute(channel_pause.delete().where(channel_pause.c.channel == channel.key))
    connection.execute(insert(channel_pause).values(channel=channel.key, until=until))
    # What waits in this channel waits as long, so that `next_due` tells the truth.
    connection.execute(
        update(outbox)
        .where(is_waiting, outbox.c.channel == channel.key, outbox.c.due_at < until)
        .values(due_at=until)
    )


def pause_end(connection: Connection, channel: Channel) -> float:
    until: float | None = _until.run(connection, {"room": channel.key})
    return until or 0.0


def forget_over(connection: Connection, now: float) -> None:
    connection.execute(channel_pause.delete().where(channel_pause.c.until <= now))


def forget_later_than(connection: Connection, until: float) -> None:
    """Take back pauses that were set while the machine's clock was far ahead."""
    connection.execute(channel_pause.delete().where(channel_pause.c.until > until))
