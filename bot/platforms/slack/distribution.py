"""Several workspaces as a part of the bot: the pages that install the app, and what there is to say of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint

from bot.domain import PlatformError
from bot.platforms.host import Host, Operation, Part
from bot.platforms.slack import install_routes
from bot.platforms.slack.config import Slack
from bot.platforms.slack.installing import Installer
from bot.platforms.slack.token_rotation import TokenRotation
from bot.platforms.slack.workspaces import Workspaces
from bot.store import StoreError
from bot.store.installations import Installation, Installations

OPERATION = "slack_installations"

log = logging.getLogger(__name__)


class Resealing:
    """Seals once, at start, with the newest key what was sealed with an older one."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    def start(self) -> None:
        try:
            count = self._installations.reseal()
        except StoreError as failed:
            # The old key still opens them; the next start tries again.
            log.warning("slack_tokens_not_resealed", extra={"reason": str(failed)})
            return
        if count:
            log.info("slack_tokens_resealed", extra={"count": count})

    def stop(self) -> None:
        """There is nothing to stop."""


class Distribution:
    """The parts that installing by others adds to the bot; none where `installations` is None."""

    def __init__(
        self, slack: Slack, host: Host, installations: Installations | None, workspaces: Workspaces
    ) -> None:
        self._slack = slack
        self._clock = host.clock
        self._workspaces = workspaces
        self._url = host.deployment.public_url
        self._installations = installations

    @property
    def blueprints(self) -> Sequence[Blueprint]:
        if self._installations is None:
            return ()
        redirect_uri = f"{self._url}{install_routes.REDIRECT}"
        make_api = self._workspaces.make_api
        installer = Installer(self._slack, redirect_uri, self._installations, make_api, self._clock)
        return (install_routes.blueprint(installer, self._installations, self._url),)

    @property
    def parts(self) -> Sequence[Part]:
        if self._installations is None:
            return ()
        rotation = TokenRotation(self._slack, self._installations, self._workspaces, self._clock)
        self._workspaces.renew = rotation.renew
        return (Resealing(self._installations), rotation)

    @property
    def operations(self) -> Mapping[str, Operation]:
        if self._installations is None:
            return {}
        kept = self._installations
        return {OPERATION: lambda *_: [_describe(one) for one in kept.all()]}


def check(public_url: str, running: Callable[[str], Any]) -> str:
    """Look at the address to install it from, and at what the running bot says of its workspaces."""
    found: list[dict[str, str]] | None = running(OPERATION)
    page = f"install it at {public_url}/slack/install"
    if found is None:
        return f"{page}; where it is installed is told while the bot runs"
    unreadable = [one["name"] for one in found if one["state"] == "unreadable"]
    if unreadable:
        raise PlatformError(
            f"the tokens of {', '.join(unreadable)} cannot be read: [bot] encryption_keys (or the key file "
            "in data_dir) is not the one they were sealed with; put it back, or install the app there again"
        )
    names = ", ".join(f"{one['name']} ({one['state']})" for one in found)
    return f"{page}; installed in {names or 'no workspace yet'}"


def _describe(one: Installation) -> dict[str, str]:
    state = f"ended: {one.ended_why}" if one.ended_at else ("in force" if one.token else "unreadable")
    return {"name": one.name, "state": state}
