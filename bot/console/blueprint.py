"""The console as one Flask blueprint: the gate, then page by page."""

from __future__ import annotations

from flask import Blueprint, Response, redirect
from werkzeug.exceptions import NotFound

from bot.console import gate
from bot.console.budget import Budget
from bot.console.pages import (
    batch,
    calibrate,
    channels,
    dial,
    doing,
    gaps,
    knowledge,
    labelling,
    marking,
    operators,
    own_list,
    questions,
    review,
    signing_in,
    single_sign_on,
    sources,
    teach,
    vectors,
    week,
)
from bot.console.parts import Parts
from bot.console.site import Site

# Whoever has no login may do this much.
PUBLIC = frozenset(
    {
        "console.invitation",
        "console.sign_in",
        "console.sso_login",
        "console.sso_callback",
        "console.choose_language",
    }
)


def blueprint(parts: Parts) -> Blueprint:
    routes = Blueprint("console", __name__, url_prefix="/console")
    site = Site(parts)
    gate.guard(routes, site, Budget(parts.bot.web_threads), public=PUBLIC)
    files = {asset.name: asset for asset in site.assets.values()}

    @routes.get("")
    def home() -> Response:
        return redirect("/console/dial", 303)  # type: ignore[return-value]  # flask's own kind

    @routes.get("/static/<name>")
    def static_file(name: str) -> Response:
        if name not in files:
            raise NotFound
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(files[name].content, content_type=files[name].media_type, headers=kept)

    signing_in.add(routes, site)
    single_sign_on.add(routes, site)
    doing.add(routes, site)
    dial.add(routes, site)
    own_list.add(routes, site)
    batch.add(routes, site)
    marking.add(routes, site)
    vectors.add(routes, site)
    channels.add(routes, site)
    calibrate.add(routes, site)
    knowledge.add(routes, site)
    sources.add(routes, site)
    questions.add(routes, site)
    labelling.add(routes, site)
    review.add(routes, site)
    gaps.add(routes, site)
    teach.add(routes, site)
    week.add(routes, site)
    operators.add(routes, site)

    @routes.route("/<path:rest>", methods=["GET", "POST"])
    def nothing(rest: str) -> Response:
        raise NotFound(rest)

    return routes
