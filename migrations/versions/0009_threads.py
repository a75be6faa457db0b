"""The thread that a question stands in, for questions that follow another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IN_THREAD = sa.text("thread <> ''")


def upgrade() -> None:
    op.add_column("asked", sa.Column("thread", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_asked_thread",
        "asked",
        ["channel", "thread", "item_id"],
        unique=False,
        sqlite_where=_IN_THREAD,
        postgresql_where=_IN_THREAD,
    )
