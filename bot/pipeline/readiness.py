"""The readiness of this process to take messages, and the reason where it is not ready."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.store import StoreError


class Readiness:
    """`look` reads the store and raises StoreError; `problem` is why the store would keep nothing, or ""."""

    def __init__(self, *, look: Callable[[], object], problem: Callable[[], str]) -> None:
        self._look = look
        self._problem = problem
        self._is_stopping = threading.Event()

    def end(self) -> None:
        """Be unready for good, as the process stops."""
        self._is_stopping.set()

    def reasons_not_ready(self) -> list[str]:
        if self._is_stopping.is_set():
            return ["stopping"]
        try:
            self._look()
        except StoreError as error:
            return [f"database: {error}"]
        problem = self._problem()
        return [f"database: {problem}"] if problem else []
