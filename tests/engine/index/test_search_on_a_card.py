"""A whole engine that searches on a card, against one that searches on the processor.

The card is torch's processor device: the same code but for where the numbers are.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from engine.index.scan import Scan, Scanner, scanner_on
from engine.index.snapshot import Snapshot
from tests.support.engine import (
    A_LONG_TEXT,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)

# Looked for and not imported: every process of the suite reads this file, and one of them runs it.
if find_spec("torch") is None:
    pytest.skip("the search on a card needs torch (the extra gpu)", allow_module_level=True)

LINES = [*(f"{number} apples or {number % 7} pears, plums and figs" for number in range(60)), A_LONG_TEXT]
QUESTIONS = ["apples", "zebra jazz quiz", "3 plums", "figs or pears", A_LONG_TEXT]


def on_a_card(_device: str) -> Scanner:
    from engine.index.scan.gpu_scan import card_scanner

    return card_scanner("cpu")


def on_a_full_card(_device: str) -> Scanner:
    from engine.index.scan.gpu_scan import card_scanner

    return card_scanner("cpu", free_bytes=lambda _card: 0)


def served(engine: RunningEngine) -> Snapshot:
    snapshot = engine.app.knowledge.snapshot_stores["default"].current
    assert snapshot
    assert snapshot.passages
    return snapshot


def searches(engine: RunningEngine) -> set[type]:
    snapshot = served(engine)
    assert snapshot.passages
    return {type(snapshot.scan), type(snapshot.passages.scan)}


def answers(engine: RunningEngine) -> list[Any]:
    return [
        engine.search(question, threshold=threshold, limit=50)["matches"]
        for question in QUESTIONS
        for threshold in (0.0, 0.5, 0.9)
    ]


def a_life(folder: Path, *starts: Callable[[str], Scanner]) -> list[Any]:
    """All answers of an engine that is asked, refreshed, rolled back and started again."""
    from engine.index.scan.gpu_scan import CardScan

    settings = some_settings(folder, a_knowledge_base(folder, *LINES))
    heard = []
    for turn, scanner in enumerate(starts):
        expected = {CardScan} if scanner is on_a_card else {Scan}
        with an_engine(settings, scanner_on=scanner) as engine:
            engine.is_settled()
            assert searches(engine) == expected
            heard.append(answers(engine))
            (folder / "default.txt").write_text("\n".join([f"turn {turn}", *LINES[turn:]]), encoding="utf-8")
            assert engine.refresh()["state"] == "done"
            assert searches(engine) == expected
            heard.append(answers(engine))
            done = engine.client.post("/v1/knowledge-bases/default/rollback")
            assert done.status_code == 200, done.text
            assert searches(engine) == expected
            heard.append(answers(engine))
            assert engine.refresh()["state"] == "done"
    return heard


def test_an_engine_on_a_card_answers_as_one_on_the_processor(tmp_path: Path) -> None:
    """To the last digit, whichever of them wrote the snapshot that the other starts from."""
    on_cards = a_life(tmp_path / "card", on_a_card, on_a_card, on_a_card, on_a_card)
    mixed = a_life(tmp_path / "mixed", on_a_card, scanner_on, on_a_full_card, on_a_card)
    on_the_processor = a_life(tmp_path / "processor", scanner_on, scanner_on, scanner_on, scanner_on)
    assert on_cards == mixed == on_the_processor


def test_the_copy_for_the_processor_is_stored_only_where_it_searches(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *LINES))
    with an_engine(settings, scanner_on=on_a_card) as engine:
        assert served(engine.is_settled()).scan.arrays().keys() == {"vectors"}
    with an_engine(settings) as engine:
        assert served(engine.is_settled()).scan.arrays().keys() > {"vectors"}


def test_only_a_model_on_a_card_has_the_search_on_one() -> None:
    assert all(scanner_on(device) == Scan.over for device in ("cpu", "mps", "remote"))
