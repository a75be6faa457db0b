"""What the bot remembers: messages and replies on their way, settings, history.

SQLAlchemy and Alembic live here and nowhere else. The file is made and changed by
`schema.migrate` alone.
"""

from bot.store.admins import Admins
from bot.store.database import Database
from bot.store.dead_letters import Letter, Letters
from bot.store.documents import Documents
from bot.store.errors import LeaseLost, SchemaError, StoreError
from bot.store.gaps import Gaps, Places
from bot.store.history import History
from bot.store.inbox import Accepted, Inbox
from bot.store.labels import Labels
from bot.store.logins import Login, Logins
from bot.store.outbox import Outbox
from bot.store.overview import Activity, Overview, Said
from bot.store.proposals import Proposals
from bot.store.quarantine import PutAside, Quarantine
from bot.store.reply_progress import Answers, Kept, Progress
from bot.store.retention import Retention
from bot.store.reviews import Reviews
from bot.store.secrets import Secrets
from bot.store.settings import Settings

__all__ = [
    "Accepted",
    "Activity",
    "Admins",
    "Answers",
    "Database",
    "Documents",
    "Gaps",
    "History",
    "Inbox",
    "Kept",
    "Labels",
    "LeaseLost",
    "Letter",
    "Letters",
    "Login",
    "Logins",
    "Outbox",
    "Overview",
    "Places",
    "Progress",
    "Proposals",
    "PutAside",
    "Quarantine",
    "Retention",
    "Reviews",
    "Said",
    "SchemaError",
    "Secrets",
    "Settings",
    "StoreError",
]
