"""Many questions at once against one knowledge base: what each finds, and how many find something."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from bot.console import charts, trial
from bot.console.pages.dial import chosen, csv_file, question_of
from bot.console.questions_file import clean_questions, questions_in
from bot.console.site import Site
from bot.console.trial import STEPS
from bot.csv_table import Cell
from bot.domain import Found, KnowledgeBase, Query

MOST_QUESTIONS = 100
# Half of what a browser's person waits patiently for; a slow engine leaves the rest unasked.
LONGEST_SECONDS = 15.0
CSV_HEAD = ("question", "best id", "best text", "best answer", "best score", *STEPS)


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One question of many, and what it found; `found.counts` is by step."""

    question: str
    found: Found

    def count_at(self, step: str) -> int:
        return self.found.counts[STEPS.index(step)]


def add(routes: Blueprint, site: Site) -> None:
    engine, clock = site.parts.engine, site.parts.clock

    @routes.get("/dial/batch")
    def batch() -> Response:
        return show([], 0, "")

    @routes.post("/dial/batch")
    def ask_batch() -> Response:
        questions = _questions()
        asked = ask(_base(site), questions)
        return show(asked, len(questions) - len(asked), "\n".join(questions))

    @routes.post("/dial/batch.csv")
    def batch_table() -> Response:
        asked = ask(_base(site), _questions())
        return csv_file("questions.csv", CSV_HEAD, [_cells(one) for one in asked])

    def ask(base: KnowledgeBase, questions: Sequence[str]) -> list[BatchAnswer]:
        until = clock.steady() + LONGEST_SECONDS
        asked: list[BatchAnswer] = []
        for question in questions:
            if clock.steady() >= until:
                break
            query = Query(question, base.name, float(STEPS[0]), 1, steps=STEPS)
            asked.append(BatchAnswer(question, engine.search(query, keep=0)))
        return asked

    def show(asked: Sequence[BatchAnswer], not_asked: int, pasted: str) -> Response:
        bases = engine.knowledge_bases()
        name = request.values.get("kb")
        base = chosen(bases, name, site.parts.bot.defaults.knowledge_base)
        default = trial.nearest_step(site.parts.bot.defaults.threshold)
        answered = [sum(one.count_at(step) > 0 for one in asked) for step in STEPS]
        return site.page(
            "batch.html",
            bases=bases,
            base=base,
            asked=asked,
            not_asked=not_asked,
            pasted=pasted,
            most=MOST_QUESTIONS,
            step=trial.step_of(request.form.get("t"), default),
            steps=STEPS,
            answered=answered,
            bars=charts.histogram(answered) if asked else None,
            back="/console/dial/batch",
        )


def _base(site: Site) -> KnowledgeBase:
    base = chosen(site.parts.engine.knowledge_bases(), request.form.get("kb", ""), "")
    if base is None or base.snapshot is None:
        raise NotFound
    return base


def _questions() -> tuple[str, ...]:
    """The questions of the uploaded file, then the pasted ones; at most MOST_QUESTIONS. Raises BadRequest."""
    file = request.files.get("file")
    lines = request.form.get("questions", "").replace("\0", "").splitlines()
    try:
        given = questions_in(file.read()) if file else ()
    except csv.Error:
        raise BadRequest from None
    every = (*given, *lines)
    return clean_questions([question_of(line) for line in every])[:MOST_QUESTIONS]


def _cells(one: BatchAnswer) -> tuple[Cell, ...]:
    best = next(iter(one.found.matches), None)
    head = (best.entry_id, best.text, best.answer) if best else (None, None, None)
    return (one.question, *head, one.found.best_score, *one.found.counts)
