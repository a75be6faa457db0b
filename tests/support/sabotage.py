"""A build of the programs for tests: one that dies at a named point, or lacks one of its safeguards.

    python -m tests.support.sabotage POINT bot serve        die once the point is reached
    TAMPERED=SAFEGUARD pytest -p tests.support.sabotage …   run tests on a program without it

The shipped programs know nothing of this. There is no switch, variable or module in them
that could be turned by accident: what is tampered with is wrapped here, in the process
that asked for it, by names that the type checker knows. That costs production nothing,
and a point whose place is renamed fails the type check and not silently.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
import runpy
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, Literal

import alembic.ddl.impl
import sqlalchemy
from waitress.server import TcpWSGIServer

from bot import app
from bot import csv_cells as bot_cells
from bot import machine_limits as bot_limits
from bot import weak_secrets as bot_secrets
from bot.cli import operator
from bot.commands.export import reply as export_reply
from bot.domain import MessageKey, messages
from bot.pipeline import store_health, worker
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.wecom import envelope, fields, robot_events
from bot.store import Inbox, acceptance, backup, file_watch, lease, outbox, sqlite, tables
from bot.store.due import Due
from bot.web import accepting
from engine import csv_cells as engine_cells
from engine import machine_limits as engine_limits
from engine import weak_secrets as engine_secrets
from engine.cli import plain
from engine.refresh import refresher, schedule
from engine.source import web
from engine.storage import data_folder, snapshot_files, snapshot_store
from engine.web import browsers, patience

# What a shell shows for a process that was killed; no exit of ours has this code.
DIED = 137


def _die() -> None:
    os._exit(DIED)


def _dies(when: Literal["before", "after"], owner: Any, name: str) -> Callable[[], None]:
    """Dies before a function is called, or after it gave something."""

    def install() -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if when == "before":
                _die()
            result = original(*arguments, **options)
            if result is not None:
                _die()
            return result

        setattr(owner, name, wrapped)

    return install


def _dies_between_setting_and_audit() -> None:
    """Write only one of the setting and the row that says who made it."""
    execute = sqlalchemy.Connection.execute
    written: set[str] = set()

    def wrapped(self: Any, statement: Any, *arguments: Any, **options: Any) -> Any:
        table = getattr(statement, "table", None)
        if table is tables.setting_change or table is tables.channel_setting:
            if written - {table.name}:
                _die()
            written.add(table.name)
        return execute(self, statement, *arguments, **options)

    sqlalchemy.Connection.execute = wrapped


def _dies_at_step(step: str) -> Callable[[], None]:
    """Dies when a snapshot store tells that it has come so far with a snapshot."""

    def reached(told: str) -> None:
        if told == step:
            _die()

    def install() -> None:
        snapshot_store.SnapshotStore.__init__ = functools.partialmethod(
            snapshot_store.SnapshotStore.__init__, reached=reached
        )

    return install


def _no_more_threads(is_allowed: Callable[[threading.Thread], bool]) -> Callable[[], None]:
    """The machine refuses a thread, as it does where `ulimit -u` is low for anybody but root."""

    def install() -> None:
        start = threading.Thread.start

        def wrapped(self: threading.Thread) -> None:
            if not is_allowed(self):
                raise RuntimeError("can't start new thread")
            start(self)

        threading.Thread.start = wrapped

    return install


def _commit_mode(mode: str) -> Callable[[], None]:
    def install() -> None:
        prepare = sqlite._prepare

        def wrapped(connection: Any, *, writes: bool) -> None:
            prepare(connection, writes=writes)
            connection.execute(f"PRAGMA synchronous = {mode}")

        sqlite._prepare = wrapped

    return install


def _no_unique_key() -> None:
    accept, numbers = acceptance.accept, itertools.count()

    def wrapped(connection: Any, channel: Any, keys: Any, *rest: Any, **options: Any) -> Any:
        unheard = tuple(MessageKey(key.kind, f"{key.id} {next(numbers)}") for key in keys)
        return accept(connection, channel, unheard, *rest, **options)

    acceptance.accept = wrapped


def _no_lease_check() -> None:
    def wrapped(table: sqlalchemy.Table, state: str) -> sqlalchemy.ColumnElement[bool]:
        del state
        return table.c.id == sqlalchemy.bindparam("row_id")

    lease.is_ours = wrapped


def _no_file_watch() -> None:
    def wrapped(self: file_watch.FileWatch) -> str | None:
        del self
        return None

    file_watch.FileWatch.problem = wrapped


def _no_database_lock() -> None:
    for module in (app, operator):
        vars(module)["only_user"] = lambda _: nullcontext()


def _no_sync_of_snapshots() -> None:
    snapshot_files.os = _OsWithoutSync()


def _no_guard_against_web_pages() -> None:
    browsers.refusal = lambda *_arguments: ""


def _sources_in_a_row() -> None:
    """Let entries added by hand wait for the sources, as they did once."""
    refresher.Refresher.request_managed = refresher.Refresher.request


def _any_secret() -> None:
    for module in (bot_secrets, engine_secrets):
        vars(module)["find_weakness"] = lambda _: None


def _times_come_twice() -> None:
    """On the day of 25 hours, as it was once."""
    schedule._TimesOfDay._first_after = schedule._TimesOfDay._next_time


def _clock_back_unnoticed() -> None:
    vars(schedule)["CORRECTION"] = timedelta(days=9999)


def _numbers_without_kinds() -> None:
    """Events of WeCom are known by their number alone, as they were once."""
    event_key = fields.event_key

    def wrapped(kind: str, message_id: Any, *parts: object) -> MessageKey:
        del kind
        return event_key("msgid", message_id, *parts)

    vars(robot_events)["event_key"] = wrapped


def _commas_alone() -> None:
    """Cells are guarded for readers that separate by commas, as they were once."""
    for module in (bot_cells, engine_cells):
        vars(module)["_SEPARATORS"] = frozenset()


def _no_look_at_limits() -> None:
    for module in (bot_limits, engine_limits):
        vars(module).update(_raise_files=lambda wanted: wanted, _count_of_threads=lambda wanted: wanted)


def _no_pause_of_accepting() -> None:
    accepting.AcceptingServer.accept = TcpWSGIServer.accept


def _no_look_at_the_disk() -> None:
    file_watch.FileWatch.try_disk = lambda _: None
    vars(data_folder)["_write"] = lambda _: ""


def _log_grows_unseen() -> None:
    store_health.StoreHealth._look_at_log = lambda _: None


def _voters_named() -> None:
    feedback = export_reply._feedback

    def wrapped(past: Any, *, private: bool) -> Any:
        del private
        return feedback(past, private=False)

    vars(export_reply)["_feedback"] = wrapped


def _messages_first() -> None:
    """A reply that is due waits until no message is left, as it did once."""

    def wrapped(self: worker.Worker, due: Due) -> bool:
        del due
        self._tell_what_was_not_stored()
        return self._take_item() or self._take_delivery()

    worker.Worker.step = wrapped


def _late_replies_at_once() -> None:
    vars(outbox)["LATE"] = timedelta(days=9999)


def _odd_framing() -> None:
    patience.PatientProtocol._values_of = lambda *_: []


def _terminal_steered() -> None:
    vars(plain)["plain"] = str


def _netrc_sent() -> None:
    vars(web)["_no_netrc"] = None


def _everybody_is_a_member() -> None:
    messages.IncomingMessage.is_from_outside = property(lambda _: False)


def _restored_as_it_was() -> None:
    vars(backup)["_reconcile"] = lambda *_: []


def _any_echo() -> None:
    vars(envelope)["_ECHO"] = re.compile(rb".*", re.DOTALL)


class _OsWithoutSync:
    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, _descriptor: int) -> None:
        """Do nothing, and say it was done."""


POINTS: dict[str, Callable[[], None]] = {
    "verified-not-committed": _dies("before", Inbox, "accept"),
    "committed-not-acked": _dies("after", Inbox, "accept"),
    "claimed": _dies("before", worker.Worker, "work_on"),
    "answer-stored-not-sent": _dies("after", Inbox, "complete"),
    "sent-not-marked": _dies("after", SlackPlatform, "send"),
    "setting-written-audit-not": _dies_between_setting_and_audit,
    "snapshot-begun": _dies("after", snapshot_files, "_put"),
    "snapshot-written-not-renamed": _dies_at_step("written"),
    "snapshot-written-not-switched": _dies_at_step("renamed"),
    "snapshot-switched-not-cleared": _dies_at_step("pointed"),
    "few-threads": _no_more_threads(lambda _: threading.active_count() < 20),
    "no-thread-for-http": _no_more_threads(lambda thread: thread.name != "http"),
    "migration-half-done": _dies("before", alembic.ddl.impl.DefaultImpl, "create_index"),
}
SAFEGUARDS: dict[str, Callable[[], None]] = {
    "synchronous-off": _commit_mode("OFF"),
    "synchronous-normal": _commit_mode("NORMAL"),
    "no-unique-key": _no_unique_key,
    "no-lease-check": _no_lease_check,
    "no-file-watch": _no_file_watch,
    "no-database-lock": _no_database_lock,
    "no-sync-of-snapshots": _no_sync_of_snapshots,
    "no-guard-against-web-pages": _no_guard_against_web_pages,
    "sources-in-a-row": _sources_in_a_row,
    "any-secret": _any_secret,
    "numbers-without-kinds": _numbers_without_kinds,
    "commas-alone": _commas_alone,
    "no-look-at-limits": _no_look_at_limits,
    "no-pause-of-accepting": _no_pause_of_accepting,
    "no-look-at-the-disk": _no_look_at_the_disk,
    "log-grows-unseen": _log_grows_unseen,
    "voters-named": _voters_named,
    "messages-first": _messages_first,
    "late-replies-at-once": _late_replies_at_once,
    "odd-framing": _odd_framing,
    "terminal-steered": _terminal_steered,
    "netrc-sent": _netrc_sent,
    "everybody-is-a-member": _everybody_is_a_member,
    "restored-as-it-was": _restored_as_it_was,
    "any-echo": _any_echo,
    "times-come-twice": _times_come_twice,
    "clock-back-unnoticed": _clock_back_unnoticed,
}


def install(name: str) -> None:
    (POINTS | SAFEGUARDS)[name]()


def pytest_configure() -> None:
    """Tamper with the tests' own process as well, as a plugin of pytest."""
    if os.environ.get("TAMPERED"):
        install(os.environ["TAMPERED"])


def _main() -> None:
    _, name, module, *arguments = sys.argv
    install(name)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
