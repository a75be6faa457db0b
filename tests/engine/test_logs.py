from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.logs import JsonLines


def line_of(message: str, *, secrets: tuple[str, ...] = (), **fields: object) -> str:
    record = logging.LogRecord("engine.x", logging.INFO, "f.py", 1, message, None, None)
    record.__dict__.update(fields)
    return JsonLines(secrets).format(record)


@given(st.text(), st.text())
def test_one_event_is_one_line_of_json(message: str, value: str) -> None:
    line = line_of(message, given=value)
    assert line.isascii()
    assert line.isprintable()
    event = json.loads(line)
    assert (event["event"], event["given"]) == (message, value)


def test_a_forged_record_stays_inside_its_field() -> None:
    line = line_of("asked", given='x"}\n{"event": "forged"}\u2028\x1b[31m')
    assert len(line.splitlines()) == 1
    assert json.loads(line)["event"] == "asked"


def test_secrets_are_dots_wherever_they_stand() -> None:
    line = line_of(
        "got t0ken", secrets=("t0ken", ""), headers={"Authorization": ["Bearer t0ken"]}, o=ValueError("t0ken")
    )
    assert "t0ken" not in line
    assert json.loads(line)["headers"] == {"Authorization": ["Bearer •••"]}


def test_a_trace_is_part_of_the_event() -> None:
    problem = ValueError("broken")
    record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "broke", None, (ValueError, problem, None))
    assert "ValueError: broken" in json.loads(JsonLines().format(record))["trace"]


def test_a_librarys_warning_is_an_event_too() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import warnings; from engine import logs; logs.begin([]); warnings.warn('old')",
        ],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    (line,) = said.splitlines()
    event = json.loads(line)
    assert event["level"] == "warning"
    assert "UserWarning: old" in event["event"]
