"""Votes become labels; a change knows its cause and its model; review, gaps, files on their way."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PERSON = ("person", "person_platform", "person_tenant", "person_id", "person_name")


def upgrade() -> None:
    _remember_causes_and_models()
    _create_label()
    _move_votes()
    op.drop_table("vote")
    _create_review_and_gaps()
    _create_places_and_files()


def _remember_causes_and_models() -> None:
    with op.batch_alter_table("channel_setting") as batch:
        batch.add_column(sa.Column("model", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("setting_change") as batch:
        batch.add_column(sa.Column("cause", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("model", sa.Text(), nullable=False, server_default=""))


def _create_label() -> None:
    op.create_table(
        "label",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        *_person(),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("knowledge_base", sa.Text(), nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "origin", "entry_id", "person", name=op.f("pk_label")),
    )
    op.create_index("ix_label_channel", "label", ["channel", "made_at"], unique=False)
    op.create_index("ix_label_made_at", "label", ["made_at"], unique=False)


def _move_votes() -> None:
    """A vote whose answer is forgotten says nothing any more and is left behind."""
    connection = op.get_bind()
    words = sa.text(
        "SELECT vote.*, asked.question, asked.knowledge_base, asked.model, asked.snapshot, asked.scores "
        "FROM vote JOIN asked ON asked.answer_id = vote.answer_id AND asked.channel = vote.channel"
    ).columns(cast_at=sa.DateTime(timezone=True))
    label = sa.table(
        "label",
        *(sa.column(name) for name in ("channel", "origin", "entry_id", *_PERSON, "source", "question")),
        *(sa.column(name) for name in ("knowledge_base", "score", "model", "fingerprint", "snapshot")),
        sa.column("relevant", sa.Boolean()),
        sa.column("made_at", sa.DateTime(timezone=True)),
        sa.column("item_id"),
    )
    for row in connection.execute(words).mappings().all():
        connection.execute(label.insert().values(_label(row)))


def _label(row: Any) -> dict[str, Any]:
    same = ("channel", "entry_id", *_PERSON, "question", "knowledge_base", "model", "snapshot", "item_id")
    return {name: row[name] for name in same} | {
        "origin": row["answer_id"],
        "source": "vote",
        "relevant": row["verdict"] == "helpful",
        "score": dict(json.loads(row["scores"])).get(row["entry_id"]),
        "fingerprint": "",
        "made_at": row["cast_at"],
    }


def _create_review_and_gaps() -> None:
    op.create_table(
        "review_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("answer_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *_person(),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("knowledge_base", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("entry_text", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("high", sa.Text(), nullable=False),
        sa.Column("low", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_review_item_answer", "review_item", ["channel", "answer_id"], unique=True)
    op.create_index("ix_review_item_state", "review_item", ["channel", "state", "id"], unique=False)
    op.create_index("ix_review_item_made_at", "review_item", ["made_at"], unique=False)
    op.create_table(
        "gap_decision",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("knowledge_base", sa.Text(), nullable=False),
        sa.Column("question_digest", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=True),
        *_person(),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "knowledge_base", "question_digest", name=op.f("pk_gap_decision")),
    )
    op.create_index("ix_gap_decision_made_at", "gap_decision", ["made_at"], unique=False)


def _create_places_and_files() -> None:
    op.create_table(
        "announcement",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "name", name=op.f("pk_announcement")),
    )
    op.create_index("ix_announcement_made_at", "announcement", ["made_at"], unique=False)
    op.create_table(
        "channel_place",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_place")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_expires_at", "document", ["expires_at"], unique=False)
    op.create_table(
        "secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )


def _person() -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, sa.Text(), nullable=False) for name in _PERSON)
