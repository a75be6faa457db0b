"""Slack: events, slash commands and clicks by HTTP; replies through the Web API and response addresses."""
