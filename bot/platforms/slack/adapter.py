"""Slack as a platform of the bot: one app, made by pasting its manifest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.domain import Clock, PlatformError, Traits
from bot.platforms.host import Adapter, Check, Command, Deployment, Host, Installed
from bot.platforms.kit import RejectedMessages
from bot.platforms.slack import connecting, distribution, manifest, openapi, routes
from bot.platforms.slack.config import Slack
from bot.platforms.slack.connecting import Connecting
from bot.platforms.slack.distribution import Distribution
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.home_pages import HomePages
from bot.platforms.slack.inbound import Inbound
from bot.platforms.slack.parser import BotIdentity
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.signature import Verifier
from bot.platforms.slack.socket_inbound import SocketInbound
from bot.platforms.slack.wording import HELP_HINT
from bot.platforms.slack.workspace import Workspace
from bot.store.installations import Installations

log = logging.getLogger(__name__)


class Introduction:
    """Asks Slack once, beside everything else, who we are there."""

    def __init__(self, platform: SlackPlatform) -> None:
        self._platform = platform

    def start(self) -> None:
        threading.Thread(target=self._ask, name="introduction", daemon=True).start()

    def stop(self) -> None:
        """Nothing to do: the thread ends by itself within seconds, and nobody waits for it."""

    def _ask(self) -> None:
        try:
            log.info("slack_knows_us", extra={"as": self._platform.introduce()})
        except PlatformError as problem:
            log.warning("slack_does_not_know_us", extra={"reason": problem.reason})


def _install(slack: Slack, host: Host) -> Installed:
    installations = host.installations(NAME) if slack.is_installed_by_others else None
    platform = _platform(slack, host.clock, host.content_of, installations)

    def identity(workspace: Workspace) -> BotIdentity:
        return BotIdentity(
            users=platform.own_users(workspace),
            command_prefix=slack.command_prefix,
            shared_channels=frozenset(slack.shared_channels),
        )

    pages = HomePages(
        platform.workspaces, host.personal, platform.language_of, host.clock, host.deployment.public_url
    )
    platform.tell_at_home = pages.tell
    inbound = Inbound(
        host.intake,
        RejectedMessages.of(NAME, host),
        remove=platform.workspaces.remove,
        note_access=platform.workspaces.note_access,
        open_home=pages.open,
        open_form=pages.open_form,
        speaks_first=platform.speaks_first,
        may_see=host.personal.may_see,
    )
    calls = routes.blueprint(
        verifier=Verifier(
            [secret.get_secret_value() for secret in slack.signing_secrets],
            lambda: host.clock.now().timestamp(),
        ),
        inbound=inbound,
        in_response=platform.in_response,
        identity=identity,
    )
    connection = Connecting(slack, host, SocketInbound(inbound, identity))
    others = Distribution(slack, host, installations, platform.workspaces)
    introductions = [Introduction(platform)] if slack.has_token else []
    return Installed(
        platform,
        blueprints=[*([calls] if slack.is_called else []), *others.blueprints],
        parts=[*introductions, pages, *others.parts, *connection.parts],
        alerts=connection.alerts,
        news=platform.workspaces.take_news,
        operations={**connection.operations, **others.operations},
        name_person=platform.with_name,
        membership_of=platform.membership_of,
    )


def _checks(slack: Slack, deployment: Deployment, running: Callable[[str], Any]) -> Sequence[Check]:
    checks: list[Check] = [(NAME, partial(_check, slack))]
    if slack.is_connected:
        checks.append((f"{NAME} socket mode", partial(connecting.check, slack, running)))
    if slack.is_installed_by_others:
        check = partial(distribution.check, deployment.public_url, running)
        checks.append((f"{NAME} workspaces", check))
    return checks


def _refusals(slack: Slack, deployment: Deployment) -> Sequence[str]:
    if not slack.is_installed_by_others:
        return ()
    found = []
    parts = urlsplit(deployment.public_url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        found.append(
            f'[bot.slack] install = "{slack.install}" needs a [bot] public_url that begins with https://'
        )
    if not slack.is_called and not slack.is_connected:
        found.append(
            f'[bot.slack] install = "{slack.install}" needs signing_secrets or app_token: without '
            "them nothing from Slack can be believed"
        )
    if not (deployment.is_alone or deployment.has_keys):
        found.append(
            f'[bot.slack] install = "{slack.install}" with several processes needs [bot] encryption_keys: '
            "all of them must read the tokens"
        )
    return found


def _check(slack: Slack) -> str:
    if not slack.is_called and not slack.is_connected:
        raise PlatformError(
            "[bot.slack] signing_secrets and app_token are missing: set the first for a bot that Slack "
            "calls, the second for one that connects to Slack"
        )
    if slack.is_installed_by_others and not slack.has_token:
        return "each workspace has a token of its own"
    if not slack.has_token:
        raise PlatformError(
            "[bot.slack] bot_token is missing: only slash commands and clicks can be answered"
        )
    platform = _platform(slack, Clock(), lambda _: None, None)
    known = platform.introduce()
    if not platform.knows_people():
        raise PlatformError(
            f"we are {known}, but are not told who is a member, so nobody may change anything: "
            "does the app have the scope users:read?"
        )
    return f"we are {known}"


def _platform(
    slack: Slack,
    clock: Clock,
    content_of: Callable[[str], bytes | None],
    installations: Installations | None,
) -> SlackPlatform:
    return SlackPlatform(
        token=slack.bot_token.get_secret_value(),
        api_url=slack.api_url,
        response_hosts=slack.response_hosts,
        clock=clock,
        contents=content_of,
        installations=installations,
    )


def _manifest(slack: Slack, deployment: Deployment) -> tuple[Sequence[str], str]:
    url = deployment.public_url
    return manifest.mistakes(slack, url), manifest.as_text(slack, url)


ADAPTER = Adapter(
    name=NAME,
    section=Slack,
    traits=Traits(help_hint=HELP_HINT, quiet_loggers=("slack_sdk",)),
    install=_install,
    is_used=lambda slack: slack.is_called or slack.is_connected or slack.has_token,
    checks=_checks,
    refusals=_refusals,
    commands={"manifest": Command("print the Slack manifest made from the configuration", _manifest)},
    paths=openapi.PATHS,
)
