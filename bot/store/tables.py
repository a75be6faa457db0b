"""Every table of the bot, as it is after the newest migration.

Times that people read are UTC (`Utc`). Times that decide something (leases, due times,
how long a key is kept) are seconds of `Clock.steady`. There are no foreign keys: rows of
one message grow old at different speeds, and each table is readable without the others.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table, text

from bot.store.column_types import Text, Utc
from bot.store.person_columns import person_columns

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_head", Boolean, nullable=False),  # claim looks at these alone, see inbox_claims.py
    Column("message", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("lease_until", Float),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("waits", Integer, nullable=False),
    Column("told_waiting", Boolean, nullable=False),
    Column("reason", Text),
    Column("ended_at", Utc),
    # An id is never used twice, also when retention has emptied the table.
    sqlite_autoincrement=True,
)
# Partial, so that the queue stays small however long the history. SQLite uses them only for
# queries that say `ended_at IS NULL` (or IS NOT NULL) themselves.
_OPEN = text("ended_at IS NULL")
_ENDED = text("ended_at IS NOT NULL")
Index("ix_inbox_head", inbox.c.is_head, inbox.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_inbox_room", inbox.c.state, inbox.c.channel, inbox.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_inbox_due", inbox.c.state, inbox.c.due_at, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_inbox_ended", inbox.c.state, inbox.c.ended_at, sqlite_where=_ENDED, postgresql_where=_ENDED)

message_key = Table(
    "message_key",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("item_id", Integer, nullable=False),
    Column("seen_at", Float, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_message_key_seen_at", message_key.c.seen_at)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
)
Index("ix_quarantine_received_at", quarantine.c.received_at)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("answer_id", Text),
    Column("created_at", Utc, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("lease", Integer, nullable=False),
    Column("lease_until", Float),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("uncertain", Boolean, nullable=False),
    Column("reason", Text),
    Column("receipt", Text),
    Column("ended_at", Utc),
    sqlite_autoincrement=True,
)
Index("ix_outbox_room", outbox.c.state, outbox.c.channel, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_outbox_due", outbox.c.state, outbox.c.due_at, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("ix_outbox_ended", outbox.c.state, outbox.c.ended_at, sqlite_where=_ENDED, postgresql_where=_ENDED)
Index("ix_outbox_answer_id", outbox.c.answer_id)
Index("ix_outbox_item_id", outbox.c.item_id)

channel_pause = Table(
    "channel_pause",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("until", Float, nullable=False),
)

channel_setting = Table(
    "channel_setting",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("setting", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("model", Text, nullable=False, server_default=""),  # the fingerprint it was set under
)

setting_change = Table(
    "setting_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("setting", Text, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("is_undo", Boolean, nullable=False),
    Column("cause", Text, nullable=False, server_default=""),  # see domain.Change
    Column("model", Text, nullable=False, server_default=""),
    *person_columns(),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
)
Index("ix_setting_change_channel", setting_change.c.channel, setting_change.c.setting, setting_change.c.id)

asked = Table(
    "asked",
    metadata,
    Column("answer_id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    *person_columns(),
    Column("question", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("threshold", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("best_score", Float),
    Column("model", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("scores", Text, nullable=False),
    # "" where there is none, and where only the asker saw the answer: it is nobody else's beginning.
    Column("thread", Text, nullable=False, server_default=""),
)
Index("ix_asked_channel", asked.c.channel, asked.c.item_id)
Index("ix_asked_asked_at", asked.c.asked_at)
_IN_THREAD = text("thread <> ''")
Index(
    "ix_asked_thread",
    asked.c.channel,
    asked.c.thread,
    asked.c.item_id,
    sqlite_where=_IN_THREAD,
    postgresql_where=_IN_THREAD,
)

label = Table(
    "label",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("origin", Text, primary_key=True),  # what it was said of, see domain.Label
    Column("entry_id", Text, primary_key=True),
    *(
        column if column.name != "person" else Column("person", Text, primary_key=True)
        for column in person_columns()
    ),
    Column("source", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("relevant", Boolean, nullable=False),
    Column("score", Float),
    Column("model", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer),  # None: not by a message
)
Index("ix_label_channel", label.c.channel, label.c.made_at)
Index("ix_label_made_at", label.c.made_at)

review_item = Table(
    "review_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("answer_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # queued, observed, pooled; confirmed, dismissed, cleared
    *person_columns(),
    Column("question", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("entry_text", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("high", Text, nullable=False),
    Column("low", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
    Column("decided_by", Text),
    Column("decided_by_name", Text),
    Column("decided_at", Utc),
    # A number that people have seen is never given to another item.
    sqlite_autoincrement=True,
)
Index("uq_review_item_answer", review_item.c.channel, review_item.c.answer_id, unique=True)
Index("ix_review_item_state", review_item.c.channel, review_item.c.state, review_item.c.id)
Index("ix_review_item_made_at", review_item.c.made_at)

gap_decision = Table(
    "gap_decision",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("knowledge_base", Text, primary_key=True),
    Column("question_digest", Text, primary_key=True),
    Column("question", Text, nullable=False),
    Column("decision", Text, nullable=False),  # added, pointed, dismissed
    Column("entry_id", Text),
    *person_columns(),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
)
Index("ix_gap_decision_made_at", gap_decision.c.made_at)

# What votes would teach, and what became of it, see domain.Proposal.
proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("wording_digest", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("wording_id", Text),
    *person_columns(),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
    Column("decided_by", Text),
    Column("decided_by_name", Text),
    Column("decided_at", Utc),
    Column("decided_item_id", Integer),
    # A number that people have seen is never given to another proposal.
    sqlite_autoincrement=True,
)
Index(
    "uq_proposal_wording",
    proposal.c.channel,
    proposal.c.knowledge_base,
    proposal.c.entry_id,
    proposal.c.wording_digest,
    proposal.c.kind,
    unique=True,
)
Index("ix_proposal_state", proposal.c.channel, proposal.c.state, proposal.c.decided_item_id)
Index("ix_proposal_made_at", proposal.c.made_at)

# What was done to entries from the chat: a record that stays, as that of the settings does.
entry_change = Table(
    "entry_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("act", Text, nullable=False),  # added, changed, removed
    Column("text", Text, nullable=False),
    Column("before", Text, nullable=False),
    *person_columns(),
    Column("made_at", Utc, nullable=False),
    Column("item_id", Integer, nullable=False),
)
Index(
    "ix_entry_change_entry",
    entry_change.c.channel,
    entry_change.c.knowledge_base,
    entry_change.c.entry_id,
    entry_change.c.id,
)

# The channels that can be spoken to without being asked.
channel_place = Table(
    "channel_place",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("id", Text, nullable=False),
)

# Files on their way to people: exports and pictures. Gone soon after.
document = Table(
    "document",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)
Index("ix_document_expires_at", document.c.expires_at)

# Keys that this installation made for itself.
secret = Table(
    "secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# People who were made admins by a code, beside those of the configuration.
admin = Table(
    "admin",
    metadata,
    *(
        column if column.name != "person" else Column("person", Text, primary_key=True)
        for column in person_columns()
    ),
    Column("made_at", Utc, nullable=False),
)

# One-time codes, as digests. `used_by` is a person's key.
admin_code = Table(
    "admin_code",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("expires_at", Float, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("used_by", Text),
)

# One-time links into the console, as digests.
sign_in = Table(
    "sign_in",
    metadata,
    Column("digest", Text, primary_key=True),
    *person_columns(),
    Column("expires_at", Float, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("used_at", Utc),
)
Index("ix_sign_in_person", sign_in.c.person)

# Browsers that are signed in, as digests of their secrets.
login = Table(
    "login",
    metadata,
    Column("digest", Text, primary_key=True),
    *person_columns(),
    Column("made_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("idle_until", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
    Column("agent", Text, nullable=False),  # the family of the browser
)
Index("ix_login_person", login.c.person)

# What somebody tried on the console's dial page. Nobody else sees it.
console_question = Table(
    "console_question",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Text, nullable=False),
    Column("knowledge_base", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
)
Index("ix_console_question_person", console_question.c.person, console_question.c.id)

# Where a platform's app is installed. "" where there is none, because a NULL would not be unique.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text, nullable=False),
    Column("team_id", Text, nullable=False),  # "": the whole organisation
    Column("team_name", Text, nullable=False),
    Column("enterprise_name", Text, nullable=False),
    Column("bot_user_id", Text, nullable=False),
    Column("bot_id", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("token", LargeBinary),  # sealed, see sealing.py; none once it has ended
    Column("refresh_token", LargeBinary),  # sealed, too; none where the token has no end
    Column("expires_at", Utc),
    Column("renewing_until", Float),  # somebody is asking for the next token
    Column("key_id", Text, nullable=False),  # which key it is sealed with
    Column("installed_by", Text, nullable=False),
    Column("installed_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("ended_why", Text, nullable=False),
)
Index(
    "uq_installation_place",
    installation.c.platform,
    installation.c.app_id,
    installation.c.enterprise_id,
    installation.c.team_id,
    unique=True,
)

# Installs under way, as digests of the state and of the browser that it is for.
install_state = Table(
    "install_state",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("expires_at", Float, nullable=False),
)
