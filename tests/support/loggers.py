"""Logging's table of loggers, so that it can be walked while another thread makes a logger."""

from __future__ import annotations

import logging
from typing import Any


class SteadyTable(dict[str, Any]):
    """A table whose `values` are those of one moment."""

    def values(self) -> Any:
        return list(super().values())


def steady_loggers() -> None:
    """Before each part of each test pytest walks the table of loggers without its lock (from 9.1 on).

    A bot of an earlier test imports in a thread of its own what it needs only now, and each import
    may make a logger: "dictionary changed size during iteration".
    """
    manager = logging.Logger.manager
    if not isinstance(manager.loggerDict, SteadyTable):
        manager.loggerDict = SteadyTable(manager.loggerDict)
