"""Registers `/kbdial` with the server, or says how: what `python -m bot mattermost` does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from bot.domain import PlatformError
from bot.platforms.mattermost.web_api import NO_SESSION, NOT_ALLOWED, MattermostRefusal, WebApi

TRIGGER = "kbdial"
_DESCRIPTION = "Ranked answers from the knowledge base, above the threshold your team sets"
_BY_HAND = """\
{team}: we may not register it. Whoever may (right "manage slash commands") runs this, with a token of theirs
(or this command again, with KBDIAL_BOT__MATTERMOST__BOT_TOKEN=$TOKEN before it):
  curl -fsS -X POST {url}/api/v4/commands -H "Authorization: Bearer $TOKEN" \\
    -H "Content-Type: application/json" -d {body}
"""
_THEN = """\
Put these into the configuration and start the bot anew:

[bot.mattermost]
command_tokens = {tokens}
"""


def address(public_url: str) -> str:
    """The address to which the server sends the command."""
    return f"{public_url}/mattermost/commands"


def find_ours(web_api: WebApi, team_id: str) -> dict[str, Any] | None:
    """Our command in a team; None where it has none.

    Raises:
        PlatformError: also where we may not see them.
    """
    return next((one for one in web_api.find_commands(team_id) if one.get("trigger") == TRIGGER), None)


def register(web_api: WebApi, public_url: str) -> tuple[Sequence[str], str]:
    """Register the command in each of our teams: what went wrong, and what to do with the tokens.

    Where it is registered already, its address is put right and its token is told again.
    """
    problems: list[str] = []
    said: list[str] = []
    tokens: list[str] = []
    try:
        teams = web_api.find_teams()
    except PlatformError as failed:
        return [failed.reason], ""
    for team in teams:
        name, team_id = str(team.get("display_name")), str(team.get("id"))
        try:
            token = _register_in(web_api, team_id, address(public_url))
        except MattermostRefusal as refused:
            if refused.status not in {NOT_ALLOWED, NO_SESSION}:
                problems.append(f"{name}: {refused.reason}")
                continue
            body = shlex.quote(json.dumps(_command(team_id, address(public_url))))
            said.append(_BY_HAND.format(team=name, url=web_api.url, body=body))
        except PlatformError as failed:
            problems.append(f"{name}: {failed.reason}")
        else:
            tokens.append(token)
            said.append(f"{name}: /{TRIGGER} is registered\n")
    if not teams:
        problems.append("the bot is in no team: invite it into one first")
    if said:
        said.append(_THEN.format(tokens=json.dumps(tokens) if tokens else '["TOKEN FROM THE ANSWER"]'))
    return problems, "\n".join(said)


def _register_in(web_api: WebApi, team_id: str, url: str) -> str:
    ours = find_ours(web_api, team_id)
    if ours is None:
        ours = web_api.create_command(_command(team_id, url))
    elif ours.get("url") != url or ours.get("method") != "P":
        ours = web_api.change_command({**ours, **_command(team_id, url)})
    token = ours.get("token")
    if not isinstance(token, str) or not token:
        raise PlatformError(f"the server shows no token of /{TRIGGER}: who made it sees it at Integrations")
    return token


def _command(team_id: str, url: str) -> dict[str, Any]:
    return {
        "team_id": team_id,
        "trigger": TRIGGER,
        "method": "P",
        "url": url,
        "display_name": "kbdial",
        "description": _DESCRIPTION,
        "auto_complete": True,
        "auto_complete_hint": "help",
        "auto_complete_desc": _DESCRIPTION,
    }
