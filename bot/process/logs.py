"""One event, one line of JSON on standard error, with secrets masked.

Values from outside can contain anything; `json.dumps` with ASCII output keeps each
event on its own line whatever they contain (control characters, U+2028, ANSI escapes).
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# Shorter values would mask ordinary words; no platform issues secrets this short.
_SHORTEST_SECRET = 6
_LARGE_BYTES = 5_000_000


class JsonLines(logging.Formatter):
    """`logger.info("accepted", extra={"channel": …})` becomes `{"time", "level", "event", "channel"}`."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._masked = sorted(
            {form for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)},
            key=len,
            reverse=True,
        )

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        event |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        # The mask goes over each value before it is written as JSON: a secret with a quote
        # or a backslash in it would look different afterwards.
        return json.dumps({key: self._mask(value) for key, value in event.items()})

    def _mask(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value)
        for secret in self._masked:
            text = text.replace(secret, "•••")
        return text


def set_up(
    secrets: Iterable[str], level: str = "INFO", stream: TextIO | None = None, *, quiet: Iterable[str] = ()
) -> None:
    """Send the whole process's logs through one handler; calling it again replaces the first.

    `quiet` are loggers of libraries that tell every connection and request, beside those known here.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These tell every connection and request, some with the address in full.
    for noisy in ("urllib3", "waitress.queue", "apscheduler", "alembic", *quiet):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def open_log(path: Path) -> TextIO:
    """A log file opened for appending. One that has grown large is renamed to `.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGE_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("a", encoding="utf-8")


def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, and as it looks URL-encoded and in base64."""
    return secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")
