"""Gathering entries from records: which are kept, which are dropped and why, and under which id.

Kept texts are NFC and trimmed; their wording is not touched. A repeat is a text that
agrees with an earlier one after NFKC and with runs of blanks as one. It is dropped even
when its answer differs, and the reason says so.

Given ids are kept. Where two files or sheets have one id, as those that are numbered from one,
all concerned are told apart by their place; the second row of one file with an id of the
first gets a made one. Those are made from the text alone, so that they survive reordering and
edits of other lines.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat

from engine.domain import Dropped, Entry, SourceContents, SourceError
from engine.index.exact_texts import fold
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import ID_CHARACTERS, Record, digest

# What str.strip takes away, and the two invisible characters that editors leave at line ends.
_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u200b"
)

_CELLS = ("text", "answer", "title", "url")
_SHOWN = 80
_PLACE_CHARACTERS = 6
SHEET = "sheet"
"""The field that names a row's sheet where its workbook has several."""

NOTES = frozenset({"read_as", "same_wording", "same_id", "bad_id", "hidden_column"})
"""Codes of what is told though it takes no entry away."""

_ROWS = frozenset({"too_many_cells", "formula_without_value"})
"""Codes of rows that are none because their reader could not make them out."""


def gather(
    source: str, records: Iterable[Record | Dropped], limits: Limits = DEFAULT_LIMITS
) -> SourceContents:
    """All records judged, or SourceError. `read` counts the records, kept or dropped.

    What comes as Dropped was passed over by its reader and is reported, but is no record.
    """
    kept: dict[str, Record] = {}
    dropped: list[Dropped] = []
    notes: list[Dropped] = []
    read = 0
    for found in records:
        if isinstance(found, Dropped):
            (notes if found.code in NOTES else dropped).append(found)
            read += found.code in _ROWS
            continue
        read += 1
        if read > limits.rows:
            raise SourceError(
                f"{found.where} is past the limit of {limits.rows} rows; split the source", "too_large"
            )
        if too_long := _too_long(found, limits):
            dropped.append(too_long)
            continue
        record = _tidy(found, limits, notes)
        if not has_words(record.text):
            if record.text:
                dropped.append(Dropped(record.where, "no letter or digit in the text", "no_words"))
            elif record.answer:
                dropped.append(Dropped(record.where, "has an answer and no text", "no_text"))
            else:
                read -= 1  # a blank line is no row, and nothing was refused
        elif (first := kept.setdefault(same := sameness(record.text), record)) is not record:
            dropped.append(_repeat(record, first))
            kept[same] = _with_wordings_of(record, first)
    notes += _find_shared_wordings(kept)
    ids = assign_ids([(text, id_) for text, id_ in zip(kept, _own_ids(kept, notes), strict=True)])
    return SourceContents(
        entries=tuple(_entries(source, ids, kept.values())),
        read=read,
        dropped=tuple(dropped),
        notes=tuple(notes),
    )


def _entries(source: str, ids: Iterable[str], records: Iterable[Record]) -> Iterator[Entry]:
    name = source
    for id_, (where, text, answer, title, url, _, fields, wordings) in zip(ids, records, strict=True):
        if not source and not (where.startswith(name) and where.rfind(":") == len(name)):
            name = where.rpartition(":")[0]  # one string for all of a file
        yield Entry(id_, text, answer or None, title or None, url or None, name, fields, wordings)


def qualify(id_: str, place: str) -> str:
    """An id that several files or sheets have given, told apart by the one it stands in."""
    return f"{id_}-{digest(place, _PLACE_CHARACTERS)}"


def _repeat(record: Record, first: Record) -> Dropped:
    details = {"first": first.where}
    if record.answer in ("", first.answer):
        return Dropped(record.where, f"repeats {first.where}", "repeat", details)
    return Dropped(
        record.where,
        f"repeats {first.where} with another answer; the first is kept",
        "other_answer",
        {**details, "text": record.text, "kept": first.answer, "left_out": record.answer},
    )


def _with_wordings_of(record: Record, first: Record) -> Record:
    """The first with what a repeat of it adds to its wordings."""
    if not record.wordings:
        return first
    return first._replace(wordings=_tidy_wordings([*first.wordings, *record.wordings], first.text))


