"""The terminal as a platform: always there, without a table of its own, and reached by one operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.config import Section
from bot.domain import Delivery, Membership, Traits, reply_to_json
from bot.platforms.host import Adapter, Host, Installed
from bot.platforms.terminal.platform import NAME, TerminalPlatform, incoming


class NoTable(Section):
    """The table of a platform without settings."""


def _install(_: NoTable, host: Host) -> Installed:
    platform = TerminalPlatform(
        host.content_of,
        host.deployment.data_dir / "exports",
        accept=host.intake.accept,
        is_over=host.is_over,
        is_alone=host.deployment.is_alone,
    )

    def say(request: Mapping[str, Any], hear: Callable[[Any], None]) -> None:
        """Take a line; returns when it is answered, having told every reply as JSON."""
        message = incoming(str(request["room"]), str(request["text"]), str(request["person"]))

        def listener(delivery: Delivery) -> None:
            hear(reply_to_json(delivery.reply))

        platform.say(message, listener)

    return Installed(
        platform,
        parts=(platform,),
        operations={"say": say},
        membership_of=lambda _: Membership.MEMBER,  # whoever sits at the machine
        on_progress=platform.nudge,
    )


ADAPTER = Adapter(
    name=NAME,
    section=NoTable,
    traits=Traits(shows_pictures=False),
    install=_install,
    is_used=lambda _: True,
)
