"""Operations that an operator may ask of a bot: each by its name, a request and its answer as JSON.

The running bot does them when it is asked through its socket; where none runs, the
command does the same under the lock of the data folder (see `operator.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal

from bot.admin.label_files import LabelFileError
from bot.admin.label_import import Labelling
from bot.domain import Person
from bot.platforms.registry import channel_named, person_named
from bot.process.control_socket import (
    LocalError,
    OnProgress,
    Operation,
    Request,
)
from bot.store import Admins, Letters, Quarantine, StoreError
from bot.store.backup import backup

LETTERS_SHOWN = 200
PUT_ASIDE_SHOWN = 50


def operations(
    *,
    labelling: Labelling,
    admins: Admins,
    letters: Letters,
    quarantine: Quarantine,
    console_link: Callable[[Person], str | None],
    end_logins: Callable[[str], int],
    database_url: str,
) -> Mapping[str, Operation]:
    """Every operation; each raises LocalError with a sentence where it refuses."""
    return {
        "labels": partial(_labels, labelling),
        "admin-code": partial(_admin_code, admins),
        "admins": partial(_admins, admins),
        "remove-admin": partial(_remove_admin, admins, end_logins),
        "console": partial(_console, console_link),
        "letters": partial(_letters, letters),
        "replay": partial(_replay, letters),
        "quarantine": partial(_quarantine, quarantine),
        "backup": partial(_backup, database_url),
    }


def _labels(labelling: Labelling, request: Request, _: OnProgress) -> str:
    channel, path = channel_named(str(request["channel"])), Path(str(request["path"]))
    try:
        if request["direction"] == "export":
            return labelling.write(channel, path)
        return labelling.read(channel, path, str(request["person"]))
    except LabelFileError as refusal:
        raise LocalError(str(refusal)) from refusal


def _admin_code(admins: Admins, _request: Request, _: OnProgress) -> str:
    return admins.new_code()


def _console(console_link: Callable[[Person], str | None], request: Request, _: OnProgress) -> str:
    link = console_link(person_named(str(request["person"])))
    if link is None:
        raise LocalError("the console needs an https address: set [bot] public_url")
    return link


def _admins(admins: Admins, _request: Request, _: OnProgress) -> list[dict[str, str]]:
    return [
        {
            "person": each.person.key,
            "name": each.person.name,
            "since": each.since.isoformat(timespec="seconds"),
        }
        for each in admins.all()
    ]


def _remove_admin(admins: Admins, end_logins: Callable[[str], int], request: Request, _: OnProgress) -> str:
    person = str(request["person"])
    if not admins.remove(person):
        raise LocalError(
            f'nobody is an admin by a code as "{person}"; `admins` lists who is,'
            " and [bot] admins in the configuration names the others"
        )
    end_logins(person)
    return person


def _letters(letters: Letters, _request: Request, _: OnProgress) -> list[dict[str, Any]]:
    return [
        asdict(letter) | {"died_at": letter.died_at.isoformat(timespec="seconds")}
        for letter in letters.newest(LETTERS_SHOWN)
    ]


def _quarantine(quarantine: Quarantine, _request: Request, _: OnProgress) -> list[dict[str, Any]]:
    return [
        asdict(one) | {"received_at": one.received_at.isoformat(timespec="seconds")}
        for one in quarantine.newest(PUT_ASIDE_SHOWN)
    ]


def _replay(letters: Letters, request: Request, _: OnProgress) -> int:
    if request["kind"] == "all":
        return letters.replay_all()
    kind: Literal["message", "delivery"] = "message" if request["kind"] == "message" else "delivery"
    if not letters.replay(kind, int(request["id"])):
        raise LocalError(f"there is no dead {kind} {request['id']}; `letters` lists those there are")
    return 1


def _backup(database_url: str, request: Request, _: OnProgress) -> int:
    try:
        return backup(database_url, Path(str(request["to"])))
    except StoreError as refusal:
        raise LocalError(str(refusal)) from refusal
