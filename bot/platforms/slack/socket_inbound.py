"""The same payloads over Socket Mode, for a bot that nobody can reach from outside.

Stored first, then acknowledged: an event that is not acknowledged comes again, over this
connection or another. Commands and clicks never come again: who could not be written down is told
so in the acknowledgement.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from bot.platforms.link import as_text
from bot.platforms.payload import Ignored
from bot.platforms.slack import workspace
from bot.platforms.slack.fields import NAME
from bot.platforms.slack.inbound import Inbound, say_not_saved
from bot.platforms.slack.parser import (
    BotIdentity,
    Reading,
    read_command,
    read_event,
    read_interaction,
)
from bot.platforms.slack.socket_protocol import Envelope
from bot.platforms.slack.workspace import Workspace
from bot.platforms.websocket import Wire, WireLostError
from bot.store import StoreError

log = logging.getLogger(__name__)


class SocketInbound:
    """Takes envelopes on the thread that reads, so it waits for no answer: that goes its own way."""

    def __init__(self, inbound: Inbound, identity: Callable[[Workspace], BotIdentity]) -> None:
        self._inbound = inbound
        self._identity = identity

    def take(self, envelope: Envelope, wire: Wire) -> None:
        try:
            for reading in self._read(envelope):
                self._inbound.take(reading, envelope.payload)
        except StoreError as failed:
            self._inbound.rejected.not_stored(failed)
            if envelope.kind == "events_api":
                return
            acknowledgement = envelope.acknowledgement(say_not_saved(envelope.payload))
        else:
            acknowledgement = envelope.acknowledgement()
        try:
            wire.send(as_text(acknowledgement))
        except WireLostError as lost:
            # An event comes again and is known by its own id; of all else the answer is under way.
            log.warning("not_acknowledged", extra={"platform": NAME, "reason": str(lost)})

    def _read(self, envelope: Envelope) -> tuple[Reading, ...]:
        payload = envelope.payload
        if envelope.app_id and payload.get("api_app_id", envelope.app_id) != envelope.app_id:
            return (Ignored("of another app"),)
        match envelope.kind:
            case "events_api":
                return (read_event(payload, self._identity(workspace.of_event(payload))),)
            case "slash_commands":
                form = {name: value for name, value in payload.items() if isinstance(value, str)}
                body = json.dumps(form, sort_keys=True).encode()
                return (read_command(form, body, "", self._identity(workspace.of_command(form))),)
            case "interactive":
                return read_interaction(payload, self._identity(workspace.of_interaction(payload)))
        return (Ignored("unknown envelope type"),)
