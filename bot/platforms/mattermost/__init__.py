"""Mattermost: questions over a WebSocket of ours, clicks and the slash command over HTTP."""
