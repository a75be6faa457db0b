"""The bot's memory: messages and replies on their way, settings, history.

`schema.migrate` makes the tables and changes them.
"""

from bot.store.acceptance import Accepted
from bot.store.admins import Admins
from bot.store.database import Database
from bot.store.dead_letters import Letter, Letters
from bot.store.delivery_rows import Response
from bot.store.documents import Documents
from bot.store.due import Due, DueLookup
from bot.store.entry_changes import EntryChanges
from bot.store.errors import LeaseLost, SchemaError, StoreError
from bot.store.figures import Figures
from bot.store.gaps import Gaps, Places
from bot.store.history import History
from bot.store.inbox import Inbox
from bot.store.labels import Labels
from bot.store.logins import Login, Logins
from bot.store.outbox import Outbox
from bot.store.overview import ConsoleReply, Overview
from bot.store.proposals import Proposals
from bot.store.quarantine import PutAside, Quarantine
from bot.store.question_log import QuestionLog
from bot.store.reply_progress import MessageProgress, ReplyProgress, StoredReply
from bot.store.retention import Retention
from bot.store.reviews import Reviews
from bot.store.secrets import Secrets
from bot.store.settings import Settings

__all__ = [
    "Accepted",
    "Admins",
    "ConsoleReply",
    "Database",
    "Documents",
    "Due",
    "DueLookup",
    "EntryChanges",
    "Figures",
    "Gaps",
    "History",
    "Inbox",
    "Labels",
    "LeaseLost",
    "Letter",
    "Letters",
    "Login",
    "Logins",
    "MessageProgress",
    "Outbox",
    "Overview",
    "Places",
    "Proposals",
    "PutAside",
    "Quarantine",
    "QuestionLog",
    "ReplyProgress",
    "Response",
    "Retention",
    "Reviews",
    "SchemaError",
    "Secrets",
    "Settings",
    "StoreError",
    "StoredReply",
]
