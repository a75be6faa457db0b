"""Text, tables and JSON: from the bytes of one file to its records, or a SourceError.

    lines    one entry a line, nothing split but `TEXT => ANSWER` and pairs of 问：… 答：…
    posted   the same, as pasted lists write it: a single -> parts too
    table    CSV; comma, semicolon, tab or bar, whichever gives known columns
    tabs     the same where nothing else tells
    jsonl    one JSON object a line
    json     a list of such objects, wherever in the document it stands

Every reader yields what it can read and says of the rest where it stands; what makes the whole
file unreadable raises SourceError naming file and line. Blank rows are yielded with an empty
text, so that they can be counted and reported.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from engine.domain import Dropped, SourceError
from engine.extract.columns import NAMES, Columns, split_wordings
from engine.extract.header import SEARCHED_ROWS, header_place
from engine.extract.spoken import spoken_pairs
from engine.source import grid
from engine.source.encoding import decode
from engine.source.pairs import split_pair
from engine.source.record import Record, record_of

Reader = Callable[[str, bytes], Iterator[Record | Dropped]]
"""Reads the bytes of the file that people know by the name."""

_STRINGS: Final = frozenset([str])
_SHOWN_CHARACTERS: Final = 80
_decode = json.JSONDecoder().decode  # what json.loads calls in the end, for each of half a million lines
_SEPARATORS: Final = ",;\t|，；"


def lines(name: str, content: bytes) -> Iterator[Record | Dropped]:
    yield from _pairs(name, content, eager=False)


def read_posted(name: str, content: bytes) -> Iterator[Record | Dropped]:
    yield from _pairs(name, content, eager=True)


def table(name: str, content: bytes) -> Iterator[Record | Dropped]:
    yield from _table(name, content, ",")


def tabs(name: str, content: bytes) -> Iterator[Record | Dropped]:
    yield from _table(name, content, "\t")


def jsonl(name: str, content: bytes) -> Iterator[Record | Dropped]:
    text = yield from _tell(name, content)
    if text.lstrip()[:1] == "[" and _is_json(text):
        yield from _objects(name, text)
        return
    told: dict[tuple[str, ...], Columns] = {}  # most lines have the keys of the line before
    for number, line in enumerate(_lines(text), start=1):
        where = f"{name}:{number}"
        if not line.strip():
            yield Record(where, "")
            continue
        row = _json(where, line)
        if not isinstance(row, dict):
            raise SourceError(
                f'{where} is not a JSON object such as {{"text": "…", "answer": "…"}}', "bad_row"
            )
        yield _record_of_object(where, row, told)


def json_document(name: str, content: bytes) -> Iterator[Record | Dropped]:
    text = yield from _tell(name, content)
    if "\n" in text.strip() and not _is_json(text):
        # What is named .json is often one object a line; that reader says better what is wrong.
        yield from jsonl(name, text.encode())
    else:
        yield from _objects(name, text)


def _tell(name: str, content: bytes) -> Generator[Dropped, None, str]:
    """The text, having told its encoding where that is not the usual one."""
    text, encoding = decode(name, content)
    if encoding:
        yield Dropped(name, f"was read as {encoding}", "read_as", {"encoding": encoding})
    return text


def _pairs(name: str, content: bytes, *, eager: bool) -> Iterator[Record | Dropped]:
    text = yield from _tell(name, content)
    for number, line, answer in spoken_pairs(_lines(text)):
        said, arrow_answer = (line, "") if answer else split_pair(line, eager=eager)
        yield Record(f"{name}:{number}", said, answer or arrow_answer)


def _table(name: str, content: bytes, usual: str) -> Iterator[Record | Dropped]:
    text = yield from _tell(name, content)

    def refuse(first: grid.Row) -> None:
        if not any(first.cells):
            raise SourceError(
                f"{name} is empty; its first line must name the columns, for example: text,answer", "empty"
            )
        known = ", ".join(NAMES["text"])
        raise SourceError(
            f"{first.where} has no column for the text: name one of {known} (got {_cut(first.cells)})",
            "no_question_column",
        )

    yield from grid.records(_rows(name, text, usual), refuse)


def _record_of_object(where: str, row: dict[str, Any], told: dict[tuple[str, ...], Columns]) -> Record:
    """An object's record. The text may be a list of wordings, whose first is the entry's own.

    `told` remembers the columns of the keys that came last.
    """
    keys = tuple(row)
    columns = told.get(keys)
    if columns is None:
        columns = Columns.of(keys)
        told.clear()
        told[keys] = columns
    if not columns.has_text:
        known = ", ".join(NAMES["text"])
        raise SourceError(
            f"{where} has no text: one of the keys {known} is needed (got {_cut(keys)})", "no_question_column"
        )
    if not columns.wordings and _STRINGS.issuperset(map(type, row.values())):
        return record_of(where, row, columns)  # as nearly all are
    wordings = [each for key in columns.wordings for each in _wordings(where, key, row.pop(key))]
    text = columns.parts["text"]
    if isinstance(row[text], list):
        row[text], *others = [_wording(where, text, each) for each in row[text]] or [""]
        wordings = [*others, *wordings]
    for part, key in columns.parts.items():
        if isinstance(row[key], (dict, list, bool)):
            raise SourceError(f'{where}: "{key}" is the {part} and must be a string', "bad_row")
    for key, value in row.items():
        if not isinstance(value, str):
            row[key] = _plain(value)
    record = record_of(where, row, Columns(columns.parts))
    return record._replace(wordings=tuple(wordings)) if wordings else record


def _wordings(where: str, key: str, value: Any) -> list[str]:
    if isinstance(value, list):
        return [_wording(where, key, each) for each in value]
    return split_wordings(_wording(where, key, value))


def _wording(where: str, key: str, value: Any) -> str:
    if isinstance(value, (dict, list, bool)):
        raise SourceError(f'{where}: "{key}" holds wordings, and each must be a string', "bad_row")
    return _plain(value)


def _objects(name: str, text: str) -> Iterator[Record | Dropped]:
    found = _json(f"{name}:1", text)
    told: dict[tuple[str, ...], Columns] = {}
    for number, row in enumerate(_list_in(name, found), start=1):
        where = f"{name}: item {number}"
        match row:
            case dict():
                yield _record_of_object(where, row, told)
            case str():
                yield Record(where, row)
            case _:
                raise SourceError(f'{where} is no object such as {{"text": "…", "answer": "…"}}', "bad_row")


def _list_in(name: str, found: Any) -> Iterable[Any]:
    """The list of a JSON document: all of it, the only list in it, or its one object or pairs."""
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        if Columns.of(found).has_text:
            return [found]
        lists = [value for value in found.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
        if found and all(isinstance(value, str) for value in found.values()):
            return [{"text": key, "answer": value} for key, value in found.items()]
        inner = [value for value in found.values() if isinstance(value, dict)]
        if len(inner) == 1 and not lists:
            return _list_in(name, inner[0])
    raise SourceError(
        f'{name}:1 holds no list of objects such as [{{"text": "…", "answer": "…"}}]', "bad_row"
    )


def _lines(text: str) -> list[str]:
    """Lines as an editor counts them: U+2028 and form feeds are inside a line."""
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return rows if rows[-1] else rows[:-1]


def _rows(name: str, text: str, usual: str) -> Iterator[grid.Row]:
    text, separator, begins = _separate(text, usual)
    # A quote that is never closed swallows the rest, so its row is named by where it begins.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    offset = begins - 1
    while True:
        where = f"{name}:{begins}"
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SourceError(f"{where} is no row of a CSV file: {_explain(str(error))}", "bad_row") from None
        if row is None:
            return
        yield grid.Row(where, row)
        begins = reader.line_num + 1 + offset


def _separate(text: str, usual: str) -> tuple[str, str, int]:
    """The text of the table, what separates its cells, and the line it begins on.

    That is what the first line says, as spreadsheets write it (sep=;), else whichever gives
    the most known columns in one of the first rows.
    """
    first, _, rest = text.partition("\n")
    said = first.strip().lower().removeprefix("sep=")
    if len(first.strip()) == len("sep=;") and len(said) == 1:
        return rest, said, 2
    head = io.StringIO(text[: 1 << 16], newline="")
    best, separator = 0, usual
    for each in dict.fromkeys([usual, *_SEPARATORS]):
        head.seek(0)
        try:
            rows = [row for row in islice(csv.reader(head, delimiter=each), SEARCHED_ROWS * 2) if any(row)]
        except csv.Error:
            continue
        place = header_place(rows)
        if place is not None:
            columns = Columns.of(rows[place])
            known = len(columns.parts) + len(columns.wordings)
            if known > best:
                best, separator = known, each
    return text, separator, 1


def _explain(problem: str) -> str:
    for known, sentence in {
        "unexpected end of data": "a quote is opened and never closed",
        "field larger": f"a cell is longer than {csv.field_size_limit()} characters",
        "expected after": 'something follows a closing quote; write a quote inside a cell twice ("")',
    }.items():
        if known in problem:
            return sentence
    return problem


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _json(where: str, line: str) -> Any:
    try:
        row = _decode(line)
        if "\\u" in line:
            json.dumps(row, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{where} is not JSON: {error.msg} at character {error.pos + 1}", "bad_row"
        ) from None
    except UnicodeEncodeError:
        raise SourceError(f"{where} holds half a character (a lone \\ud800 to \\udfff)", "bad_row") from None
    except ValueError:
        raise SourceError(
            f"{where} holds a number with too many digits; put it into quotes", "bad_row"
        ) from None
    except RecursionError:
        raise SourceError(f"{where} is nested too deeply", "bad_row") from None
    return row


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cut(value: object) -> str:
    text = (
        value
        if isinstance(value, str)
        else ", ".join(map(str, value))
        if isinstance(value, (list, tuple))
        else str(value)
    )
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
