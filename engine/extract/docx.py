"""DOCX, by way of the HTML that mammoth makes of it, once what Word alone knows is written into it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from engine.extract import page
from engine.extract.archive import examine
from engine.extract.blocks import Item, Refused, pieces
from engine.extract.word import MAPPED, prepare_document


def read(content: bytes) -> Iterator[Item]:
    import mammoth

    examine(content, ".docx", "word/document.xml")
    content, hidden = prepare_document(content)

    def no_picture(_image: Any) -> list[Any]:
        return []

    try:
        written = mammoth.convert_to_html(
            BytesIO(content), style_map=MAPPED, convert_image=no_picture, external_file_access=False
        )
    except (KeyError, ValueError, AttributeError, IndexError, TypeError) as error:
        raise Refused(f"is a damaged .docx ({type(error).__name__}); open it and save it again") from None
    yield from pieces(page.blocks(f"<body>{written.value}</body>"))
    if hidden:
        yield {
            "where": "",
            "dropped": f"holds hidden text ({hidden} times), which is not read",
            "code": "hidden_text",
            "details": {"count": str(hidden)},
        }
