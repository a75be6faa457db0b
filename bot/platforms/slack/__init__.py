"""Slack: signature, reading, markup, blocks and sending. Its routes are in `bot/web/slack.py`."""
