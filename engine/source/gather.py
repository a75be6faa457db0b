"""From records to entries: what is kept, what is dropped and why, and under which id.

Kept texts are NFC and trimmed; their wording is not touched. A repeat is a text that
agrees with an earlier one after NFKC and with runs of blanks as one. It is dropped even
when its answer differs, and the reason says so.

Given ids are kept, and two rows with one id refuse the source. Other ids are made from
the text alone, so that they survive reordering and edits of other lines.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, repeat

from engine.domain import Dropped, Entry, Reading, SourceError
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import ID_CHARACTERS, Record, digest

# What str.strip takes away, and the two invisible characters that editors leave at line ends.
_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u200b"
)

_CELLS = ("text", "answer", "title", "url")


def gather(source: str, records: Iterable[Record | Dropped], limits: Limits = DEFAULT_LIMITS) -> Reading:
    """All records judged, or SourceError. `read` counts the records, kept or dropped.

    What comes as Dropped was passed over by its reader and is reported, but is no record.
    """
    kept: dict[str, Record] = {}
    given: dict[str, str] = {}
    dropped: list[Dropped] = []
    read = 0
    for found in records:
        if isinstance(found, Dropped):
            dropped.append(found)
            continue
        read += 1
        if read > limits.rows:
            raise SourceError(f"{found.where} is past the limit of {limits.rows} rows; split the source")
        record = _tidy(found, limits)
        if record.id and given.setdefault(record.id, record.where) != record.where:
            raise SourceError(
                f'{record.where} has the id "{record.id}" of {given[record.id]}; ids must differ'
            )
        if not has_words(record.text):
            dropped.append(
                Dropped(record.where, "no letter or digit in the text" if record.text else "blank")
            )
        elif (first := kept.setdefault(sameness(record.text), record)) is not record:
            other = "" if record.answer in ("", first.answer) else " with another answer; the first is kept"
            dropped.append(Dropped(record.where, f"repeats {first.where}{other}"))
    ids = identified([(text, record.id) for text, record in kept.items()])
    return Reading(
        entries=tuple(
            Entry(
                id=id_,
                text=record.text,
                answer=record.answer or None,
                title=record.title or None,
                url=record.url or None,
                source=source or record.where.rpartition(":")[0],
                fields=record.fields,
                wordings=record.wordings,
            )
            for id_, record in zip(ids, kept.values(), strict=True)
        ),
        read=read,
        dropped=tuple(dropped),
    )


def identified(
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
        short = long[:characters]
        wanted = short if made[short] == 1 and short not in used else long
        yield given or (wanted if wanted not in used else f"{wanted}-text")


def sameness(text: str) -> str:
    """What two texts have in common when they count as one."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def trimmed(text: str) -> str:
    """NFC without surrounding blanks."""
    return unicodedata.normalize("NFC", text).strip(_BLANKS) if text else text


def has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _tidy(record: Record, limits: Limits) -> Record:
    given = (record.text, record.answer, record.title, record.url)
    others = zip(repeat("wordings"), record.wordings)
    for name, value in chain(zip(_CELLS, given, strict=True), record.fields.items(), others):
        if len(value) > limits.cell_characters:
            raise SourceError(
                f'{record.where}: "{name[:80]}" has {len(value)} characters; '
                f"a cell may have {limits.cell_characters}"
            )
    id_ = trimmed(record.id)
    if len(id_) > limits.id_characters or not id_.isprintable():
        raise SourceError(
            f"{record.where}: an id has at most {limits.id_characters} printable characters (got {len(id_)})"
        )
    text, answer, title, url = map(trimmed, given)
    if (text, answer, title, url) == given and id_ == record.id and not record.fields and not record.wordings:
        return record  # as nearly all are, and there may be half a million
    fields = {trimmed(name): trimmed(value) for name, value in record.fields.items()}
    fields = {name: value for name, value in fields.items() if value}
    wordings = _tidy_wordings(record.wordings, text)
    return Record(record.where, text, answer, title, url, id_, fields, wordings)


def _tidy_wordings(wordings: Iterable[str], text: str) -> tuple[str, ...]:
    """Each once, and none that says nothing or what the text says."""
    kept = {sameness(text): ""}
    for wording in map(trimmed, wordings):
        if has_words(wording):
            kept.setdefault(sameness(wording), wording)
    return tuple(filter(None, kept.values()))
