"""The one route by which a page changes something: as a command of the person, in a channel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from bot.console.pages.signing_in import safe_path
from bot.console.redirects import see_other
from bot.console.site import Site
from bot.domain import Action, Channel, IncomingMessage, MessageKey, Person, RunCommand, Surface

LONGEST_COMMAND = 20_000
LONGEST_ONCE = 64


def add(routes: Blueprint, site: Site) -> None:
    @routes.post("/do")
    def do() -> Response:
        person = site.visitor.person
        channel = site.parts.rights.channel(person, request.form.get("channel", ""))
        if channel is None:
            raise NotFound
        message = message_of(
            channel,
            person,
            once_of(request.form),
            RunCommand(_command(), knowledge_base=request.form.get("kb") or None),
        )
        return back_with_answer(site.parts.answer(message), request.form.get("back", ""))


def once_of(form: Mapping[str, str]) -> str:
    """The token that was drawn with the form. Raises BadRequest."""
    once = form.get("once", "")
    if not (once.isascii() and once.isprintable() and 0 < len(once) <= LONGEST_ONCE):
        raise BadRequest
    return once


def message_of(channel: Channel, person: Person, once: str, action: Action) -> IncomingMessage:
    """A message of what somebody did in a form. `once` was drawn with the page: sent twice, it is done once.

    A page that a browser brought back may be used for something else: that is another message.
    """
    place = hashlib.sha256(repr(action).encode()).hexdigest()[:16]
    return IncomingMessage(
        channel=channel,
        person=person,
        keys=(MessageKey("console", f"{person.key} {once} {place}"),),
        surface=Surface.ACTION,
        private=True,
        action=action,
    )


def back_with_answer(number: int, back: str, *, at: str = "") -> Response:
    """Back to the page, which shows what was answered to this message; `at` is a place in it."""
    path = safe_path(back)
    path, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("said=")]
    return see_other(f"{path}?{'&'.join([*kept, f'said={number}'])}{f'#{at}' if at else ''}")


def _command() -> str:
    """The command that the form's fields spell; `answer` is what comes after "=>"."""
    form = request.form
    words = [form.get("verb", ""), *(argument.strip() for argument in form.getlist("argument"))]
    command = " ".join(word for word in words if word)
    if answer := lines_of(form.get("answer", "")):
        command += f" => {answer}"
    if not command.startswith("/") or len(command) > LONGEST_COMMAND:
        raise BadRequest
    return command


def lines_of(text: str) -> str:
    """The lines of a field; they end as they do here, whatever the browser made of them."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()
