"""Slack as a platform of the bot: one app, installed by pasting its manifest and two secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bot.domain import Clock, PlatformError, Traits
from bot.platforms.host import Adapter, Check, Command, Deployment, Host, Installed
from bot.platforms.kit import RejectedMessages
from bot.platforms.slack import manifest, openapi, routes
from bot.platforms.slack.config import Slack
from bot.platforms.slack.parser import NAME, BotIdentity
from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.signature import Verifier
from bot.platforms.slack.wording import HELP_HINT

log = logging.getLogger(__name__)


class Introduction:
    """Asks Slack once, beside everything else, who we are there."""

    def __init__(self, platform: SlackPlatform) -> None:
        self._platform = platform

    def start(self) -> None:
        threading.Thread(target=self._ask, name="introduction", daemon=True).start()

    def stop(self) -> None:
        """It ends by itself within seconds, and nobody waits for it."""

    def _ask(self) -> None:
        try:
            log.info("slack_knows_us", extra={"as": self._platform.introduce()})
        except PlatformError as problem:
            log.warning("slack_does_not_know_us", extra={"reason": problem.reason})


def _install(slack: Slack, host: Host) -> Installed:
    platform = _platform(slack, host.clock, host.content_of)

    def identity() -> BotIdentity:
        return BotIdentity(
            users=platform.own_users,
            command_prefix=slack.command_prefix,
            shared_channels=frozenset(slack.shared_channels),
        )

    blueprint = routes.blueprint(
        verifier=Verifier(
            [secret.get_secret_value() for secret in slack.signing_secrets],
            lambda: host.clock.now().timestamp(),
        ),
        intake=host.intake,
        rejected=RejectedMessages.of(NAME, host),
        in_response=platform.in_response,
        identity=identity,
    )
    return Installed(
        platform,
        blueprints=(blueprint,) if slack.is_used else (),
        parts=(Introduction(platform),) if slack.has_token else (),
        name_person=platform.named,
        membership_of=platform.membership_of,
    )


def _checks(slack: Slack, _: Deployment, __: Callable[[str], Any]) -> Sequence[Check]:
    return [(NAME, partial(_check, slack))]


def _check(slack: Slack) -> str:
    if not slack.is_used:
        raise PlatformError("[bot.slack] signing_secrets is missing, so nothing from Slack can be believed")
    if not slack.has_token:
        raise PlatformError(
            "[bot.slack] bot_token is missing: only slash commands and clicks can be answered"
        )
    platform = _platform(slack, Clock(), lambda _: None)
    known = platform.introduce()
    if not platform.knows_people():
        raise PlatformError(
            f"we are {known}, but are not told who is a member, so nobody may change anything: "
            "does the app have the scope users:read?"
        )
    return f"we are {known}"


def _platform(slack: Slack, clock: Clock, content_of: Callable[[str], bytes | None]) -> SlackPlatform:
    return SlackPlatform(
        token=slack.bot_token.get_secret_value(),
        api_url=slack.api_url,
        response_hosts=slack.response_hosts,
        clock=clock,
        contents=content_of,
    )


def _manifest(slack: Slack, deployment: Deployment) -> tuple[Sequence[str], str]:
    url = deployment.public_url
    return manifest.mistakes(slack, url), manifest.as_text(slack, url)


ADAPTER = Adapter(
    name=NAME,
    section=Slack,
    traits=Traits(help_hint=HELP_HINT, quiet_loggers=("slack_sdk",)),
    install=_install,
    is_used=lambda slack: slack.is_used or slack.has_token,
    checks=_checks,
    commands={"manifest": Command("print the Slack manifest made from the configuration", _manifest)},
    paths=openapi.PATHS,
)
