"""XLSX: every visible sheet, row by row, each cell as the text that says what it means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from engine.extract.archive import examined
from engine.extract.blocks import Item, Refused


def read(content: bytes) -> Iterator[Item]:
    import python_calamine as calamine  # noqa: PLC0415 - of the extra `documents`

    examined(content, ".xlsx", "xl/workbook.xml")
    try:
        book = calamine.load_workbook(BytesIO(content))
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
        visible = [each.name for each in sheets if each.visible == calamine.SheetVisibleEnum.Visible]
        for hidden in (each.name for each in sheets if each.name not in visible):
            yield {"where": hidden, "dropped": "is a hidden sheet"}
        for name in visible:
            for number, row in enumerate(
                book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1
            ):
                cells = [_text(cell) for cell in row]
                if any(cells):
                    yield {"row": number, "sheet": name, "sheets": len(visible), "cells": cells}
    except calamine.PasswordError:
        raise Refused("is encrypted; save it without a password") from None
    except calamine.CalamineError as error:
        raise Refused(f"is a damaged .xlsx ({error}); open it and save it again") from None


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case float() if cell.is_integer() and abs(cell) < 1e15:  # noqa: PLR2004 - beyond, doubles skip integers
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case date() | time() | timedelta():
            return str(cell)
        case _:
            return str(cell).strip()