def _find_shared_wordings(kept: Mapping[str, Record]) -> Iterator[Dropped]:
    """Notes on wordings that several entries have; each keeps them."""
    seen: dict[str, Record] = {}
    for record in kept.values():
        for wording in record.wordings:
            same = sameness(wording)
            first = kept.get(same) or seen.setdefault(same, record)
            if first is not record:
                yield Dropped(
                    record.where,
                    f'has the wording "{wording[:_SHOWN]}" of {first.where} too; both are kept',
                    "same_wording",
                    {"wording": wording, "first": first.where},
                )


def _own_ids(kept: Mapping[str, Record], notes: list[Dropped]) -> Iterator[str]:
    """The id each record was given, told apart where several files or sheets number from one."""
    first: dict[str, Record] = {}
    shared: set[str] = set()
    for record in kept.values():
        if not record.id or (before := first.setdefault(record.id, record)) is record:
            continue
        if _place(before) != _place(record):
            shared.add(record.id)
    taken: set[str] = set()
    for record in kept.values():
        if not record.id:
            yield ""
            continue
        id_ = qualify(record.id, _place(record)) if record.id in shared else record.id
        if id_ in taken:
            reason = f'has the id "{record.id}" of {first[record.id].where}; it goes by another one'
            notes.append(Dropped(record.where, reason, "same_id", {"id": record.id}))
            id_ = ""
        taken.add(id_)
        yield id_


def _place(record: Record) -> str:
    return f"{record.where.rpartition(':')[0]}\0{record.fields.get(SHEET, '')}"


def assign_ids(
    texts: Sequence[tuple[str, str]], taken: Collection[str] = (), characters: int = ID_CHARACTERS
) -> Iterator[str]:
    """An id for each (sameness, given id or ""), in order and all different.

    Where a short id would be ambiguous, all texts concerned take the long one, whichever
    comes first in the source.
    """
    used = {given for _, given in texts if given} | set(taken)
    digests = ["" if given else digest(text, None) for text, given in texts]
    made = Counter(long[:characters] for long in digests if long)
    for long, (_, given) in zip(digests, texts, strict=True):
        if given:
            yield given
            continue
        short = long[:characters]
        wanted = short if made[short] == 1 and short not in used else long
        yield wanted if wanted not in used else f"{wanted}-text"


def sameness(text: str) -> str:
    """A key that two texts have in common when they count as one."""
    return " ".join(fold(text).split())


def trim(text: str) -> str:
    """NFC without surrounding blanks."""
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip(_BLANKS)


def has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _too_long(record: Record, limits: Limits) -> Dropped | None:
    cells = (record.text, record.answer, record.title, record.url)
    if not record.fields and not record.wordings and sum(map(len, cells)) <= limits.cell_characters:
        return None  # as nearly all are
    given = zip(_CELLS, cells, strict=True)
    others = zip(repeat("wordings"), record.wordings)
    for name, value in chain(given, record.fields.items(), others):
        if len(value) > limits.cell_characters:
            reason = (
                f'"{name[:_SHOWN]}" has {len(value)} characters; a cell may have {limits.cell_characters}'
            )
            return Dropped(record.where, reason, "too_long", {"column": name[:_SHOWN]})
    return None


def _tidy(record: Record, limits: Limits, notes: list[Dropped]) -> Record:
    given = (record.text, record.answer, record.title, record.url)
    id_ = trim(record.id)
    if len(id_) > limits.id_characters or not id_.isprintable():
        most = f"one has at most {limits.id_characters} printable characters (got {len(id_)})"
        reason = f"goes by another id: {most}"
        notes.append(Dropped(record.where, reason, "bad_id"))
        id_ = ""
    text, answer, title, url = map(trim, given)
    if (text, answer, title, url) == given and id_ == record.id and not record.fields and not record.wordings:
        return record  # as nearly all are, and there may be half a million
    fields = {trim(name): trim(value) for name, value in record.fields.items()}
    fields = {name: value for name, value in fields.items() if value}
    wordings = _tidy_wordings(record.wordings, text)
    return Record(record.where, text, answer, title, url, id_, fields, wordings)


def _tidy_wordings(wordings: Iterable[str], text: str) -> tuple[str, ...]:
    """Each once, and none that says nothing or what the text says."""
    kept = {sameness(text): ""}
    for wording in map(trim, wordings):
        if has_words(wording):
            kept.setdefault(sameness(wording), wording)
    return tuple(filter(None, kept.values()))
