"""Labels in a file: CSV with a head line, or one JSON object a line. Nothing here knows a channel.

    question,entry,relevant                  needed
    knowledge_base,score,model,fingerprint,snapshot,person     as `export` writes them, may be missing

A file is read whole or not at all: `LabelFileError` names every kind of mistake with its lines.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.csv_cells import plain
from bot.csv_table import as_csv
from bot.domain import RecordedLabel

HEAD = (
    "question", "entry", "relevant", "knowledge_base", "score", "model", "fingerprint", "snapshot",
    "source", "person", "made_at",
)  # fmt: skip
NEEDED = HEAD[:3]
# Written in one transaction: these hold up the bot's other writes for up to a second (measured).
MOST_ROWS = 10_000
LONGEST_QUESTION = 2_000
SHOWN_MISTAKES = 5
JSON_LINES = (".jsonl", ".ndjson")

_YES = frozenset({"true", "1", "yes", "y", "helpful", "relevant", "是", "有用", "相关"})
_NO = frozenset({"false", "0", "no", "n", "not helpful", "irrelevant", "否", "没用", "不相关"})


class LabelFileError(Exception):
    """The reason a whole label file was rejected, as a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Row:
    """One label as the file has it. `knowledge_base` and `person` "": those of the import."""

    line: int
    question: str
    entry: str
    relevant: bool
    knowledge_base: str = ""
    score: float | None = None
    model: str = ""
    fingerprint: str = ""
    snapshot: str = ""
    person: str = ""


def read(path: Path) -> list[Row]:
    """Every label of the file, repeated ones once.

    Raises:
        LabelFileError: it cannot be read, is empty, too long, mixes models or holds a wrong line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = _from_json(file) if path.suffix.lower() in JSON_LINES else _from_csv(path, file)
            rows = _check(path, lines)
    except UnicodeDecodeError:
        raise LabelFileError(f"{path} is not UTF-8; save it as UTF-8 and try again") from None
    except (csv.Error, RecursionError) as broken:
        raise LabelFileError(f"{path} cannot be read: {broken}") from None
    except OSError as problem:
        raise LabelFileError(f"{path} cannot be read: {problem.strerror}") from None
    if not rows:
        raise LabelFileError(f"{path} holds no labels")
    _refuse_mixed_models(path, rows)
    return rows


def write(path: Path, labels: Sequence[RecordedLabel]) -> None:
    """Write labels to a new file. Raises LabelFileError where the name is taken or cannot be written."""
    rows = [_as_row(past) for past in labels]
    if path.suffix.lower() in JSON_LINES:
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    else:
        content = as_csv(HEAD, ([row[name] for name in HEAD] for row in rows))
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as problem:
        raise LabelFileError(f"{path} cannot be written: {problem.strerror}") from None


def tell_mistakes(mistakes: Sequence[str]) -> str:
    """The first few, and how many there are."""
    more = len(mistakes) - SHOWN_MISTAKES
    return "\n  ".join([*mistakes[:SHOWN_MISTAKES], *([f"… and {more} lines more"] if more > 0 else [])])


def _from_csv(path: Path, file: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    table = csv.reader(file, strict=True)
    head = [name.strip().lower() for name in next(table, [])]
    if head and (missing := [name for name in NEEDED if name not in head]):
        wanted, absent = ", ".join(NEEDED), ", ".join(missing)
        raise LabelFileError(f"{path}: its first line must name the columns {wanted} (missing: {absent})")
    for cells in table:
        if any(cell.strip() for cell in cells):
            # A quote before what looks like a formula is ours; see csv_cells.
            yield table.line_num, dict(zip(head, map(plain, cells), strict=False))


def _from_json(file: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            yield number, found if isinstance(found, dict) else {}


def _check(path: Path, lines: Iterator[tuple[int, Mapping[str, Any]]]) -> list[Row]:
    rows: dict[tuple[str, str, str, str], Row] = {}
    mistakes: list[str] = []
    for count, (number, cells) in enumerate(lines, start=1):
        if count > MOST_ROWS:
            raise LabelFileError(f"{path} has more than {MOST_ROWS} labels; split it")
        try:
            row = _row(number, cells)
        except ValueError as wrong:
            mistakes.append(f"line {number}: {wrong}")
            continue
        first = rows.setdefault((row.question, row.entry, row.knowledge_base, row.person), row)
        if first.relevant != row.relevant:
            mistakes.append(f"line {number}: says the opposite of line {first.line}")
    if mistakes:
        raise LabelFileError(f"{path}: nothing was imported\n  {tell_mistakes(mistakes)}")
    return list(rows.values())


def _row(number: int, cells: Mapping[str, Any]) -> Row:
    question = " ".join(_text(cells, "question").split())
    entry = _text(cells, "entry").strip()
    if not question or not entry:
        raise ValueError("wanted a question, an entry and whether it is relevant")
    if len(question) > LONGEST_QUESTION:
        raise ValueError(f"the question is longer than {LONGEST_QUESTION} characters")
    return Row(
        line=number,
        question=question,
        entry=entry,
        relevant=_verdict(cells.get("relevant")),
        score=_score(cells.get("score")),
        **{name: _text(cells, name).strip() for name in _PLAIN},
    )


_PLAIN = ("knowledge_base", "model", "fingerprint", "snapshot", "person")


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name)
    # What no database takes: halves of characters, and NUL.
    return "" if value is None else str(value).encode("utf-8", "replace").decode().replace("\0", "")


def _verdict(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError(f'relevant must be yes or no (got "{word[:40]}")')
    return word in _YES


def _score(value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        score = math.nan
    if not abs(score) <= 1:
        raise ValueError(f'score must be a number from -1 to 1 (got "{str(value)[:40]}")')
    return score


def _refuse_mixed_models(path: Path, rows: Sequence[Row]) -> None:
    models = Counter((row.model, row.fingerprint) for row in rows if row.model or row.fingerprint)
    if len(models) > 1:
        counts = ", ".join(
            f"{model or fingerprint} ({count} labels)" for (model, fingerprint), count in models.items()
        )
        raise LabelFileError(
            f"{path} mixes labels made with several models: {counts}. "
            "Their scores cannot be compared: import one model's labels, or leave out score and model"
        )


def _as_row(past: RecordedLabel) -> dict[str, Any]:
    label = past.label
    return {
        "question": label.question,
        "entry": label.entry_id,
        "relevant": "yes" if label.relevant else "no",
        "knowledge_base": label.knowledge_base,
        "score": label.score,
        "model": label.model,
        "fingerprint": label.fingerprint,
        "snapshot": label.snapshot,
        "source": label.source,
        "person": past.person.key,
        "made_at": f"{past.made_at:%Y-%m-%dT%H:%M:%SZ}",
    }
