"""Slack: signature, reading, markup, blocks and sending. Its routes are in `bot/web/slack.py`."""

from __future__ import annotations

from bot.platforms.slack.sender import SlackPlatform
from bot.platforms.slack.signature import Verifier

__all__ = ["SlackPlatform", "Verifier"]
