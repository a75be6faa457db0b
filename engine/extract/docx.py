"""DOCX, by way of the HTML that mammoth makes of it: styles named as headings are headings."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from engine.extract import page
from engine.extract.archive import examined
from engine.extract.blocks import Item, Refused, pieces

_TITLES = "p[style-name='Title'] => h1:fresh\np[style-name='标题'] => h1:fresh"


def read(content: bytes) -> Iterator[Item]:
    import mammoth  # noqa: PLC0415 - of the extra `documents`

    examined(content, ".docx", "word/document.xml")

    def no_picture(_image: Any) -> list[Any]:
        return []

    try:
        written = mammoth.convert_to_html(
            BytesIO(content), style_map=_TITLES, convert_image=no_picture, external_file_access=False
        )
    except (KeyError, ValueError, AttributeError, IndexError, TypeError) as error:
        raise Refused(f"is a damaged .docx ({type(error).__name__}); open it and save it again") from None
    return pieces(page.blocks(f"<body>{written.value}</body>"))
