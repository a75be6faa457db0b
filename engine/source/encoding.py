"""The text of a file, in whichever encoding an office program wrote it."""

from __future__ import annotations

import codecs
from typing import Final

from engine.domain import SourceError

_MARKS: Final = (
    (b"\xff\xfe\0\0", ""),
    (b"\0\0\xfe\xff", ""),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OFFICE: Final = {"gb18030": "GBK", "big5": "Big5", "cp1252": "Windows-1252"}
"""What is told apart where it is no Unicode: what Chinese and Western European programs write.

Among more encodings a dozen characters are not enough to choose; among these three all of 180
short lists were told right.
"""
_LOOKED_AT: Final = 1 << 16
_TELLING: Final = 8  # bytes that are no ASCII: of fewer, GBK and Big5 make equally good words
_FEW: Final = 5  # good characters to a broken one: from there on it is damaged rather than another encoding


def decode(name: str, content: bytes) -> tuple[str, str]:
    """The text, and what the encoding is called; that is empty for UTF-8, with a mark or without.

    Raises SourceError naming file, line and what to do.
    """
    encoding = _unicode(name, content)
    if not encoding:
        try:
            return _check(name, content.decode("utf-8-sig")), ""
        except UnicodeDecodeError as error:
            encoding = _guess(name, content, error)
    try:
        text = content.decode({"big5": "big5hkscs"}.get(encoding, encoding))
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name}:{_line(content, error.start)} is no {_name_of(encoding)}; {_MEND}", "bad_encoding"
        ) from None
    return _check(name, text.removeprefix("\ufeff")), _name_of(encoding)


_MEND: Final = "save the file again as UTF-8 (in a spreadsheet: CSV UTF-8)"


def decode_as(name: str, content: bytes) -> str:
    """The text alone. Raises SourceError."""
    return decode(name, content)[0]


def _unicode(name: str, content: bytes) -> str:
    """UTF-16 by its mark, or by the zeros beside its line ends and digits; else nothing."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            if not encoding:
                raise SourceError(f"{name}:1 is UTF-32; {_MEND}", "bad_encoding")
            return encoding
    head = content[:_LOOKED_AT]
    zeros = head.count(0)
    if not zeros or len(content) % 2:
        return ""
    even, odd = head[::2].count(0), head[1::2].count(0)
    # Binary files have zeros in both places; text in UTF-16 has most of them in one.
    if min(even, odd) * 3 > zeros:
        return ""
    # UTF-8 with a stray NUL is none: what is UTF-8 in both readings is English, and half of that are zeros.
    if zeros * 3 < len(head) and _is_utf8(head):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _is_utf8(head: bytes) -> bool:
    """Whether it may be the beginning of a text in UTF-8, the last character perhaps cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _guess(name: str, content: bytes, error: UnicodeDecodeError) -> str:
    line = _line(content, error.start)
    read = content[:_LOOKED_AT].decode(errors="replace")
    broken = read.count("\ufffd")
    good = sum(not character.isascii() for character in read) - broken
    if error.end >= len(content) and "unexpected end" in error.reason and good >= broken:
        raise SourceError(
            f"{name}:{line} ends in the middle of a character: it was cut off, or is still being copied",
            "cut_off",
        ) from None
    refusal = SourceError(
        f"{name}:{line} is not UTF-8 (byte 0x{content[error.start]:02x}); {_MEND}", "bad_encoding"
    )
    if good > broken * _FEW:
        raise refusal from None
    from charset_normalizer import from_bytes

    # From the broken byte on: a million lines of ASCII before it say nothing.
    start = content.rfind(b"\n", 0, error.start) + 1
    sample = content[start : start + _LOOKED_AT]
    sample = sample[: sample.rfind(b"\n") + 1] or sample if len(sample) == _LOOKED_AT else sample
    found = from_bytes(sample, cp_isolation=list(_OFFICE)).best()
    marked = sum(byte > 0x7F for byte in sample)  # noqa: PLR2004 - ASCII ends there
    is_sure = marked >= (1 if found and found.encoding == "cp1252" and len(sample.strip()) > 1 else _TELLING)
    if found is None or not is_sure:
        raise refusal from None
    return found.encoding


def _check(name: str, text: str) -> str:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError(
            f"{name}:{line} holds a NUL byte, so it is no text file; export it again as UTF-8 text",
            "bad_encoding",
        )
    return text


def _name_of(encoding: str) -> str:
    return _OFFICE.get(encoding, encoding.upper())


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
