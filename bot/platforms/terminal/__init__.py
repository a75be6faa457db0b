"""The chat room in a terminal of this machine, for `python -m bot chat`."""
