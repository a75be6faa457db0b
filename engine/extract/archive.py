"""The ZIP archive of DOCX and XLSX, looked at before anything in it is opened."""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO
from typing import Final

from engine.extract.blocks import Refused

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_MEMBERS: Final = 10_000
_HARMLESS_BYTES: Final = 20_000_000
_LARGEST_BYTES: Final = 400_000_000
_GREATEST_RATIO: Final = 100
"""Office's XML shrinks to a tenth, of endless equal rows to a fiftieth; a bomb to a thousandth."""


def examine(content: bytes, kind: str, needed: str) -> None:
    """Refuse what is encrypted, no archive, not of this kind, a bomb, or reaches outside itself."""
    if content.startswith(_OLD_OFFICE):
        raise Refused(
            f"is encrypted or in the old binary format; save it without a password as {kind}", "encrypted"
        )
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, OverflowError):
        raise Refused(f"is no {kind} file, or a damaged one") from None
    if len(members) > _MOST_MEMBERS:
        raise Refused(f"holds {len(members)} parts where {_MOST_MEMBERS} are allowed", "too_large")
    for member in members:
        _check(member)
    inflated = sum(member.file_size for member in members)
    packed = max(1, sum(member.compress_size for member in members))
    if inflated > _LARGEST_BYTES or (inflated > _HARMLESS_BYTES and inflated > packed * _GREATEST_RATIO):
        raise Refused(
            f"inflates from {packed} to {inflated} bytes, more than any honest document", "too_large"
        )
    if needed not in {member.filename for member in members}:
        raise Refused(f"is no {kind} file: it has no {needed}")


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or ":" in name.split("/")[0]:
        raise Refused(f'holds a part named "{name[:80]}", which leads out of the file')
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Refused(f'holds a link, "{name[:80]}", where a document has only files')
    if member.flag_bits & 0x1:
        raise Refused("is encrypted; save it without a password", "encrypted")
