from __future__ import annotations

import json

from bot.commands import VERBS
from bot.config import Bot, Slack
from bot.platforms.slack.manifest import (
    RESERVED,
    as_text,
    manifest,
    mistakes,
)

BOT = Bot(public_url="https://bot.example.com")


def names(bot: Bot) -> list[str]:
    return [command["command"] for command in manifest(bot)["features"]["slash_commands"]]


def test_every_verb_is_a_command_unless_slack_keeps_its_name() -> None:
    assert names(BOT) == [f"/{verb}" for verb in VERBS if verb not in RESERVED] + ["/kbdial"]
    assert "/status" not in names(BOT)


def test_a_prefix_makes_every_name_ones_own() -> None:
    prefixed = Bot(public_url="https://bot.example.com", slack=Slack(command_prefix="acme-"))
    assert names(prefixed) == [f"/acme-{verb}" for verb in VERBS] + ["/acme-kbdial"]
    assert mistakes(prefixed) == []


def test_every_address_is_made_from_the_public_one() -> None:
    whole = manifest(BOT)
    assert {command["url"] for command in whole["features"]["slash_commands"]} == {
        "https://bot.example.com/slack/commands"
    }
    assert whole["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.com/slack/events"
    assert whole["settings"]["interactivity"]["request_url"] == "https://bot.example.com/slack/interactions"


def test_the_text_is_what_slack_reads() -> None:
    assert json.loads(as_text(BOT)) == manifest(BOT)
    assert mistakes(BOT) == []


def test_what_slack_would_refuse_is_said_beforehand() -> None:
    (mistake,) = mistakes(Bot(public_url="http://127.0.0.1:8000"))
    assert "https://" in mistake
    assert "127.0.0.1" in mistake


def test_the_limits_of_the_schema_are_kept() -> None:
    whole = manifest(BOT)
    assert len(whole["display_information"]["name"]) <= 35
    assert len(whole["display_information"]["description"]) <= 140
    for command in whole["features"]["slash_commands"]:
        assert 2 <= len(command["command"]) <= 32
        assert 1 <= len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "x")) <= 1000
