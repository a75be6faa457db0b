"""The command `evaluate`: a labelled file goes through the engine, threshold curves come out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from engine import app, config
from engine.cli import connect
from engine.cli.plain import plain
from engine.csv_cells import inert
from engine.domain import BadValue
from engine.evaluation import Chosen, Evaluation, queries
from engine.evaluation import evaluate as evaluation_of
from engine.evaluation.picture import drawn_curve
from engine.evaluation.queries import LabelledQuery, Scored
from engine.evaluation.report import EvaluateResponse

_PAGE = 1000
_UNKNOWN_SHOWN = 5
_LOWEST = -1.0


def evaluate(
    settings: config.Engine,
    path: Path,
    out: Path,
    *,
    knowledge_base: str,
    precision: float | None,
    depth: int,
    edges: app.Edges | None = None,
) -> int:
    """Ask every question of the file, judge the best `depth` entries of each, and weigh thresholds.

    Writes OUT.json (the figures and the whole curve), OUT.csv (every judged entry) and
    OUT.png. Nothing is written when the file is wrong.
    """
    asked = queries.read(path)
    with connect.engine(settings, edges, for_many_texts=True) as engine:
        scored, threshold, model = _judge(engine, knowledge_base, asked, depth)
    if not scored:
        raise BadValue(f'knowledge base "{knowledge_base}" is empty, there is nothing to judge')
    found = evaluation_of(queries.as_labels(scored), precision=precision, current=threshold)
    as_json = json.dumps(_figures(found, model, path, depth), ensure_ascii=False, indent=2)
    out.with_name(f"{out.name}.json").write_text(f"{as_json}\n", encoding="utf-8")
    out.with_name(f"{out.name}.csv").write_text(table_of(scored), encoding="utf-8", newline="")
    out.with_name(f"{out.name}.png").write_bytes(drawn_curve(found))
    Console(highlight=False, soft_wrap=True).print(Text(plain(_report(found, out))))
    return 0


def _judge(
    engine: connect.EngineHandle, name: str, asked: Sequence[LabelledQuery], depth: int
) -> tuple[list[Scored], float, str]:
    """The judged entries, the threshold of the knowledge base, and the model."""
    question = {"knowledge_base": name, "query": asked[0].text, "limit": 1}
    first = engine.search(question)
    unknown = queries.unknown_entries(asked, set(engine.entry_ids(name, _PAGE)))
    if unknown:
        named = ", ".join(f'"{entry}"' for entry in unknown[:_UNKNOWN_SHOWN])
        more = f" and {len(unknown) - _UNKNOWN_SHOWN} more" if len(unknown) > _UNKNOWN_SHOWN else ""
        raise BadValue(f'the file names entries that knowledge base "{name}" does not hold: {named}{more}')
    scored: list[Scored] = []
    for query in asked:
        answer = engine.search(question | {"query": query.text, "limit": depth, "threshold": _LOWEST})
        scored += queries.judge(query, answer["matches"])
    return scored, float(first["threshold"]), str(first["model"])


def _figures(found: Evaluation, model: str, path: Path, depth: int) -> dict[str, Any]:
    body = EvaluateResponse.of(found, len(found.curve), None).model_dump(exclude={"picture"})
    return {"queries": str(path), "model": model, "depth": depth, **body}


def table_of(scored: Sequence[Scored]) -> str:
    """Every judged entry as CSV, its texts inert."""
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow(["query", "text", "in_scope", "rank", "entry", "score", "relevant"])
    rows.writerows(
        [
            inert(one.query.id),
            inert(one.query.text),
            one.query.in_scope,
            one.rank,
            inert(one.entry_id),
            repr(one.score),
            one.relevant,
        ]
        for one in scored
    )
    return content.getvalue()


def _report(found: Evaluation, out: Path) -> str:
    lines = [f"{found.labels} labels of {found.groups} questions, {found.curve.relevant} right"]
    if found.current is not None:
        point = found.current
        lines.append(
            f"now {point.threshold:g}: precision {point.precision:.3f}, recall {point.recall:.3f},"
            f" F1 {point.f1:.3f}"
        )
    lines.append(f"best F1: {_choose(found.best)}")
    if found.precision is not None:
        lines.append(f"precision {found.precision:g} (95 % sure): {_choose(found.wanted)}")
    lines.append(f"written: {out}.json, {out}.csv, {out}.png")
    return "\n".join(lines)


def _choose(chosen: Chosen | None) -> str:
    if chosen is None:
        return "no threshold of these labels"
    interval = chosen.interval
    ends = (
        f" (95 %: {interval.low:.2f} to {'–' if interval.high is None else f'{interval.high:.2f}'})"
        if interval
        else ""
    )
    point = chosen.at_suggested
    return (
        f"{chosen.suggested:g}{ends}, precision {point.precision:.3f}, recall {point.recall:.3f},"
        f" F1 {point.f1:.3f}"
    )
