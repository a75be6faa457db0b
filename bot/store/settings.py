"""Per-channel settings, and every change that led there.

Writing happens as part of an outcome (`Inbox.complete`), so that a setting, its row of
history and the reply about it are stored together or not at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select

from bot.domain import SETTINGS, Change, Channel, ChannelSettings, IncomingMessage, RecordedChange, Setting
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import channel_setting, setting_change

# Built once: each message asks for it, and building takes half of its time.
_of_channel = select(channel_setting).where(channel_setting.c.channel == bindparam("room"))


class Settings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, channel: Channel) -> ChannelSettings:
        room = {"room": channel.key}
        rows = self._database.read(lambda connection: connection.execute(_of_channel, room).all())
        models = {row.setting: row.model for row in rows}
        # A newer version may have left settings that this one does not know.
        values = {row.setting: row.value for row in rows if row.setting in SETTINGS}
        return ChannelSettings(threshold_model=models.get("threshold", "")).with_texts(values)

    def history(self, channel: Channel, setting: Setting, limit: int) -> tuple[RecordedChange, ...]:
        """The last changes of one setting, newest first."""
        query = (
            select(setting_change)
            .where(setting_change.c.channel == channel.key, setting_change.c.setting == setting)
            .order_by(setting_change.c.id.desc())
            .limit(limit)
        )
        return self._past(query)

    def between(self, channel: Channel, start: datetime, end: datetime) -> tuple[RecordedChange, ...]:
        """All changes of a channel from `start` up to, but not including, `end`; oldest first."""
        query = (
            select(setting_change)
            .where(
                setting_change.c.channel == channel.key,
                setting_change.c.made_at >= start,
                setting_change.c.made_at < end,
            )
            .order_by(setting_change.c.id)
        )
        return self._past(query)

    def _past(self, query: Select[Any]) -> tuple[RecordedChange, ...]:
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            RecordedChange(
                Change(row.setting, row.old, row.new, row.is_undo, row.cause, row.model),
                person_columns.of_row(row),
                row.made_at,
                row.item_id,
            )
            for row in rows
        )


def keep_change(
    connection: Connection, message: IncomingMessage, item_id: int, change: Change, now: datetime
) -> None:
    """Turn the setting and write down who did it, when and by which message."""
    place = {"channel": message.channel.key, "setting": change.setting}
    connection.execute(
        insert(setting_change).values(
            **place,
            old=change.old,
            new=change.new,
            is_undo=change.is_undo,
            cause=change.cause,
            model=change.model,
            **person_columns.as_columns(message.person),
            made_at=now,
            item_id=item_id,
        )
    )
    connection.execute(delete(channel_setting).filter_by(**place))
    if change.new is not None:
        connection.execute(insert(channel_setting).values(**place, value=change.new, model=change.model))
