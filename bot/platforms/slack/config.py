"""The table [bot.slack]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

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
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    client_secret: OptionalSecret = SecretStr("")
    install: Literal["off", "listed", "anyone"] = "off"
    teams: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_install(self) -> Slack:
        if self.install == "off":
            return self
        if not self.client_id or not self.client_secret.get_secret_value():
            raise ValueError(f'install = "{self.install}" needs client_id and client_secret beside it')
        if self.install == "listed" and not self.teams:
            raise ValueError('install = "listed" needs teams: the ids of the workspaces that may')
        return self

    @property
    def is_installed_by_others(self) -> bool:
        """Whether workspaces install the app themselves, each with a token of its own."""
        return self.install != "off"

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
