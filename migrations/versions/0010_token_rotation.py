"""Tokens that have an end: what the next one is given for, when, and who is asking for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("refresh_token", sa.LargeBinary(), nullable=True))
    op.add_column("installation", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("installation", sa.Column("renewing_until", sa.Float(), nullable=True))
