"""The console: links to sign in, logins, and what was tried on its dial page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("digest", sa.Text(), nullable=False),
        *_person_columns(),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_person", "sign_in", ["person"], unique=False)
    op.create_table(
        "login",
        sa.Column("digest", sa.Text(), nullable=False),
        *_person_columns(),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.Float(), nullable=False),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_login")),
    )
    op.create_index("ix_login_person", "login", ["person"], unique=False)
    op.create_table(
        "console_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("knowledge_base", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_question")),
    )
    op.create_index("ix_console_question_person", "console_question", ["person", "id"], unique=False)


def _person_columns() -> tuple[sa.Column[str], ...]:
    names = ("person", "person_platform", "person_tenant", "person_id", "person_name")
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in names)
