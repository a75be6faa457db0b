"""Traits of a platform, for those who must not know which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.settings import Language


@dataclass(frozen=True, slots=True)
class Traits:
    """The differences between platforms, in terms that apply to any of them.

    `default_language` holds until a channel sets its own. `shows_pictures` is False where a
    picture must be drawn with characters. `help_hint` is the last line of /help there, by
    language. `quiet_loggers` are those of its libraries, which tell every request.
    """

    default_language: Language = "en"
    shows_pictures: bool = True
    help_hint: Mapping[Language, str] = field(default_factory=dict)
    quiet_loggers: tuple[str, ...] = ()
