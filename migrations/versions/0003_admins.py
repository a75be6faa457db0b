"""Admins by enrolment; the replies to one message are found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbox_item_id", "outbox", ["item_id"], unique=False)
    op.create_table(
        "admin",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("person_platform", sa.Text(), nullable=False),
        sa.Column("person_tenant", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_admin")),
    )
    op.create_table(
        "admin_code",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_admin_code")),
    )
