"""Tables and columns that no program wrote or read are dropped."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_announcement_made_at", table_name="announcement")
    op.drop_table("announcement")
    with op.batch_alter_table("channel_place") as batch:
        batch.drop_column("address")
        batch.drop_column("seen_at")
