"""The tables [bot.wecom.robot.NAME], [bot.wecom.app.NAME] and [bot.wecom.webhook.NAME]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.config import Section, WebAddress
from bot.weak_secrets import OptionalSecret, find_weakness

AES_KEY = re.compile(r"[0-9A-Za-z]{43}")
# The name of a robot, an application or a webhook is a part of its route.
WecomName = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


def _webhook_address(secret: SecretStr) -> SecretStr:
    """Looked at, and never repeated: it is a credential."""
    url = secret.get_secret_value()
    parts = urlsplit(url)
    if url and not (
        parts.scheme in {"http", "https"}
        and parts.netloc
        and parts.path.endswith("/webhook/send")
        and len(parse_qs(parts.query).get("key", [])) == 1
    ):
        raise ValueError("wanted the whole address that WeCom shows, https://…/cgi-bin/webhook/send?key=…")
    return secret


class _WecomSection(Section):
    """A table that is either left empty altogether, or complete."""

    @model_validator(mode="wrap")
    @classmethod
    def _complete(cls, given: Any, build: ModelWrapValidatorHandler[Any]) -> Any:
        """Report missing keys together with invalid ones, in one ValidationError."""
        mistakes = [_mistake(key, says) for key, says in cls._missing(_texts(given))]
        try:
            built = build(given)
        except ValidationError as wrong:
            mistakes[:0] = [
                InitErrorDetails(
                    type=PydanticCustomError(one["type"], one["msg"]),
                    loc=one["loc"],
                    input=one["input"],
                )
                for one in wrong.errors()
            ]
        if mistakes:
            raise ValidationError.from_exception_data(cls.__name__, mistakes)
        return built

    @classmethod
    def _missing(cls, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """The mistakes that only show when the keys are seen together, as (key, sentence)."""
        del given
        return []


class WecomRobot(_WecomSection):
    """An AI bot: called at our URL (token and encoding_aes_key), or over a long connection (secret)."""

    bot_id: str = ""
    token: OptionalSecret = SecretStr("")
    encoding_aes_key: OptionalSecret = SecretStr("")
    secret: OptionalSecret = SecretStr("")
    socket_url: str = Field(default="wss://openws.work.weixin.qq.com", pattern=r"^wss?://[!-~]+$")
    response_hosts: tuple[WebAddress, ...] = ("https://qyapi.weixin.qq.com",)
    freshness_seconds: int = Field(default=300, ge=1)

    @property
    def is_used(self) -> bool:
        return self.is_called_back or self.is_connected

    @property
    def is_called_back(self) -> bool:
        return bool(self.token.get_secret_value())

    @property
    def is_connected(self) -> bool:
        return bool(self.secret.get_secret_value())

    @classmethod
    def _missing(cls, given: Mapping[str, str]) -> list[tuple[str, str]]:
        named = {key for key in ("bot_id", "token", "encoding_aes_key", "secret") if given.get(key)}
        if not named:
            return []
        mistakes = _wrong_aes_key(given)
        if "secret" in named and named & {"token", "encoding_aes_key"}:
            mistakes.append(
                (
                    "secret",
                    "a bot is called back (token, encoding_aes_key) or connected (secret), not both",
                )
            )
        elif "secret" in named:
            mistakes += _missing_keys(given, "bot_id")
        elif named == {"bot_id"}:
            mistakes.append(
                ("token", "is missing, and so is encoding_aes_key; a long connection has a secret instead")
            )
        else:
            mistakes += _missing_keys(given, "token", "encoding_aes_key")
        return mistakes


class WecomApp(_WecomSection):
    """A self-built application: direct chats only."""

    corp_id: str = ""
    agent_id: int = Field(default=0, ge=0)
    secret: OptionalSecret = SecretStr("")
    token: OptionalSecret = SecretStr("")
    encoding_aes_key: OptionalSecret = SecretStr("")
    api_url: WebAddress = "https://qyapi.weixin.qq.com"
    freshness_seconds: int = Field(default=300, ge=1)

    @property
    def is_used(self) -> bool:
        return bool(self.corp_id)

    @classmethod
    def _missing(cls, given: Mapping[str, str]) -> list[tuple[str, str]]:
        wanted = ("corp_id", "agent_id", "secret", "token", "encoding_aes_key")
        if not any(given.get(key) for key in wanted):
            return []
        return [*_missing_keys(given, *wanted), *_wrong_aes_key(given)]


class WecomWebhook(Section):
    """A group's webhook, for alerts and files. Its URL is its only credential.

    `channel`: the group that it is in, where a robot that is called back may only answer.
    """

    url: Annotated[SecretStr, AfterValidator(_webhook_address)] = SecretStr("")
    channel: str = Field(default="", pattern=r"^(wecom:[!-~]+:group:[!-~]+)?$")

    @property
    def is_used(self) -> bool:
        return bool(self.url.get_secret_value())


class Wecom(Section):
    robot: Mapping[WecomName, WecomRobot] = {}
    app: Mapping[WecomName, WecomApp] = {}
    webhook: Mapping[WecomName, WecomWebhook] = {}

    @property
    def is_used(self) -> bool:
        return (
            any(robot.is_used for robot in self.robot.values())
            or any(app.is_used for app in self.app.values())
            or any(webhook.is_used for webhook in self.webhook.values())
        )


def _texts(given: Any) -> dict[str, str]:
    """The keys of a table that hold something, as text; "" and 0 stand for what is left out."""
    if not isinstance(given, Mapping):
        return {}
    shown = {
        str(key): value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in given.items()
    }
    return {key: str(value) for key, value in shown.items() if value not in ("", 0, "0")}


def _missing_keys(given: Mapping[str, str], *keys: str) -> list[tuple[str, str]]:
    return [(key, "is missing") for key in keys if not given.get(key)]


def _wrong_aes_key(given: Mapping[str, str]) -> list[tuple[str, str]]:
    key = given.get("encoding_aes_key", "")
    if not key or AES_KEY.fullmatch(key) or find_weakness(key):
        return []
    return [
        (
            "encoding_aes_key",
            f"wanted the 43 letters and digits that the admin page shows (got {len(key)} characters)",
        )
    ]


def _mistake(key: str, says: str) -> InitErrorDetails:
    kind = "missing" if says == "is missing" else "wecom"
    return InitErrorDetails(type=PydanticCustomError(kind, says), loc=(key,), input=None)
