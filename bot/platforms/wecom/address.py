"""The address of a reply in WeCom, as it is stored with a message and its deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class WecomAddress:
    """One address; what does not apply is empty, and not stored.

    `robot`, `app`, `webhook`: the name of the way out. `stream`: the id of the answer to a
    message. `until` (steady seconds): the last moment at which the platform may ask for it.
    `request`: the frame to answer over a long connection. `task`: the card that was pressed.
    `response_url`, `response_code`: credentials, good once. `message`: the id of a message to an
    application. `piece`: the first piece of the reply that is still to be said. `quiet`: nothing
    is shown at all.
    """

    robot: str = ""
    app: str = ""
    webhook: str = ""
    user: str = ""
    message: str = ""
    stream: str = ""
    until: float = 0.0
    request: str = ""
    task: str = ""
    response_url: str = ""
    response_code: str = ""
    piece: int | None = None
    quiet: str = ""

    @property
    def is_empty(self) -> bool:
        return self == WecomAddress()

    @property
    def first_piece(self) -> int:
        """The number of the piece to begin with."""
        return self.piece or 0

    @classmethod
    def from_mapping(cls, stored: Mapping[str, str]) -> WecomAddress:
        """Read an address of this or an earlier version, which may say more."""
        texts = {
            field.name: stored[field.name]
            for field in fields(cls)
            if field.name in stored and field.name not in {"until", "piece"}
        }
        piece = stored.get("piece")
        return cls(
            until=float(stored.get("until", "0")), piece=None if piece is None else int(piece), **texts
        )

    def to_mapping(self) -> dict[str, str]:
        """The form that is stored: texts by name, of what applies."""
        said = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        said["until"] = f"{self.until:.0f}" if self.until else ""
        said["piece"] = "" if self.piece is None else str(self.piece)
        return {name: text for name, text in said.items() if text}
