"""The operators' page: health of both programs, the queue, dead letters, the quarantine, and the admins.

Who sits at the machine sees all of it; an admin what belongs to their own workspace or bot. What is
done here is the operator's command of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console.channel_view import bases_of
from bot.console.parts import OperationRefused
from bot.console.redirects import see_other
from bot.console.site import Site, Tab
from bot.domain import EngineError, Person
from bot.engine_client import Ready

PAGE = "/console/operators"
# A reply that was never delivered may hold a link that signs its reader in as somebody else.
_SIGN_IN = re.compile(r"/console/sign-in/[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"[0-9]{1,18}")
KINDS = ("message", "delivery")


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.operators", PAGE, "tab_operators", for_admins=True))
    parts = site.parts

    def letters() -> list[Mapping[str, Any]]:
        return _own(site, parts.operate("letters", {}), "channel")

    def show(code: str = "") -> Response:
        person = site.visitor.person
        bases = bases_of(parts)
        return site.page(
            "operators.html",
            reasons=parts.health.reasons_not_ready(),
            counts=sorted(parts.health.counts().items()),
            oldest=parts.health.oldest_seconds(),
            ready=_ready(site),
            bases=sorted(bases.values(), key=lambda base: base.name) if bases else [],
            letters=[{**letter, "text": _without_links(letter["text"])} for letter in letters()],
            put_aside=_own(site, parts.operate("quarantine", {}), "platform", "tenant"),
            named=[name for name in parts.bot.admins if _is_of(site, person, name)],
            admins=_own(site, parts.operate("admins", {}), "person"),
            is_operator=parts.rights.is_operator(person),
            code=code,
        )

    @routes.get("/operators")
    def operators() -> Response:
        _only_admins(site)
        return show()

    @routes.post("/operators/replay")
    def replay() -> Response:
        _only_admins(site)
        kind, number = request.form.get("kind", ""), request.form.get("id", "")
        if kind == "all":
            # An admin's "all" is what they see, one by one.
            chosen = [(letter["kind"], letter["id"]) for letter in letters()]
        elif kind in KINDS and _NUMBER.fullmatch(number):
            chosen = [
                (letter["kind"], letter["id"])
                for letter in letters()
                if (letter["kind"], letter["id"]) == (kind, int(number))
            ]
        else:
            chosen = []
        if not chosen and kind != "all":
            raise NotFound
        for each, letter_id in chosen:
            _operate(site, "replay", {"kind": each, "id": letter_id})
        return see_other(PAGE)

    @routes.post("/operators/admin-code")
    def admin_code() -> Response:
        _only_operators(site)
        return show(str(parts.operate("admin-code", {})))

    @routes.post("/operators/remove-admin")
    def remove_admin() -> Response:
        _only_operators(site)
        _operate(site, "remove-admin", {"person": request.form.get("person", "")})
        return see_other(PAGE)


def _operate(site: Site, name: str, asked: Mapping[str, Any]) -> None:
    """Run an operation; a refusal is 404, since what it names was there a moment ago and is no longer."""
    try:
        site.parts.operate(name, asked)
    except OperationRefused as refusal:
        raise NotFound from refusal


def _only_admins(site: Site) -> None:
    if not site.parts.rights.is_admin(site.visitor.person):
        raise NotFound


def _only_operators(site: Site) -> None:
    if not site.parts.rights.is_operator(site.visitor.person):
        raise NotFound


def _own(site: Site, rows: Sequence[Mapping[str, Any]], *parts: str) -> list[Mapping[str, Any]]:
    """The rows whose key, joined of these fields, lies in the visitor's own workspace or bot."""
    person = site.visitor.person
    return [row for row in rows if _is_of(site, person, ":".join(str(row[part]) for part in parts))]


def _is_of(site: Site, person: Person, key: str) -> bool:
    return site.parts.rights.is_operator(person) or f"{key}:".startswith(
        f"{person.platform}:{person.tenant}:"
    )


def _ready(site: Site) -> Ready | None:
    """The engine's readiness; None while it is silent or loads."""
    if site.parts.engine.is_away:
        return None
    try:
        return site.parts.engine.ready()
    except EngineError:
        return None


def _without_links(text: str) -> str:
    return _SIGN_IN.sub("/console/sign-in/…", text)
