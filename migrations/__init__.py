"""The history of the bot's tables. Run by `python -m bot migrate`, through bot/store/schema.py."""
