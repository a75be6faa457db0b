"""The log of questions: by channel, day, result, mark, score and words; page by page, and as CSV."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import get_args

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console.pages.dial import csv_file
from bot.console.site import Site, Tab
from bot.csv_table import Cell
from bot.domain import Channel
from bot.store.question_log import LoggedQuestion, Mark, Result, Wanted

ROWS = 50
MOST_ROWS, ROWS_AT_ONCE = 20_000, 500
LONGEST_FIND = 200
RESULTS: tuple[Result, ...] = get_args(Result)
MARKS: tuple[Mark, ...] = get_args(Mark)
CSV_HEAD = (
    "at", "channel", "person", "answer_id", "question", "private", "knowledge_base", "threshold", "total",
    "best_score", "entry_id", "text", "helpful", "not_helpful",
)  # fmt: skip
_NUMBER_OF_ITEM = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Form:
    """The filters as they were written, for the form to show again; what makes no sense is empty."""

    channel: str
    start: str
    end: str
    result: Result
    mark: Mark
    low: str
    high: str
    find: str

    def as_query(self) -> dict[str, str]:
        """The query of an address that asks for the same again."""
        fields = {
            "channel": self.channel, "from": self.start, "to": self.end, "result": self.result,
            "mark": self.mark, "low": self.low, "high": self.high, "find": self.find,
        }  # fmt: skip
        return {name: value for name, value in fields.items() if value not in {"", "any"}}


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.questions", "/console/questions", "tab_questions"))
    log = site.parts.read.log

    @routes.get("/questions")
    def questions() -> Response:
        channels = site.parts.rights.channels_of(site.visitor.person)
        form = _form()
        found = log.page(_filter_of(form, channels, site), ROWS + 1, _before())
        older = None
        if len(found) > ROWS:
            found = found[:ROWS]
            older = {**form.as_query(), "before": f"{found[-1].number} {found[-1].answer.id}"}
        return site.page(
            "questions.html", channels=channels, form=form, found=found, older=older,
            results=RESULTS, marks=MARKS,
        )  # fmt: skip

    @routes.get("/questions.csv")
    def questions_table() -> Response:
        channels = site.parts.rights.channels_of(site.visitor.person)
        wanted = _filter_of(_form(), channels, site)

        def rows() -> Iterator[LoggedQuestion]:
            before, count = None, 0
            while count < MOST_ROWS and (page := log.page(wanted, ROWS_AT_ONCE, before)):
                yield from page
                before, count = (page[-1].number, page[-1].answer.id), count + len(page)

        return csv_file("questions.csv", CSV_HEAD, [_cells(one) for one in rows()])


def _form() -> Form:
    given = request.args
    return Form(
        channel=given.get("channel", ""),
        start=given.get("from", "") if day_of(given.get("from", "")) else "",
        end=given.get("to", "") if day_of(given.get("to", "")) else "",
        result=next((name for name in RESULTS if name == given.get("result")), "any"),
        mark=next((name for name in MARKS if name == given.get("mark")), "any"),
        low=given.get("low", "") if _score(given.get("low", "")) is not None else "",
        high=given.get("high", "") if _score(given.get("high", "")) is not None else "",
        find=given.get("find", "").replace("\0", "").strip()[:LONGEST_FIND],
    )


def _filter_of(form: Form, channels: Sequence[Channel], site: Site) -> Wanted:
    """The filter in the form, over the visitor's channels. A channel that is not among them is 404."""
    if form.channel:
        channels = [channel for channel in channels if channel.key == form.channel]
        if not channels:
            raise NotFound
    start, end = day_of(form.start), day_of(form.end)
    return Wanted(
        channels=tuple(channels),
        start=datetime.combine(start, time(), site.zone) if start else None,
        end=datetime.combine(end + timedelta(days=1), time(), site.zone) if end else None,
        result=form.result,
        mark=form.mark,
        low=_score(form.low),
        high=_score(form.high),
        find=form.find,
    )


def _before() -> tuple[int, str] | None:
    number, _, answer_id = request.args.get("before", "").partition(" ")
    return (int(number), answer_id.replace("\0", "")) if _NUMBER_OF_ITEM.fullmatch(number) else None


def day_of(text: str) -> date | None:
    """A day that the calendars of both databases know."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1970, 1, 2) <= day <= date(9000, 1, 1) else None


def _score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if math.isfinite(score) and -1 <= score <= 1 else None


def _cells(one: LoggedQuestion) -> tuple[Cell, ...]:
    answer = one.answer
    best = next(iter(answer.matches), None)
    return (
        f"{one.asked_at:%Y-%m-%dT%H:%M:%SZ}",
        one.channel,
        (one.person.name or one.person.id) if one.person else "",
        answer.id,
        answer.question,
        "yes" if answer.private else "no",
        answer.knowledge_base,
        float(answer.threshold),
        answer.total,
        answer.best_score,
        best.entry_id if best else None,
        best.text if best else None,
        " ".join(entry_id for entry_id, is_right in one.marks.items() if is_right),
        " ".join(entry_id for entry_id, is_right in one.marks.items() if not is_right),
    )
