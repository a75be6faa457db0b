"""The commands that end: refresh, search, check. They print for people, or JSON for programs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from engine import app, config
from engine.cli import connect
from engine.cli.plain import plain
from engine.domain import EngineError, SourceContents
from engine.follower.publisher import Publisher
from engine.source import ManagedSource, merge, origin

_POLL_SECONDS = 0.1
_DROPPED_SHOWN = 10


def refresh(
    settings: config.Engine, name: str | None, edges: app.Edges | None = None, *, confirmed: bool = False
) -> int:
    """Refresh one knowledge base or all, and wait until what was read is served.

    `confirmed` lets sources shrink or change below their floor, this once.
    """
    out, errors = _console(), Console(stderr=True, highlight=False, soft_wrap=True)
    failed = 0
    with connect.engine(settings, edges, for_many_texts=True) as engine, _bars(out) as bars:
        for each in [name] if name else engine.names():
            ended = _refresh(engine, each, bars, confirmed=confirmed)
            if ended["state"] == "failed":
                errors.print(Text(plain(f"{each}: {ended['error']}")))
                failed = 1
            else:
                bars.console.print(Text(plain(_report(each, ended))))
    return failed


def rollback(settings: config.Engine, name: str, edges: app.Edges | None = None) -> int:
    """Serve the snapshot before again, and say how long that holds."""
    with connect.engine(settings, edges) as engine:
        done = engine.roll_back(name)
    _console().print(
        Text(
            f"{name}: {done['snapshot']} is served again, gone back from {done['from_snapshot']}."
            f" {done['says']}"
        )
    )
    return 0


def search(
    settings: config.Engine,
    text: str,
    *,
    knowledge_base: str,
    threshold: float | None,
    limit: int,
    as_json: bool,
    edges: app.Edges | None = None,
) -> int:
    """Ask one question and print what was found, which may be nothing."""
    question: dict[str, Any] = {"query": text, "knowledge_base": knowledge_base, "limit": limit}
    if threshold is not None:
        question["threshold"] = threshold
    with connect.engine(settings, edges) as engine:
        answer = engine.search(question)
    out = _console()
    if as_json:
        out.out(json.dumps(answer, ensure_ascii=False), highlight=False)
        return 0
    for match in answer["matches"]:
        line = Text.assemble((f"{match['score']:.4f}", "bold"), "  ", plain(match["text"]))
        if match["answer"]:
            line.append(f"\n        {plain(match['answer'])}", "dim")
        out.print(line)
    out.print(Text(plain(_context(answer)), "dim"))
    return 0


def check(settings: config.Engine, path: Path | None, edges: app.Edges | None = None) -> int:
    """Try everything the configuration names; 1 when something does not work."""
    out = _console()
    out.print(Text(f"configuration: {path or 'the built-in defaults'}, no mistakes"))
    failed = 0
    for each in settings.knowledge_base:
        if settings.role == "follower":
            problems, says = _published_at(settings, each.name)
        else:
            problems, says = _sources_of(each, ManagedSource(settings.data_dir / "managed"))
        failed = 1 if problems else failed
        out.print(
            plain("\n".join(f"knowledge base {each.name}: {says}" for says in (*problems, says))),
            markup=False,
        )
    try:
        with connect.engine(settings, edges) as engine:
            model = engine.describe(settings.knowledge_base[0].name)
            where = "opened for this check" if engine.opened else "running"
            trouble = engine.trouble_of_model()
        out.print(Text(f"data folder: {settings.data_dir}, engine {where}"))
        if trouble:
            failed = 1
            out.print(Text(plain(f"model: {trouble}")))
        else:
            out.print(Text(f"model: {model['model']}, {model['dimension']} dimensions, on {model['device']}"))
    except EngineError as problem:
        failed = 1
        out.print(Text(plain(f"engine: {problem.message}")))
    return failed


def _published_at(settings: config.Engine, name: str) -> tuple[list[str], str]:
    """The lines of `_sources_of` for a follower, from the publication that it follows."""
    publisher = Publisher(settings.follow, settings.token.get_secret_value())
    try:
        said = publisher.publication(name)
    except EngineError as problem:
        return [problem.message], f"nothing is known of {settings.follow}"
    return [], f"snapshot {said.snapshot} at {settings.follow}" if said else f"none at {settings.follow} yet"


def _sources_of(base: config.KnowledgeBase, managed: ManagedSource) -> tuple[list[str], str]:
    """Read the sources of a knowledge base afresh: what is wrong with some, and what the others hold."""
    problems, readings = [], []
    for spec in base.sources:
        try:
            readings.append(origin.read_afresh(spec))
        except EngineError as problem:
            problems.append(problem.message)
    try:
        own = managed.entries(base.name)
        readings.append(SourceContents(own, len(own)))
    except EngineError as problem:
        problems.append(problem.message)
    reading = merge(readings)
    return problems, f"{len(reading.entries)} entries, {len(reading.dropped)} dropped"


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _bars(out: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
        disable=not out.is_terminal,
        transient=True,
    )


def _refresh(engine: connect.EngineHandle, name: str, bars: Progress, *, confirmed: bool) -> dict[str, Any]:
    """Refresh a knowledge base, drawing its progress, and return the refresh as JSON once it has ended."""
    wanted = engine.refresh(name, confirmed=confirmed)
    bar: TaskID = bars.add_task(name, total=None)
    while True:
        state = engine.describe(name)
        if progress := state["progress"]:
            bars.update(bar, completed=progress["done"], total=progress["total"])
        for each in state["refreshes"]:
            if each["id"] == wanted and each["state"] in {"done", "failed"}:
                bars.remove_task(bar)
                return dict(each)
        time.sleep(_POLL_SECONDS)


def _report(name: str, ended: dict[str, Any]) -> str:
    counts = (
        f"{ended['read']} read, {ended['added']} added, {ended['changed']} changed, "
        f"{ended['removed']} removed, {ended['dropped_total']} dropped, {ended['embedded']} embedded"
    )
    lines = [f"{name}: {ended['kept']} entries served from now on ({counts})"]
    if ended["held_back"]:
        lines = [f"{name}: still rolled back, the sources say what was rolled back from ({counts})"]
    lines += [f"  {_failure(each)}" for each in ended["failed_sources"]]
    lines += [f"  {each['where']}: {each['reason']}" for each in ended["dropped"][:_DROPPED_SHOWN]]
    more = ended["dropped_total"] - min(_DROPPED_SHOWN, len(ended["dropped"]))
    if more > 0:
        lines.append(f"  and {more} more")
    return "\n".join(lines)


def _failure(failed: dict[str, Any]) -> str:
    kept = f"{failed['kept']} entries of {failed['since']}" if failed["since"] else "nothing"
    return f"{failed['reason']} (served of it: {kept})"


def _context(answer: dict[str, Any]) -> str:
    shown = f"{len(answer['matches'])} of {answer['total']} at or above {answer['threshold']:g}"
    best = "" if answer["best_score"] is None else f", best {answer['best_score']:.4f}"
    return f"{shown} in {answer['knowledge_base']}{best}"
