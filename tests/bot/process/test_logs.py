"""One event is one line of JSON, whatever people write, and no secret is in it."""

from __future__ import annotations

import base64
import io
import json
import logging
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from bot.process.logs import JsonLines

SECRET = 's3cr"et/va\\lue+1'


def line_of(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"name": "bot", "levelname": "INFO", "msg": message, **extra})
    return JsonLines([SECRET]).format(record)


@given(st.text())
def test_an_event_stays_on_its_own_line(text: str) -> None:
    """SEC25: CR, LF, U+2028, ANSI escapes and forged records stay inside their value."""
    line = line_of("asked", text=text)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["text"] == text.replace(SECRET, "•••")


def test_a_forged_record_is_only_text() -> None:
    forged = '"}\r\n{"event": "forged"}\u2028\x1b[31m'
    assert json.loads(line_of("asked", person=forged))["person"] == forged


def test_secrets_are_masked_in_every_form() -> None:
    """SEC21: plain, URL-encoded and base64, in messages, fields and tracebacks."""
    for form in (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()):
        line = line_of(f"sent {form}", url=f"https://x/{form}", nested={"a": form})
        assert json.loads(line)["event"].startswith("sent •••")
        assert form not in line
        assert json.dumps(form)[1:-1] not in line


def test_numbers_stay_numbers() -> None:
    event = json.loads(line_of("asked", count=3, share=0.5, missing=None, done=True))
    assert (event["count"], event["share"], event["missing"], event["done"]) == (3, 0.5, None, True)


def test_a_traceback_is_part_of_the_line() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines([]))
    logger = logging.getLogger("a failing part")
    logger.addHandler(handler)
    try:
        int("broken\nin two")
    except ValueError:
        logger.exception("failed")
    logger.removeHandler(handler)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert "broken" in json.loads(lines[0])["traceback"]
