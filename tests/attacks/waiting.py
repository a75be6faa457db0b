"""Waiting for a bot to come to rest."""

from __future__ import annotations

import threading

from bot.app import App

PAUSE_SECONDS = 0.02
TRIES = 3000


def until_at_rest(app: App) -> None:
    """Wait until everything was tried once; what failed waits for its next try."""
    pause = threading.Event()
    for _ in range(TRIES):
        inbox, outbox = app.inbox.counts(), app.outbox.counts()
        if not (inbox["received"] or inbox["claimed"] or outbox["sending"]):
            return
        pause.wait(PAUSE_SECONDS)
    raise AssertionError(f"it does not come to rest: {app.inbox.counts()}, {app.outbox.counts()}")
