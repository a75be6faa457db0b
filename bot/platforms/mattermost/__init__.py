"""Mattermost: not built yet, but for the names of its settings."""
