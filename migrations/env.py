"""Alembic's entry. The connection comes from bot/store/schema.py; there is no other way in.

So does the transaction: schema.py begins and commits it, and a migration that is killed half
way leaves the database as it was.
"""

from __future__ import annotations

from alembic import context

from bot.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
