from __future__ import annotations

from sqlalchemy import text

from tests.bot.store.building import Store


def test_quarantine_keeps_what_could_not_be_understood(store: Store) -> None:
    store.quarantine.put_aside("slack", "T1", "no channel", "{}")
    rows = store.database.read(
        lambda connection: connection.execute(
            text("SELECT platform, tenant, reason, body FROM quarantine")
        ).all()
    )
    assert [tuple(row) for row in rows] == [("slack", "T1", "no channel", "{}")]
