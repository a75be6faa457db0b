"""Slack: signature, parser, markup, blocks, sender and routes."""

from __future__ import annotations

from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.signature import Verifier

__all__ = ["SlackPlatform", "Verifier"]
