from __future__ import annotations

import json

from pydantic import SecretStr

from bot.commands.registry import VERBS
from bot.platforms.slack.config import Slack
from bot.platforms.slack.manifest import (
    RESERVED,
    as_text,
    manifest,
    mistakes,
)
from bot.platforms.slack.parser import ASK_SHORTCUT

URL = "https://bot.example.com"
PLAIN = Slack()


def names(slack: Slack) -> list[str]:
    return [command["command"] for command in manifest(slack, URL)["features"]["slash_commands"]]


def test_every_verb_is_a_command_unless_slack_keeps_its_name() -> None:
    assert names(PLAIN) == [f"/{verb}" for verb in VERBS if verb not in RESERVED] + ["/kbdial"]
    assert "/status" not in names(PLAIN)


def test_a_prefix_makes_every_name_ones_own() -> None:
    prefixed = Slack(command_prefix="acme-")
    assert names(prefixed) == [f"/acme-{verb}" for verb in VERBS] + ["/acme-kbdial"]
    assert mistakes(prefixed, URL) == []


def test_every_address_is_made_from_the_public_one() -> None:
    whole = manifest(PLAIN, URL)
    assert {command["url"] for command in whole["features"]["slash_commands"]} == {
        "https://bot.example.com/slack/commands"
    }
    assert whole["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.com/slack/events"
    assert whole["settings"]["interactivity"]["request_url"] == "https://bot.example.com/slack/interactions"


def test_with_socket_mode_no_address_of_ours_is_in_it() -> None:
    connected = Slack(app_token=SecretStr("xapp-1-A1-7-9f8c2e"))
    whole = manifest(connected, "http://127.0.0.1:8000")
    assert whole["settings"]["socket_mode_enabled"] is True
    assert whole["settings"]["interactivity"] == {"is_enabled": True}
    assert set(whole["settings"]["event_subscriptions"]) == {"bot_events"}
    assert "127.0.0.1" not in as_text(connected, "http://127.0.0.1:8000")
    assert mistakes(connected, "http://127.0.0.1:8000") == []


def test_the_text_is_what_slack_reads() -> None:
    assert json.loads(as_text(PLAIN, URL)) == manifest(PLAIN, URL)
    assert mistakes(PLAIN, URL) == []


def test_what_slack_would_refuse_is_said_beforehand() -> None:
    (mistake,) = mistakes(PLAIN, "http://127.0.0.1:8000")
    assert "https://" in mistake
    assert "127.0.0.1" in mistake


def test_the_limits_of_the_schema_are_kept() -> None:
    whole = manifest(PLAIN, URL)
    assert len(whole["display_information"]["name"]) <= 35
    assert len(whole["display_information"]["description"]) <= 140
    for command in whole["features"]["slash_commands"]:
        assert 2 <= len(command["command"]) <= 32
        assert 1 <= len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "x")) <= 1000


def test_the_shortcut_of_a_message_is_the_one_that_is_read() -> None:
    (shortcut,) = manifest(PLAIN, URL)["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", ASK_SHORTCUT)
    assert len(shortcut["name"]) <= 24
