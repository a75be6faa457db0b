"""The dial page: a question against a knowledge base, its ranked matches, and the threshold to slide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console import charts, trial
from bot.console.pages import marking
from bot.console.site import Site, Tab
from bot.console.trial import STEPS, Row, Trial
from bot.csv_table import Cell, as_csv
from bot.domain import KnowledgeBase, Query

LONGEST_QUESTION = 2_000
FIRST_ENTRIES = 30
WEIGHTS = ("0", "0.1", "0.2", "0.3", "0.5", "0.7", "1")
CSV_ROWS = 100_000
CSV_HEAD = ("rank", "id", "text", "answer", "score", "meaning", "keywords", "source")


@dataclass(frozen=True, slots=True)
class Form:
    """The fields that were asked for, cleaned: every field holds a value that the engine takes."""

    knowledge_base: str
    question: str
    step: str
    compared: str | None
    weight: str


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.dial", "/console/dial", "tab_dial"))
    engine, overview = site.parts.engine, site.parts.overview

    @routes.get("/dial")
    def dial() -> Response:
        bases = engine.knowledge_bases()
        base = chosen(bases, request.args.get("kb"), site.parts.bot.defaults.knowledge_base)
        form = _form(base, site)
        person = site.visitor.person
        found: Trial | None = None
        if form.question and base is not None and base.snapshot is not None:
            found = trial.search(engine, form.question, base.name, base.size, float(form.weight))
            overview.remember(person, base.name, form.question)
        channels = site.parts.rights.channels_of(person)
        has_entries = base is not None and base.snapshot is not None
        entries = engine.entries(base.name, FIRST_ENTRIES).entries if base and has_entries else ()
        return site.page(
            "dial.html",
            bases=bases,
            base=base,
            entries=entries,
            form=form,
            found=found,
            steps=STEPS,
            first_rows=trial.FIRST_ROWS,
            weights=WEIGHTS,
            bars=charts.steps(found.counts) if found else None,
            channels=channels,
            marks=marking.marks_on(site, channels, form.knowledge_base, form.question) if found else None,
            past=overview.tried_questions(person),
        )

    @routes.get("/dial/rest")
    def rest_of_list() -> Response:
        """The rows beyond those that slide, a page at a time; of the same snapshot or said to be not."""
        base, form = _read_question(site)
        start = whole(request.args.get("from"))
        query = Query(form.question, base.name, float(form.step), trial.MOST_ROWS, start, float(form.weight))
        found = engine.search(query, keep=0)
        rows = [trial.row_of(match, form.question) for match in found.matches]
        following = start + len(rows)
        return site.page(
            "dial_rest.html",
            base=base,
            form=form,
            rows=rows,
            total=found.total,
            start=start,
            following=following if following < found.total else None,
            has_changed=request.args.get("snapshot", found.snapshot) != found.snapshot,
            snapshot=found.snapshot,
        )

    @routes.get("/dial.csv")
    def table() -> Response:
        base, form = _read_question(site)
        query = Query(form.question, base.name, float(form.step), CSV_ROWS, keyword_weight=float(form.weight))
        found = engine.search(query, keep=0)
        rows = [trial.row_of(match, form.question) for match in found.matches]
        return csv_file("matches.csv", CSV_HEAD, [cells(row) for row in rows])


def csv_file(name: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response:
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(as_csv(head, rows), content_type="text/csv; charset=utf-8", headers=headers)


def _read_question(site: Site) -> tuple[KnowledgeBase, Form]:
    """The knowledge base and the form of a page that makes no sense without a question."""
    base = chosen(site.parts.engine.knowledge_bases(), request.args.get("kb"), "")
    form = _form(base, site)
    if base is None or base.snapshot is None or not form.question:
        raise NotFound
    return base, form


def chosen(bases: Sequence[KnowledgeBase], name: str | None, otherwise: str) -> KnowledgeBase | None:
    """The knowledge base of this name; a name that there is not is no address of ours."""
    if name is None:
        named = [base for base in bases if base.name == otherwise]
        return next(iter([*named, *bases]), None)
    for base in bases:
        if base.name == name:
            return base
    raise NotFound


def _form(base: KnowledgeBase | None, site: Site) -> Form:
    threshold = base.threshold if base is not None else None
    default = trial.nearest_step(site.parts.bot.defaults.threshold if threshold is None else threshold)
    weight = request.args.get("weight", "0")
    compared = request.args.get("u") if request.args.get("compare") else None
    return Form(
        knowledge_base=base.name if base else "",
        question=question_of(request.args.get("q", "")),
        step=trial.step_of(request.args.get("t"), default),
        compared=None if compared is None else trial.step_of(compared, default),
        weight=weight if weight in WEIGHTS else "0",
    )


def question_of(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST_QUESTION]


def cells(row: Row) -> tuple[Cell, ...]:
    match = row.match
    return (
        match.rank,
        match.entry_id,
        match.text,
        match.answer,
        match.score,
        match.cosine,
        match.keyword,
        match.source,
    )


def whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else 0  # noqa: PLR2004 - ten million
