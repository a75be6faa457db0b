"""The vector behind a text: how many values, the first of them, how all are spread; all as CSV."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console import charts
from bot.console.pages.dial import LONGEST_QUESTION, csv_file
from bot.console.site import Site


def add(routes: Blueprint, site: Site) -> None:
    engine = site.parts.engine

    @routes.get("/vectors")
    def vectors() -> Response:
        text = _text()
        seen = engine.inspect(text, picture=None) if text else None
        bars = charts.histogram(seen.counts) if seen else []
        return site.page("vectors.html", text=text, seen=seen, bars=bars)

    @routes.get("/vectors.csv")
    def all_values() -> Response:
        if not (text := _text()):
            raise NotFound
        seen = engine.inspect(text, picture=None, whole=True)
        return csv_file("vector.csv", ("place", "value"), list(enumerate(seen.values, start=1)))


def _text() -> str:
    return request.args.get("text", "").replace("\0", "").strip()[:LONGEST_QUESTION]
