"""The table [bot.mattermost]."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, TypeAdapter, model_validator

from bot.config import Section, WebAddress
from bot.weak_secrets import OptionalSecret, Secret

NAME = "mattermost"

_address = TypeAdapter(WebAddress)


def _address_or_none(text: str) -> str:
    return str(_address.validate_python(text)) if text else ""


def _path_or_none(given: Any) -> Any:
    return None if given == "" else given


def _certificates(path: Path | None) -> Path | None:
    if path is not None and not (path.is_absolute() and path.is_file()):
        raise ValueError(f'wanted the whole path of a PEM file with certificates (got "{path}")')
    return path


class Mattermost(Section):
    """One server, at `url`, and the account of a bot there.

    `command_tokens`: those that the server showed for our slash commands, one a team; `webhook_tokens`:
    those of its outgoing webhooks that lead to us. `action_secret` is
    ours alone: it signs what buttons carry, and without it there are none. `ca_file`: whom to believe
    that the server is the server, where no public authority says so. `shared_channels`: the ids of the
    channels shared with other servers where we answer.
    """

    url: Annotated[str, AfterValidator(_address_or_none)] = ""
    bot_token: OptionalSecret = SecretStr("")
    command_tokens: tuple[Secret, ...] = ()
    webhook_tokens: tuple[Secret, ...] = ()
    action_secret: OptionalSecret = SecretStr("")
    ca_file: Annotated[Path | None, BeforeValidator(_path_or_none), AfterValidator(_certificates)] = None
    shared_channels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Mattermost:
        if self.url and not self.bot_token.get_secret_value():
            raise ValueError("url needs bot_token beside it")
        if not self.url and (
            self.bot_token.get_secret_value()
            or self.command_tokens
            or self.webhook_tokens
            or self.action_secret.get_secret_value()
            or self.ca_file
        ):
            raise ValueError("url is missing: the address at which people open Mattermost")
        return self

    @property
    def is_used(self) -> bool:
        return bool(self.url)

    @property
    def tenant(self) -> str:
        """The server's host name. It is a part of keys, whose parts hold no colon."""
        return (urlsplit(self.url).hostname or "").replace(":", "-")
