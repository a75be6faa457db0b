"""The log: one event, one line of JSON. Nothing in an event can end the line or start another."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Writes an event with its fields. Secrets are dots, wherever they stand.

    ASCII only, so that every control character and every odd line end arrives escaped.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{name: value for name, value in record.__dict__.items() if name not in _OWN},
        }
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        return json.dumps(self._mask(event), ensure_ascii=True, default=str)

    def _mask(self, value: object) -> object:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, "•••")
            return value
        if isinstance(value, dict):
            return {str(name): self._mask(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._mask(each) for each in value]
        return value if value is None or isinstance(value, bool | int | float) else self._mask(str(value))


def begin(secrets: Iterable[str], stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send everything the program logs to `stream` (stderr when None), as JSON lines."""
    lines = logging.StreamHandler(stream or sys.stderr)
    lines.setFormatter(JsonLines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level)
    logging.captureWarnings(capture=True)  # libraries' warnings would be lines of another kind
    # The scheduler tells of every job it adds and runs; our own events say what came of them.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
