"""Markdown, HTML, DOCX, PDF and XLSX as records, read by a process that may break instead of us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from engine.domain import Dropped, SourceError
from engine.source import grid
from engine.source.encoding import decode
from engine.source.gather import SHEET
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record, digest

_BETWEEN_HEADINGS = " › "
_HOME = Path(__file__).resolve().parent.parent.parent
_BROKEN: Final[Mapping[str, Any]] = {
    "error": "brought its reader down: it is damaged, or takes more memory than a document may"
}


class Documents:
    """The reader of documents, one after the other, as long as the `with` lasts.

    The process behind it starts with the first document and gets `limits.document_seconds`
    for each. It knows none of our settings: what is in the environment for us is not passed on.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def records(self, name: str, kind: str, content: bytes, url: str = "") -> Generator[Record | Dropped]:
        """The pieces or rows of the document that people know by the name.

        Raises SourceError naming it, and the place where there is one.
        """
        if kind == "markdown":
            text, encoding = decode(name, content)
            content = text.encode()
            if encoding:
                yield Dropped(name, f"was read as {encoding}", "read_as", {"encoding": encoding})
        named: set[str] = set()
        for (is_row, _), items in groupby(self._items(name, kind, content), _sheet_of):
            if is_row:
                yield from _rows(name, items, url)
                continue
            for item in items:
                if "dropped" in item:
                    where = f"{name}: {_clean(item['where'])}" if item["where"] else name
                    yield Dropped(where, item["dropped"], item.get("code", ""), item.get("details", {}))
                else:
                    yield _piece(name, item, url, named)

    def _items(self, name: str, kind: str, content: bytes) -> Iterator[dict[str, Any]]:
        process = self._process = self._process or self._start()
        too_late = threading.Event()

        def stop() -> None:
            too_late.set()
            process.kill()

        clock = threading.Timer(self._limits.document_seconds, stop)
        clock.daemon = True  # the end of the program waits for no document
        clock.start()
        try:
            self._ask(process, kind, content)
            last = yield from self._answers(process)
        finally:
            clock.cancel()
        if last is _BROKEN:
            self._end()
        if too_late.is_set():
            raise SourceError(
                f"{name} took longer than {self._limits.document_seconds:g} s to read", "slow_to_read"
            )
        if missing := last.get("missing"):
            raise SourceError(
                f"{name} needs the package {missing}, which is missing from this installation of kbdial: "
                "install it anew from its checkout (make setup)",
                "missing_package",
            )
        if error := last.get("error"):
            raise SourceError(f"{name} {_clean(error)}", last.get("why", "damaged"))

    def _ask(self, process: subprocess.Popen[bytes], kind: str, content: bytes) -> None:
        assert process.stdin is not None  # noqa: S101 - opened as a pipe
        try:
            header = {"kind": kind, "bytes": len(content), "seconds": self._limits.document_seconds * 2}
            process.stdin.write(json.dumps(header).encode() + b"\n")
            process.stdin.write(content)
            process.stdin.flush()
        except OSError:
            pass  # it has ended, and so will its answers

    def _answers(
        self, process: subprocess.Popen[bytes]
    ) -> Generator[dict[str, Any], None, Mapping[str, Any]]:
        """Every item; returns the last line, which says how it ended."""
        assert process.stdout is not None  # noqa: S101 - opened as a pipe
        left = self._limits.bytes
        for line in process.stdout:
            left -= len(line)
            if left < 0:
                self._end()
                return {"error": f"unpacks to more than {self._limits.bytes} bytes of text"}
            try:
                item: dict[str, Any] = json.loads(line)
            except ValueError:
                break  # it died in the middle of a line
            if not {"end", "error", "missing"}.isdisjoint(item):
                return item
            yield item
        return _BROKEN

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KBDIAL_")}
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "engine.extract", str(self._limits.document_memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_HOME,
            env=environment,
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:
                pass  # what was still to be written has no reader any more
        process.wait()


def _sheet_of(item: Mapping[str, Any]) -> tuple[bool, str]:
    return "cells" in item, item.get("sheet", "")


def _piece(name: str, item: Mapping[str, Any], url: str, named: set[str]) -> Record:
    """A piece is compared together with its heading: alone it may not say what it is about.

    A heading that asks is a wording of its own, so that who asks the same finds it whole.
    """
    headings = [_clean(each) for each in item["headings"]]
    text = "\n".join([*headings[-1:], _clean(item["text"])])
    title = _BETWEEN_HEADINGS.join(headings)
    id_ = digest(f"{name}\0{title}\0{text}")
    # The same piece again in the same document will be dropped as a repeat, not told apart by its id.
    given = "" if id_ in named else id_
    named.add(id_)
    fields = {"document": name, "piece": f"{item['piece']} of {item['pieces']}"}
    if item["page"]:
        fields["page"] = str(item["page"])
    where = f"page {item['page']}, piece" if item["page"] else "piece"
    return Record(
        f"{name}: {where} {item['piece']}",
        text,
        title=title or Path(name).stem,
        url=url,
        id=given,
        fields=fields,
        wordings=(_clean(item["question"]),) if item.get("question") else (),
    )


def _rows(name: str, items: Iterator[Mapping[str, Any]], url: str) -> Iterator[Record | Dropped]:
    """The rows of a sheet or table: below a header that names the text as in CSV, else each as one text."""
    first = next(items)
    sheet = _clean(first["sheet"])
    is_one_of_several = first["sheets"] > 1
    title = _BETWEEN_HEADINGS.join(map(_clean, first.get("headings", ())))
    start = f"{name}: "

    def rows() -> Iterator[grid.Row]:
        for item in chain([first], items):
            place = f"{sheet} row {item['row']}" if is_one_of_several else f"row {item['row']}"
            cells = [_clean(cell) for cell in item["cells"]]
            above, unknown = (frozenset(item.get(key, ())) for key in ("above", "unknown"))
            yield grid.Row(f"{start}{place.replace(':', '：')}", cells, above, unknown)

    for found in grid.records(rows(), lambda _row: None):
        if isinstance(found, Dropped):
            yield found
            continue
        fields = {"document": name, "piece": found.where.removeprefix(start)}
        if is_one_of_several:
            fields[SHEET] = sheet
        yield found._replace(
            fields={**fields, **found.fields},
            title=found.title or title,
            url=found.url or url,
        )


def _clean(text: str) -> str:
    """Without what no text can hold: NUL, and halves of characters."""
    return text.replace("\0", "").encode(errors="replace").decode()
