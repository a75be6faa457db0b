"""The console as one Flask blueprint: the gate, then page by page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

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
from bot.console.redirects import see_other
from bot.console.site import Site

# Each adds its routes, and its tab in this order (CONTRIBUTING.md, "A page of the console").
PAGES = (
    signing_in,
    single_sign_on,
    doing,
    dial,
    own_list,
    batch,
    marking,
    vectors,
    channels,
    calibrate,
    knowledge,
    sources,
    questions,
    labelling,
    review,
    gaps,
    teach,
    week,
    operators,
)

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
        return see_other("/console/dial")

    @routes.get("/static/<name>")
    def static_file(name: str) -> Response:
        if name not in files:
            raise NotFound
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(files[name].content, content_type=files[name].media_type, headers=kept)

    for page in PAGES:
        page.add(routes, site)

    @routes.route("/<path:rest>", methods=["GET", "POST"])
    def nothing(rest: str) -> Response:
        other = "POST" if request.method in {"GET", "HEAD"} else "GET"
        rule, _ = current_app.url_map.bind("").match(request.path, method=other, return_rule=True)
        if rule.endpoint != request.endpoint:
            raise MethodNotAllowed([other])
        raise NotFound(rest)

    return routes
