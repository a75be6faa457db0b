"""Entries over their lines are the entries, whatever characters they hold."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Entry
from engine.index.entry_table import StoredEntries
from engine.storage import mapped_tensors

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_made = st.builds(
    Entry,
    id=_text,
    text=_text,
    answer=st.none() | _text,
    url=st.none() | _text,
    source=st.sampled_from(["a.txt", "managed", 'a "b"\\']),
    fields=st.dictionaries(st.sampled_from(["source", "n"]), st.sampled_from(["managed", "x"]), max_size=2),
)
_lists = st.lists(_made, max_size=8, unique_by=(lambda entry: entry.id, lambda entry: entry.text)).map(
    lambda entries: sorted(entries, key=lambda entry: entry.id)
)


@given(entries=_lists)
def test_what_was_put_in_comes_out(entries: list[Entry]) -> None:
    stored = StoredEntries.of(entries)
    assert (len(stored), list(stored), stored[1:]) == (len(entries), entries, tuple(entries[1:]))
    assert [stored[row] for row in range(len(entries))] == entries
    assert [stored.row_of(entry.id) for entry in entries] == list(range(len(entries)))
    assert b"".join(stored.lines()) == stored.content
    assert StoredEntries(bytes(stored.content)) == stored


@given(entries=_lists, source=st.sampled_from(["managed", 'a "b"\\', "other"]))
def test_a_source_is_told_from_a_field_of_that_name(entries: list[Entry], source: str) -> None:
    found = StoredEntries.of(entries).rows_not_from(source).tolist()
    assert found == [row for row, entry in enumerate(entries) if entry.source != source]


@given(before=_lists, after=_lists)
def test_a_row_is_found_again_by_its_text(before: list[Entry], after: list[Entry]) -> None:
    kept = before[::2]
    texts_kept, ids_kept = {entry.text for entry in kept}, {entry.id for entry in kept}
    new = [entry for entry in after if entry.text not in texts_kept and entry.id not in ids_kept]
    mixed = sorted([*kept, *new], key=lambda entry: entry.id)
    rows = StoredEntries.of(mixed).compared_with(StoredEntries.of(before)).rows
    texts = [entry.text for entry in before]
    assert rows.tolist() == [texts.index(entry.text) if entry.text in texts else -1 for entry in mixed]


@given(before=_lists, after=_lists)
def test_what_was_added_changed_and_removed_is_counted_by_id_and_text(
    before: list[Entry], after: list[Entry]
) -> None:
    compared = StoredEntries.of(after).compared_with(StoredEntries.of(before))
    ids, texts = {entry.id for entry in before}, {entry.text for entry in before}
    new = [entry for entry in after if entry.text not in texts]
    stays = [entry for entry in after if entry.text in texts and entry not in before]
    gone = {entry.id for entry in before if entry.text not in {each.text for each in after}}
    rewritten = {entry.id for entry in new} & gone
    assert (compared.added, compared.changed, compared.removed) == (
        len(new) - len(rewritten),
        len(stays) + len(rewritten),
        len(gone - rewritten),
    )
    assert ids or compared.added == len(after)


def test_an_id_that_no_entry_has_is_not_found() -> None:
    stored = StoredEntries.of([Entry("b", "x"), Entry("d", "y")])
    assert [stored.row_of(id_) for id_ in ("a", "c", "e")] == [None, None, None]


def test_one_changed_letter_makes_a_difference() -> None:
    assert StoredEntries.of([Entry("a", "x")]) != StoredEntries.of([Entry("a", "y")])
    assert StoredEntries.of([Entry("a", "x")]) != StoredEntries.of([])


def test_a_line_cut_short_is_refused() -> None:
    whole = bytes(StoredEntries.of([Entry("a", "x")]).content)
    with pytest.raises(ValueError, match="not whole"):
        StoredEntries(whole[:-1])


def test_a_mapped_file_holds_them_as_well(tmp_path: Path) -> None:
    entries = StoredEntries.of([Entry("a", "退货\n"), Entry("b", "y", source="managed")])
    (tmp_path / "entries").write_bytes(entries.content)
    content = mapped_tensors.map_file(tmp_path / "entries")
    assert isinstance(content, mmap.mmap)
    stored = StoredEntries(content)
    assert stored == entries
    assert (list(stored), stored[1].id, stored.row_of("a")) == (list(entries), "b", 0)
    assert stored.rows_not_from("managed").tolist() == [0]
