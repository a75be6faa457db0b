"""A platform as small as one can be: a line comes in by HTTP, and its reply is the response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, request

from bot import texts
from bot.config import Section
from bot.domain import (
    Answer,
    Channel,
    Delivery,
    IncomingMessage,
    Membership,
    MessageKey,
    Person,
    PlatformError,
    Reply,
    Surface,
    Traits,
)
from bot.platforms.host import Adapter, Check, Command, Deployment, Host, Installed
from bot.platforms.kit import RejectedMessages
from bot.platforms.payload import Ignored
from bot.web.bodies import raw_body
from bot.web.openapi import STORED, Schema, describe_statuses

NAME = "toy"


class Toy(Section):
    """The table [bot.toy]."""

    password: str = ""


class ToyPlatform:
    name = NAME

    def speaks_first(self, channel: Channel) -> bool:
        return False

    def send(self, delivery: Delivery) -> str:
        raise PlatformError(f"{delivery.channel.id} has hung up", permanent=True)


def _install(toy: Toy, host: Host) -> Installed:
    routes = Blueprint(NAME, __name__, url_prefix="/toy")
    rejected = RejectedMessages.of(NAME, host)

    @routes.post("/<room>")
    def take(room: str) -> Response:
        if request.headers.get("Authorization") != toy.password:
            rejected.refuse("forged")
            return Response(status=401)
        text = raw_body(1000).decode()
        if not text:
            rejected.put_aside(Ignored("empty"), "")
            return Response()
        message = IncomingMessage(
            channel=Channel(NAME, "", room),
            person=Person(NAME, "", "somebody"),
            keys=(MessageKey("id", request.headers["X-Id"]),),
            surface=Surface.MESSAGE,
            text=text,
            is_direct=True,
            membership=Membership.MEMBER,
        )
        _, delivery = host.intake.answer_within(message, wait_seconds=10)
        return Response(_said(delivery.reply) if delivery else "")

    return Installed(ToyPlatform(), blueprints=(routes,), operations={"toys": lambda *_: ["a toy"]})


def _said(reply: Reply) -> str:
    if isinstance(reply, Answer):
        return "\n".join(match.text for match in reply.matches)
    return texts.in_words(reply).body


def _checks(toy: Toy, _: Deployment, running: Callable[[str], Any]) -> Sequence[Check]:
    return [(NAME, lambda: f"{len(toy.password)} letters, running: {running('toys')}")]


PATHS: dict[str, Schema] = {"/toy/{room}": {"post": {"responses": describe_statuses(STORED)}}}

ADAPTER = Adapter(
    name=NAME,
    section=Toy,
    traits=Traits(default_language="zh", help_hint={"zh": "玩具里没有话题串。"}),
    install=_install,
    is_used=lambda toy: bool(toy.password),
    checks=_checks,
    refusals=lambda _, deployment: ["a toy cannot work"] if deployment.workers == 0 else [],
    commands={"toys": Command("list the toys", lambda toy, _: ((), toy.password))},
    paths=PATHS,
)
