"""The table [bot.mattermost]."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator

from bot.config import Section


def _unused(given: Any) -> Any:
    if given:
        raise ValueError("Mattermost is not built yet, leave it empty")
    return given


class Mattermost(Section):
    """The names of what is not built yet, so that a file which has them empty is a right one."""

    url: Annotated[str, AfterValidator(_unused)] = ""
    bot_token: Annotated[str, AfterValidator(_unused)] = ""
    command_tokens: Annotated[tuple[str, ...], AfterValidator(_unused)] = ()
    action_secret: Annotated[str, AfterValidator(_unused)] = ""
