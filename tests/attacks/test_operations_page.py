"""The page for operators names every figure that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.engine import a_knowledge_base, an_engine, some_settings
from tests.support.program import a_program

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "OPERATIONS.md").read_text(encoding="utf-8")
NAME = re.compile(r"kbdial_(?:bot|engine)_[a-z_]+")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every metric of both programs by its name, and its kind."""
    folder = tmp_path_factory.mktemp("operations")
    base = a_knowledge_base(folder, "apple")
    with a_program(folder / "bot", base) as program, an_engine(some_settings(folder, base)) as engine:
        pages = program.client.get("/metrics").text + engine.is_settled().client.get("/metrics").text
    families = list(text_string_to_metric_families(pages))
    return {each.name + ("_total" if each.type == "counter" else ""): each.type for each in families}


def _named(text: str) -> set[str]:
    return {name.removesuffix("_bucket") for name in NAME.findall(text)}


def _alerts() -> list[dict[str, str]]:
    """The example rules, as Prometheus would read them."""
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    (rules,) = [group["rules"] for block in blocks for group in block.get("groups", [])]
    assert {key for rule in rules for key in rule} == {"alert", "expr", "for"}
    return [*rules]


def test_every_metric_of_an_alert_exists(shown: dict[str, str]) -> None:
    expressions = [alert["expr"] for alert in _alerts()]
    assert len(expressions) > 10
    assert _named("\n".join(expressions)) - set(shown) == set()
    assert [each for each in expressions if "_bucket" in each and "histogram_quantile" not in each] == []


def test_every_metric_is_described_and_no_other(shown: dict[str, str]) -> None:
    assert _named(PAGE) == {name for name in shown if not name.endswith("_created")}


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    alerts = [alert["alert"] for alert in _alerts()]
    rows = {
        cells[0]: cells
        for row in re.findall(r"^\| (.+) \|$", PAGE, re.MULTILINE)
        if (cells := row.split(" | "))
    }
    assert len(alerts) == len(set(alerts)) > 10
    assert [name for name in alerts if len(rows.get(name, [])) != 3] == []
