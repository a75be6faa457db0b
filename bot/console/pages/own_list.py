"""The dial over a pasted list, an entry a line: encoded as a knowledge base would be, and kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from bot.console import charts, trial
from bot.console.pages.dial import CSV_HEAD, cells, csv_file, question_of
from bot.console.site import Site
from bot.console.trial import MOST_TEXTS, STEPS, Trial

MOST_BYTES = 240 * 1024  # the engine takes 256 KiB, and the form brings other fields


@dataclass(frozen=True, slots=True)
class Form:
    """The list as it was pasted, and its `lines` that hold something."""

    question: str
    step: str
    compared: str | None
    pasted: str
    lines: tuple[str, ...]
    left_out: int


def add(routes: Blueprint, site: Site) -> None:
    engine = site.parts.engine

    @routes.get("/dial/list")
    def own_list() -> Response:
        return show(_form(site), None)

    @routes.post("/dial/list")
    def try_own_list() -> Response:
        form = _form(site)
        return show(form, search(form))

    @routes.post("/dial/list.csv")
    def own_table() -> Response:
        form = _form(site)
        found = search(form)
        if found is None:
            raise NotFound
        passing = [row for row in found.rows if row.match.score >= float(form.step)]
        return csv_file("matches.csv", CSV_HEAD, [cells(row) for row in passing])

    def search(form: Form) -> Trial | None:
        if not (form.question and form.lines):
            return None
        return trial.search_list(engine, form.question, form.lines)

    def show(form: Form, found: Trial | None) -> Response:
        return site.page(
            "own_list.html",
            form=form,
            found=found,
            steps=STEPS,
            first_rows=trial.FIRST_ROWS,
            bars=charts.steps(found.counts) if found else None,
            back="/console/dial/list",
        )


def _form(site: Site) -> Form:
    """Raises RequestEntityTooLarge."""
    given = request.form
    pasted = given.get("texts", "").replace("\0", "")
    every = [line.strip() for line in pasted.splitlines()]
    lines = tuple(line for line in every if any(map(str.isalnum, line)))
    if len(lines) > MOST_TEXTS or sum(len(line.encode()) for line in lines) > MOST_BYTES:
        raise RequestEntityTooLarge
    default = trial.nearest_step(site.parts.bot.defaults.threshold)
    compared = given.get("u") if given.get("compare") else None
    return Form(
        question=question_of(given.get("q", "")),
        step=trial.step_of(given.get("t"), default),
        compared=None if compared is None else trial.step_of(compared, default),
        pasted=pasted,
        lines=lines,
        left_out=len(every) - len(lines),
    )
