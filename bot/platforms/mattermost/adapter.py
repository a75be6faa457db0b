"""Mattermost as a platform of the bot: one bot account on one server, put together out of its table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain import Clock, Traits
from bot.platforms.host import Adapter, Check, Command, Condition, Deployment, Host, Installed
from bot.platforms.kit import RejectedMessages, ResponseOrigins
from bot.platforms.mattermost import check, openapi, registration, routes
from bot.platforms.mattermost.action_signature import ActionSigner
from bot.platforms.mattermost.check import web_api_of
from bot.platforms.mattermost.config import NAME, Mattermost
from bot.platforms.mattermost.connection import FRAME_LIMIT_BYTES, MattermostConnection
from bot.platforms.mattermost.forwarded import ForwardedPosts
from bot.platforms.mattermost.identity import Identity
from bot.platforms.mattermost.inbound import Inbound
from bot.platforms.mattermost.outgoing_hooks import OutgoingHooks
from bot.platforms.mattermost.people import People
from bot.platforms.mattermost.presenter import Presenter
from bot.platforms.mattermost.responses import Responses
from bot.platforms.mattermost.rooms import Rooms
from bot.platforms.mattermost.sender import MattermostPlatform
from bot.platforms.mattermost.server_settings import ServerSettings
from bot.platforms.mattermost.wording import ACCEPTED_AGAIN, HELP_HINT, REFUSED
from bot.platforms.websocket import WebSocketWire, Wire
from bot.store.leader_election import OnlyOne

# Names and limits are worth less than a quick answer.
QUICK_SECONDS = 1.5
# A server may live below a path of its host.
_RESPONSE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){0,8}/hooks/commands/[a-z0-9]{26}")


def _install(mattermost: Mattermost, host: Host) -> Installed:
    web_api = web_api_of(mattermost, host.clock)
    quick = web_api_of(mattermost, host.clock, total_seconds=QUICK_SECONDS)
    identity = Identity(web_api, mattermost.tenant)
    people, rooms = People(quick, mattermost.tenant, host.clock), Rooms(web_api, host.clock)
    signer = ActionSigner(mattermost.action_secret.get_secret_value())
    presenter = Presenter(
        signer,
        f"{host.deployment.public_url}/mattermost/actions",
        lead=_lead(mattermost, identity),
        message_limit=ServerSettings(quick, host.clock).message_limit,
    )
    rejected = RejectedMessages.of(NAME, host)
    inbound = Inbound(
        host.intake,
        rejected,
        people,
        rooms,
        shared_channels=mattermost.shared_channels,
        with_forwarded=ForwardedPosts(web_api).resolve,
    )
    connection = MattermostConnection(
        web_api,
        inbound,
        rooms,
        identity,
        token=mattermost.bot_token.get_secret_value(),
        clock=host.clock,
        open_wire=_opener(mattermost),
    )
    responses = Responses(presenter)
    hooks = OutgoingHooks(
        quick,
        identity,
        mattermost.tenant,
        inbound=inbound,
        intake=host.intake,
        rejected=rejected,
        responses=responses,
        language_of=host.language_of,
    )
    blueprint = routes.blueprint(
        command_tokens=[token.get_secret_value() for token in mattermost.command_tokens],
        webhook_tokens=[token.get_secret_value() for token in mattermost.webhook_tokens],
        signer=signer,
        tenant=mattermost.tenant,
        intake=host.intake,
        take_hook=hooks.take,
        rejected=rejected,
        responses=responses,
        clock=host.clock,
    )
    return Installed(
        MattermostPlatform(
            web_api,
            presenter,
            own_id=lambda: identity.account().user_id,
            responses=ResponseOrigins([mattermost.url], path=_RESPONSE_PATH),
            contents=host.content_of,
        ),
        blueprints=(blueprint,),
        # In one process alone, or each would store what all of them read.
        parts=[OnlyOne(connection, host.elect("kbdial mattermost"))] if host.has_web else [],
        alerts=(Condition(lambda: web_api.is_refused, REFUSED, ACCEPTED_AGAIN),),
        operations={"mattermost": lambda *_: connection.state if connection.is_kept else None},
        membership_of=people.membership_of,
        name_person=people.with_name,
    )


def _lead(mattermost: Mattermost, identity: Identity) -> Callable[[], str]:
    """The prefix of commands: the slash command where it is registered, else a mention of the bot."""
    if mattermost.command_tokens:
        return lambda: f"/{registration.TRIGGER} "
    return lambda: f"@{identity.username} "


def _opener(mattermost: Mattermost) -> Callable[[str, Mapping[str, str]], Wire]:
    def open_wire(url: str, headers: Mapping[str, str]) -> Wire:
        return WebSocketWire(url, headers=headers, ca_file=mattermost.ca_file, limit_bytes=FRAME_LIMIT_BYTES)

    return open_wire


def _checks(mattermost: Mattermost, deployment: Deployment, running: Callable[[str], Any]) -> Sequence[Check]:
    return check.looks(mattermost, deployment.public_url, _opener(mattermost), state=running("mattermost"))


def _register(mattermost: Mattermost, deployment: Deployment) -> tuple[Sequence[str], str]:
    if not mattermost.is_used:
        return ["[bot.mattermost] url and bot_token are missing"], ""
    return registration.register(web_api_of(mattermost, Clock()), deployment.public_url)


ADAPTER = Adapter(
    name=NAME,
    section=Mattermost,
    traits=Traits(help_hint=HELP_HINT),
    install=_install,
    is_used=lambda mattermost: mattermost.is_used,
    checks=_checks,
    commands={NAME: Command("register /kbdial with Mattermost, or say how", _register)},
    paths=openapi.PATHS,
)
