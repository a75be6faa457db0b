"""Proof that a button was made by us, for the channel in which it is pressed.

Mattermost keeps a button's `context` to itself and sends it with each click, but no header proves that
a request is Mattermost's. So the context carries our own signature: over what the button does, to what,
its value, and the channel. What was picked from a menu is not covered by it, and passes through
people's clients: an option whose value is not one of a few fixed ones is signed by itself.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from bot.platforms.mattermost.action_values import KINDS, ActionValue

VERSION = "1"
OPTION_DIGITS = 32  # of 64: the value of an option is sent to every client
# The post of such a button is shown to one person alone, and its answer goes the same way.
_PRIVATELY = "privately"
# The parts that are joined hold no separator but for the value, which is bounded by the others.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{0,64}")


class Forged(Exception):
    """Not signed by us, or not for this channel. The reason is one of a few fixed words."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that is proved to be ours. `is_private`: its post is shown to one person alone."""

    value: ActionValue
    is_private: bool


class ActionSigner:
    """Writes and reads the `context` of buttons. Without a secret it makes none, and believes none."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @property
    def has_secret(self) -> bool:
        return bool(self._secret)

    def context(self, value: ActionValue, channel_id: str, *, is_private: bool = False) -> dict[str, str]:
        """The context of a button in this channel."""
        kind = value.kind + _PRIVATELY if is_private else value.kind
        return {
            "v": VERSION,
            "a": kind,
            "i": value.about,
            "x": value.value,
            "m": self.sign(kind, value.about, value.value, channel_id),
        }

    def read(self, context: object, channel_id: object) -> Pressed:
        """The button that a click says was pressed in this channel.

        Raises:
            Forged
        """
        if not isinstance(context, Mapping) or not isinstance(channel_id, str):
            raise Forged("malformed")
        version, kind, about, value, given = (context.get(name) for name in ("v", "a", "i", "x", "m"))
        if not (
            isinstance(kind, str)
            and isinstance(about, str)
            and isinstance(value, str)
            and isinstance(given, str)
            and version == VERSION
            and all(_PLAIN.fullmatch(part) for part in (kind, about, channel_id))
        ):
            raise Forged("malformed")
        expected = self.sign(kind, about, value, channel_id)
        if not self._secret or not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise Forged("forged")
        bare = kind.removesuffix(_PRIVATELY)
        if bare not in KINDS:
            raise Forged("malformed")  # of a later version of ours
        return Pressed(ActionValue(bare, about, value), is_private=bare != kind)

    def offer(self, menu: ActionValue, choice: str, channel_id: str) -> str:
        """The value of an option of this menu that stands for `choice`."""
        return f"{choice}:{self._proof(menu, choice, channel_id)}"

    def read_offer(self, menu: ActionValue, selected: str, channel_id: str) -> str:
        """The choice that an option of this menu stood for.

        Raises:
            Forged
        """
        choice, _, given = selected.rpartition(":")
        expected = self._proof(menu, choice, channel_id)
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise Forged("forged")
        return choice

    def _proof(self, menu: ActionValue, choice: str, channel_id: str) -> str:
        return self.sign(f"{menu.kind}option", menu.about, f"{menu.value}:{choice}", channel_id)[
            :OPTION_DIGITS
        ]

    def sign(self, kind: str, about: str, value: str, channel_id: str) -> str:
        """The signature, in hexadecimal digits."""
        text = f"v1|{kind}|{about}|{value}|{channel_id}"
        return hmac.new(self._secret, text.encode(errors="replace"), sha256).hexdigest()
