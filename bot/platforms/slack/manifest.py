"""The Slack app's manifest, made from the configuration.

Addresses and command names are written down nowhere else, so what is pasted into Slack
and what the bot answers to cannot drift apart.
"""

from __future__ import annotations

import json
from typing import Any

from bot.commands.registry import PREFIX, VERBS
from bot.platforms.slack.config import Slack
from bot.platforms.slack.parser import ASK_SHORTCUT

# Slack keeps these for itself and refuses a whole manifest that names one of them;
# `/kbdial status` works all the same.
RESERVED = frozenset({
    "away", "collapse", "dm", "dnd", "expand", "feed", "invite", "join", "leave", "me", "msg", "mute", "open",
    "remind", "remove", "rename", "search", "shrug", "star", "status", "topic", "who",
})  # fmt: skip

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_HINT = 32, 2000, 1000
MOST_COMMANDS = 50

SCOPES = (
    "app_mentions:read",
    "chat:write",
    "commands",
    # Exports and pictures; without it they are links.
    "files:write",
    "im:history",
    "mpim:history",
    # To look whether a reply arrived whose confirmation was lost; without them it may be posted twice.
    "channels:history",
    "groups:history",
    # Events bring an id alone; a change is told by name.
    "users:read",
)

EVENTS = ("app_home_opened", "app_mention", "message.im", "message.mpim")
# That a workspace has removed the app or taken its token away, or that an organisation put one in or out.
LIFE_EVENTS = ("app_uninstalled", "tokens_revoked", "team_access_granted", "team_access_revoked")


def manifest(slack: Slack, public_url: str) -> dict[str, Any]:
    """The manifest as Slack's schema has it."""
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "kbdial",
            "description": "Ranked answers from the knowledge base, above the threshold your team sets",
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "kbdial", "always_online": True},
            "slash_commands": _commands(slack, public_url),
            "shortcuts": [
                {
                    "name": "Ask the knowledge base",
                    "type": "message",
                    "callback_id": ASK_SHORTCUT,
                    "description": "What the knowledge base has on this message, shown to you alone",
                }
            ],
        },
        "oauth_config": {**_redirect(slack, public_url), "scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {
                **_address(slack, "request_url", f"{public_url}/slack/events"),
                "bot_events": [*EVENTS, *(LIFE_EVENTS if slack.is_installed_by_others else ())],
            },
            "interactivity": {
                "is_enabled": True,
                **_address(slack, "request_url", f"{public_url}/slack/interactions"),
            },
            "org_deploy_enabled": slack.is_installed_by_others,
            "socket_mode_enabled": slack.is_connected,
            "token_rotation_enabled": False,
        },
    }


def as_text(slack: Slack, public_url: str) -> str:
    """The manifest as JSON, which Slack takes as well as YAML."""
    return json.dumps(manifest(slack, public_url), ensure_ascii=False, indent=2) + "\n"


def mistakes(slack: Slack, public_url: str) -> list[str]:
    """The reasons why Slack would refuse this manifest, in words for the operator."""
    found = []
    needs_address = not slack.is_connected or slack.is_installed_by_others
    if needs_address and not public_url.startswith("https://"):
        found.append(
            f'[bot] public_url must begin with https:// for Slack to take it (got "{public_url}"); '
            "without a public address, [bot.slack] app_token connects by Socket Mode"
        )
    commands = _commands(slack, public_url)
    if len(commands) > MOST_COMMANDS:
        found.append(f"Slack takes at most {MOST_COMMANDS} commands (these are {len(commands)})")
    for command in commands:
        name = command["command"]
        if len(name) > LONGEST_NAME:
            found.append(f"[bot.slack] command_prefix makes {name} longer than {LONGEST_NAME} characters")
        if (
            len(command["description"]) > LONGEST_DESCRIPTION
            or len(command.get("usage_hint", "")) > LONGEST_HINT
        ):
            found.append(f"the help of {name} is too long for Slack")
    return found


def _commands(slack: Slack, public_url: str) -> list[dict[str, Any]]:
    prefix = slack.command_prefix
    verbs = [
        _command(slack, public_url, verb.name, verb.page("en").summary, verb.grammar)
        for verb in VERBS.values()
    ]
    everything = _command(
        slack, public_url, PREFIX, "All commands under one name, for when another app has taken one", "help"
    )
    return [
        command for command in verbs if prefix or command["command"].removeprefix("/") not in RESERVED
    ] + [everything]


def _redirect(slack: Slack, public_url: str) -> dict[str, list[str]]:
    """The OAuth redirect URL, to which Slack sends people back once they have agreed to install."""
    return {"redirect_urls": [f"{public_url}/slack/oauth_redirect"]} if slack.is_installed_by_others else {}


def _address(slack: Slack, key: str, url: str) -> dict[str, str]:
    """The request URL of one feature, under its key; empty with Socket Mode, where Slack calls nobody."""
    return {} if slack.is_connected else {key: url}


def _command(slack: Slack, public_url: str, name: str, description: str, usage_hint: str) -> dict[str, Any]:
    command = {
        "command": f"/{slack.command_prefix}{name}",
        **_address(slack, "url", f"{public_url}/slack/commands"),
        "description": description[:1].upper() + description[1:],
        "usage_hint": usage_hint,
        "should_escape": True,
    }
    return {key: value for key, value in command.items() if value != ""}
