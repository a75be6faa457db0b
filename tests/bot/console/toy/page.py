"""How many rows the answers of a channel have, and a form to change it."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console.site import Site, Tab


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.toy", "/console/toy", "tab_toy"))

    @routes.get("/toy")
    def toy() -> Response:
        channel = site.parts.rights.channel(site.visitor.person, request.args.get("channel", ""))
        if channel is None:
            raise NotFound
        return site.page("toy.html", channel=channel, limit=site.parts.read.settings.of(channel).get("limit"))
