"""The bot as a program: it runs until a signal ends it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

from pydantic import BaseModel, SecretStr
from sqlalchemy.engine import make_url

from bot.app import App, build
from bot.config import Bot, Config
from bot.machine_limits import find_shortage
from bot.platforms.host import Deployment
from bot.platforms.registry import ADAPTERS, QUIET_LOGGERS
from bot.process import logs
from bot.process.lock import CannotStart, WrongUsage, exclusive_data_dir, is_sqlite, only_user
from bot.process.memory import use_one_heap
from bot.store import SchemaError, StoreError, schema

# The loops, the control socket, and what libraries start.
OTHER_THREADS = 24


def serve(config: Config, *, workers: int | None = None) -> int:
    """Run the bot until SIGTERM or Ctrl-C; `workers` overrides how many threads answer.

    Raises:
        CannotStart: see `App.start`.
        WrongUsage: the settings do not go with what is asked for.
    """
    if workers is not None:
        config = config.model_copy(update={"bot": config.bot.model_copy(update={"workers": workers})})
    if mistakes := _mistakes(config.bot):
        raise WrongUsage("\n".join(mistakes))
    return _run(config, build(config))


def _mistakes(bot: Bot) -> list[str]:
    """The options of `serve` that do not go together, a sentence each."""
    deployment = Deployment.of(bot)
    mistakes = [
        reason for adapter in ADAPTERS for reason in adapter.refusals(adapter.section_of(bot), deployment)
    ]
    if bot.workers == 0 and is_sqlite(bot):
        alone = "--workers 0 leaves nobody to answer on SQLite; it is for several processes on PostgreSQL"
        mistakes.insert(0, alone)
    return mistakes


def work(config: Config) -> int:
    """Run workers alone, beside a web process on the same PostgreSQL.

    Raises:
        CannotStart: see `App.start`.
        WrongUsage: on SQLite, where one process does everything.
    """
    if is_sqlite(config.bot):
        raise WrongUsage("On SQLite one process does everything: run `python -m bot serve`.")
    return _run(config, build(config, with_web=False))


def migrate(config: Config) -> str:
    """Bring the database up to date, and return the revision that it has then.

    Raises:
        CannotStart: it cannot be, and why.
    """
    try:
        if not is_sqlite(config.bot):
            return schema.migrate(config.bot.database_url)
        with exclusive_data_dir(config.bot.data_dir), only_user(config.bot.database_url):
            return schema.migrate(config.bot.database_url)
    except (SchemaError, StoreError) as problem:
        raise CannotStart(str(problem)) from problem


def require_resources(bot: Bot) -> None:
    """Find out before anything begins whether all of it can begin.

    Raises:
        CannotStart: the machine allows too few open files or threads.
    """
    if shortage := find_shortage(bot.web_threads + bot.workers + OTHER_THREADS):
        raise CannotStart(shortage)


def _run(config: Config, app: App) -> int:
    use_one_heap()
    require_resources(config.bot)
    logs.set_up(secrets_of(config.bot), quiet=QUIET_LOGGERS)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _ask(asked))
    app.start()
    try:
        asked.wait()
    finally:
        app.stop()
    return 0


def _ask(asked: threading.Event) -> None:
    if asked.is_set():
        # Asked twice: at once. Nothing acknowledged is lost, leases free what was in hand.
        os._exit(1)
    asked.set()


def secrets_of(bot: Bot) -> list[str]:
    """The values of all secrets in the settings, to be masked in the log."""
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, SecretStr):
            found.append(value.get_secret_value())
        elif isinstance(value, BaseModel):
            for name in type(value).model_fields:
                look(getattr(value, name))
        elif isinstance(value, Mapping):
            for part in value.values():
                look(part)
        elif isinstance(value, tuple):
            for part in value:
                look(part)

    look(bot)
    password = make_url(bot.database_url).password
    return [*found, str(password)] if password else found
