"""The operator's commands: each asks the running bot, or does without one where none runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot import app
from bot.config import Config
from bot.process import control_socket
from bot.process.control_socket import Request
from bot.process.lock import CannotStart, exclusive_data_dir, only_user
from bot.store.backup import restore


def labels(config: Config, direction: str, file: Path, *, channel: str, person: str) -> str:
    """Move labels between a channel and a file, in the name of `person`; returns the sentence to print."""
    request = {
        "direction": direction,
        "channel": channel,
        # The running bot may stand in another folder.
        "path": str(file.absolute()),
        "person": person,
    }
    return str(ask(config, "labels", request))


def admin_code(config: Config) -> str:
    """A one-time code that makes its user an admin."""
    return str(ask(config, "admin-code", {}))


def admins(config: Config) -> str:
    """The admins by a code, a line each."""
    found: list[dict[str, str]] = ask(config, "admins", {})
    lines = [
        f"{_printable(one['person'])}  {one['since']}  {_printable(one['name'])}".rstrip() for one in found
    ]
    return "\n".join(lines) or "Nobody is an admin by a code."


def remove_admin(config: Config, person: str) -> str:
    """Take the rights away that somebody had by a code."""
    return f"{ask(config, 'remove-admin', {'person': person})} is no admin any more."


def console(config: Config, person: str) -> str:
    """A one-time link into the console for whoever sits at this machine."""
    return str(ask(config, "console", {"person": person}))


def letters(config: Config) -> str:
    """The newest dead letters, two lines each."""
    found: list[dict[str, Any]] = ask(config, "letters", {})
    lines = [
        f"{one['kind']}:{one['id']}  {one['died_at']}  {one['channel']}"
        f"  tries: {one['attempts']}  {_printable(one['reason'])}\n    {_printable(one['text'])[:200]}"
        for one in found
    ]
    return "\n".join(lines) or "No dead letters."


def quarantine(config: Config) -> str:
    """The newest requests that were genuine and could not be understood, two lines each."""
    found: list[dict[str, Any]] = ask(config, "quarantine", {})
    lines = [
        f"{one['id']}  {one['received_at']}  {_printable(one['platform'])}:{_printable(one['tenant'])}"
        f"  {_printable(one['reason'])}\n    {_printable(one['body'])[:2000]}"
        for one in found
    ]
    return "\n".join(lines) or "Nothing is in quarantine."


def replay(config: Config, kind: str, number: int | None) -> str:
    """Try one dead letter again, or all of them."""
    count = ask(config, "replay", {"kind": kind, "id": number})
    return f"{count} to be tried again."


def backup(config: Config, to: Path) -> str:
    """Copy the database while it is in use."""
    size = ask(config, "backup", {"to": str(to.absolute())})
    return f"Wrote {to} ({size:,} bytes)."


def put_back(config: Config, original: Path) -> str:
    """Restore a backup; never under a running bot, which would go on with the file it has open."""
    with exclusive_data_dir(config.bot.data_dir), only_user(config.bot.database_url):
        return restore(config.bot.database_url, original)


def ask(config: Config, operation: str, request: Request) -> Any:
    """One operation, wherever the owner of the data folder is.

    Raises:
        CannotStart: it was refused, or the folder cannot be had; the message says why.
    """
    try:
        return control_socket.call(config.bot.data_dir, operation, request, _hear_nothing)
    except control_socket.LocalError as refusal:
        raise CannotStart(str(refusal)) from refusal
    except control_socket.NotRunning:
        pass
    own = app.build(config, with_web=False)
    with own.at_rest():
        try:
            return own.operations[operation](request, _hear_nothing)
        except control_socket.LocalError as refusal:
            raise CannotStart(str(refusal)) from refusal


def _printable(text: str) -> str:
    """Foreign text on one line, and without what a terminal would obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _hear_nothing(_: object) -> None:
    """These operations tell nothing before they end."""
