"""The table [bot.slack]."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from bot.config import Section, WebAddress
from bot.weak_secrets import OptionalSecret, Secret


class Slack(Section):
    signing_secrets: tuple[Secret, ...] = ()
    bot_token: OptionalSecret = SecretStr("")
    app_token: OptionalSecret = SecretStr("")
    api_url: WebAddress = "https://slack.com/api"
    response_hosts: tuple[WebAddress, ...] = ("https://hooks.slack.com", "https://hooks.slack-gov.com")
    command_prefix: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,16}$")] = ""
    shared_channels: tuple[str, ...] = ()

    @property
    def is_called(self) -> bool:
        """Whether Slack calls our routes, and can prove that it is Slack."""
        return bool(self.signing_secrets)

    @property
    def is_connected(self) -> bool:
        """Whether we connect to Slack: Socket Mode."""
        return bool(self.app_token.get_secret_value())

    @property
    def has_token(self) -> bool:
        return bool(self.bot_token.get_secret_value())
