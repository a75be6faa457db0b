"""For any bytes: a Reading or a SourceError. For anything written by csv and json: the same back."""

import csv
import io
import json
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain import BadValue, SourceContents, SourceError
from engine.extract.columns import NAMES, fold_name
from engine.source import ManagedSource, read
from engine.source.gather import gather, trim
from engine.source.kinds import POSTED

KNOWN = {fold_name(name) for names in NAMES.values() for name in names}

words = st.text(min_size=1, max_size=20).filter(lambda text: "\0" not in text and any(map(str.isalnum, text)))
cells = st.text(max_size=20).filter(lambda text: "\0" not in text)
columns = st.text(min_size=1, max_size=6).filter(
    lambda name: (
        fold_name(name) not in KNOWN and name == trim(name) and "\0" not in name and name == fold_name(name)
    )
)
files = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.text(alphabet='text,answer"\n\r;{}[]:\\u12d8 ', max_size=200).map(str.encode),
    st.text(alphabet='",\n\r;ab', max_size=80).map(lambda rest: b"text,answer\n" + rest.encode()),
)


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl"])
@given(content=files)
@example(b"\xff\xfe")
@example(b'{"text": 1e999, "id": NaN}')
def test_any_bytes_are_read_or_refused_in_a_sentence(suffix: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / f"a{suffix}").write_bytes(content)
        try:
            reading = read(f"a{suffix}", Path(folder))
        except SourceError as error:
            assert error.message.startswith(f"a{suffix}")  # noqa: PT017 - either way is right
        else:
            _is_sound(reading)


def _is_sound(reading: SourceContents) -> None:
    assert reading.read == len(reading.entries) + len(reading.dropped)
    assert len({entry.id for entry in reading.entries}) == len(reading.entries)
    for entry in reading.entries:
        assert entry.text == unicodedata.normalize("NFC", entry.text).strip() != ""


@given(spec=st.text(max_size=30))
def test_any_spec_is_read_or_refused_in_a_sentence(spec: str) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.txt").write_text("one")
        try:
            reading = read(spec, Path(folder))
        except SourceError as error:
            assert error.message  # noqa: PT017 - either way is right
        else:
            assert [entry.text for entry in reading.entries] == ["one"]


@pytest.mark.parametrize("media_type", list(POSTED))
@given(content=files)
def test_any_list_is_added_or_refused_in_a_sentence(media_type: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        managed = ManagedSource(Path(folder))
        try:
            added = managed.add("kb", content, media_type)
        except BadValue:
            assert managed.entries("kb") == ()
        else:
            assert managed.entries("kb") == added.added
            assert managed.add("kb", content, media_type).repeated == added.added


@given(st.lists(st.tuples(words, cells, cells), min_size=1, max_size=8), columns)
def test_what_csv_writes_is_read_back(rows: list[tuple[str, str, str]], column: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written).writerows([("text", "answer", column), *rows])
    reading = gather("", POSTED["text/csv"]("a", written.getvalue().encode()))
    _same(reading, rows, column)


@given(st.lists(st.tuples(words, cells, cells), min_size=1, max_size=8), columns, st.booleans())
def test_what_json_writes_is_read_back(
    rows: list[tuple[str, str, str]], column: str, ascii_only: bool
) -> None:
    written = "\n".join(
        json.dumps({"text": text, "answer": answer, column: other}, ensure_ascii=ascii_only)
        for text, answer, other in rows
    )
    _same(gather("", POSTED["application/x-ndjson"]("a", written.encode())), rows, column)


def _same(reading: SourceContents, rows: list[tuple[str, str, str]], column: str) -> None:
    first: dict[str, tuple[str, str | None, str | None]] = {}
    for text, answer, other in rows:
        key = " ".join(unicodedata.normalize("NFKC", trim(text)).split())
        first.setdefault(key, (trim(text), trim(answer) or None, trim(other) or None))
    assert [(e.text, e.answer, e.fields.get(column)) for e in reading.entries] == list(first.values())
