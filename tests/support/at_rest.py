"""Waiting for a bot to come to rest."""

from __future__ import annotations

import threading

from bot.app import App

PAUSE_SECONDS = 0.02
TRIES = 3000


def until_at_rest(app: App, *, is_sent: bool = False) -> None:
    """Wait until everything was tried once; what failed waits for its next try.

    `is_sent`: until nothing waits at all.
    """
    pause = threading.Event()
    for _ in range(TRIES):
        inbox, outbox = app.inbox.counts(), app.outbox.counts()
        is_busy = inbox["received"] or inbox["claimed"] or outbox["sending"]
        if not (is_busy or (is_sent and outbox["waiting"])):
            return
        pause.wait(PAUSE_SECONDS)
    raise AssertionError(f"it does not come to rest: {app.inbox.counts()}, {app.outbox.counts()}")
