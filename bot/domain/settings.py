"""Per-channel settings, what type each has, and their change log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from bot.domain.channels import Person

Language = Literal["zh", "en"]
Setting = str  # a key of SETTINGS
SettingValue = Decimal | int | str


def decimal_text(value: Decimal) -> str:
    """All its digits that mean something, at least two decimals, no exponent: 0.650 is 0.65, 1 is 1.00."""
    whole, _, decimals = f"{value.normalize():f}".partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a setting: parses values from the text that is stored and shown, and formats them as it."""

    parse: Callable[[str], SettingValue]
    format: Callable[[Any], str]


DECIMAL, COUNT, TEXT = Kind(Decimal, decimal_text), Kind(int, str), Kind(str, str)

# In the order in which /settings lists them.
SETTINGS: Mapping[Setting, Kind] = MappingProxyType(
    {
        "threshold": DECIMAL,
        "limit": COUNT,
        "knowledge_base": TEXT,
        "language": TEXT,
        "strategy": TEXT,
        "keyword_weight": DECIMAL,
        "margin": DECIMAL,
        "review_high": DECIMAL,
        "review_low": DECIMAL,
        "digest": TEXT,
        "digest_hour": COUNT,
        "timezone": TEXT,
        "label": TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One channel's own settings; None where it follows the configuration.

    Settings that more than one family reads have a field; those that only their own
    family reads are in `others`.
    """

    threshold: Decimal | None = None
    limit: int | None = None
    knowledge_base: str | None = None
    language: Language | None = None
    strategy: str | None = None
    keyword_weight: Decimal | None = None
    margin: Decimal | None = None
    review_high: Decimal | None = None
    review_low: Decimal | None = None
    digest: Literal["daily", "weekly"] | None = None
    digest_hour: int | None = None
    timezone: str | None = None
    label: str | None = None
    threshold_model: str = ""  # the fingerprint under which `threshold` was set; "" where not known
    others: Mapping[Setting, SettingValue] = field(default_factory=dict)

    def get(self, setting: Setting) -> SettingValue | None:
        value: SettingValue | None = (
            getattr(self, setting) if setting in _FIELDS else self.others.get(setting)
        )
        return value

    def text_of(self, setting: Setting) -> str | None:
        """The value as it is stored and shown."""
        value = self.get(setting)
        return None if value is None else SETTINGS[setting].format(value)

    def with_texts(self, values: Mapping[Setting, str | None]) -> ChannelSettings:
        """The settings as they will be; None: back to the default."""
        parsed = {
            setting: None if text is None else SETTINGS[setting].parse(text)
            for setting, text in values.items()
        }
        own: dict[str, Any] = {setting: value for setting, value in parsed.items() if setting in _FIELDS}
        others = {**self.others, **{key: value for key, value in parsed.items() if key not in _FIELDS}}
        return replace(self, **own, others={key: value for key, value in others.items() if value is not None})


_FIELDS = frozenset(each.name for each in fields(ChannelSettings)) & frozenset(SETTINGS)


@dataclass(frozen=True, slots=True)
class Change:
    """One turn of one setting. None stands for "the configured default"; values are text as shown.

    `is_undo` is kept with the row: without it, a second undo could only go forth again.
    `cause` is what made it when that was no command of its own: "strategy precise",
    "model" (carried over to another model). `model` is the fingerprint of the model that
    the knowledge base had then; "" where the engine could not be asked.
    """

    setting: Setting
    old: str | None
    new: str | None
    is_undo: bool = False
    cause: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change that was made: by whom, when (UTC), by which message. Changes of one message are one act."""

    change: Change
    person: Person
    made_at: datetime
    item_id: int = 0
