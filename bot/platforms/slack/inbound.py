"""The common part of HTTP and Socket Mode: parsed payloads are taken, unknown ones put into quarantine.

By HTTP or over Socket Mode comes the same payload, and goes to the same inbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from bot.domain import Channel, IncomingMessage, Person, Surface
from bot.platforms.host import Intake
from bot.platforms.kit import RejectedMessages, not_saved
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.home_form import GAP_FIELD
from bot.platforms.slack.home_parser import FormWanted, HomeOpened
from bot.platforms.slack.parser import RATE_LIMITED, Reading, without_credentials
from bot.platforms.slack.workspace import Removal, TeamAccess

log = logging.getLogger(__name__)


class Inbound:
    """Takes readings. Safe to share between threads.

    `remove` is told where the app is gone, `note_access` which workspaces an organisation put in or out,
    `open_home` who looks at their Home tab, `open_form` who wants to answer a gap there. `speaks_first` says
    where we may greet somebody. `may_see` says whether a channel that a click on that tab
    names is one that the tab shows; it raises StoreError.
    """

    def __init__(
        self,
        intake: Intake,
        rejected: RejectedMessages,
        *,
        remove: Callable[[Removal], None] = lambda _: None,
        note_access: Callable[[TeamAccess], None] = lambda _: None,
        open_home: Callable[[HomeOpened], None] = lambda _: None,
        open_form: Callable[[FormWanted], None] = lambda _: None,
        speaks_first: Callable[[Channel], bool] = lambda _: True,
        may_see: Callable[[Person, Channel], bool] = lambda *_: False,
    ) -> None:
        self.intake = intake
        self.rejected = rejected
        self._remove = remove
        self._note_access = note_access
        self._open_home = open_home
        self._open_form = open_form
        self._speaks_first = speaks_first
        self._may_see = may_see

    def take(self, reading: Reading, payload: Mapping[str, Any]) -> None:
        """Store it, whichever it is; `payload` is what it was read from.

        Raises:
            StoreError: it is not stored.
        """
        if isinstance(reading, IncomingMessage):
            self._accept(reading)
        elif isinstance(reading, HomeOpened):
            self._open_home(reading)
        elif isinstance(reading, FormWanted):
            if self._may_see(reading.person, reading.channel):
                self._open_form(reading)
            else:
                self.rejected.ignore("a channel of others")
        elif isinstance(reading, Removal):
            self._remove(reading)
        elif isinstance(reading, TeamAccess):
            self._note_access(reading)
        elif isinstance(reading, Ignored | Quarantined):
            self.rejected.put_aside(reading, without_credentials(payload))
        if reading == Ignored(RATE_LIMITED):
            log.error("slack holds back events", extra={"platform": NAME})

    def _accept(self, message: IncomingMessage) -> None:
        if "home" in message.address and not self._may_see(message.person, message.channel):
            self.rejected.ignore("a channel of others")
        elif message.surface is Surface.CLOCK and not self._speaks_first(message.channel):
            self.rejected.ignore("no token to greet with")
        else:
            self.intake.accept(message)


def say_not_saved(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Commands, clicks and forms are never sent again, so the person has to hear it."""
    if payload.get("type") == "view_submission":
        return {"response_action": "errors", "errors": {GAP_FIELD: not_saved("en")}}
    return {"response_type": "ephemeral", "replace_original": False, "text": not_saved("en")}
