"""HTML: the bytes of a page in whichever charset, and the pieces of what a person reads on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.extract.blocks import Item, Refused, pieces
from engine.extract.page import blocks

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=[\s\"']*([a-z0-9_:.-]{1,40})", re.IGNORECASE)
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CHINESE: Final = {"gb2312", "gbk", "gb_2312-80", "x-gbk"}


def read(content: bytes) -> Iterator[Item]:
    return pieces(blocks(decode_page(content)))


def decode_page(content: bytes) -> str:
    """The page's text by its mark, else by the charset it names, else as UTF-8."""
    named = _CHARSET.search(content[:4096])
    encoding = named[1].decode().lower() if named else "utf-8"
    if encoding.startswith("utf-16"):
        encoding = "utf-8"  # it could be read up to here, so it is not two bytes a character
    elif encoding in _CHINESE:
        encoding = "gb18030"  # what such pages really hold
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), encoding)
    try:
        return content.decode(encoding)
    except LookupError:
        raise Refused(f'names the unknown charset "{encoding}"; save it as UTF-8', "bad_encoding") from None
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, start) + 1
        raise Refused(f"is not {encoding} in line {line}; save it as UTF-8", "bad_encoding") from None
