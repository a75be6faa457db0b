"""Bot and engine share no code: what both need stands in both, and here the two are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["weak_secrets.py", "csv_cells.py"])
def test_what_both_need_is_one_text_in_both_programs(name: str) -> None:
    assert (ROOT / "bot" / name).read_text() == (ROOT / "engine" / name).read_text()
