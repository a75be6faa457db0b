"""Signing in at the provider: the link that leads there, and the page it leads back to."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console.pages.signing_in import signed_in
from bot.console.provider import Attempt, NotVouchedFor
from bot.console.redirects import see_other
from bot.console.site import Site
from bot.console.visitor import browser_of

log = logging.getLogger(__name__)

LONGEST_CODE = 4_000


def add(routes: Blueprint, site: Site) -> None:
    provider, origin = site.parts.provider, site.origin

    @routes.get("/sso/login")
    def sso_login() -> Response:
        if provider is None:
            raise NotFound
        attempt = Attempt.new()
        try:
            there = provider.begin(attempt)
        except NotVouchedFor as problem:
            log.warning("console_provider_away", extra={"reason": str(problem)})
            return site.error(503, "provider_away")
        response = see_other(there)
        origin.set_pending(response, attempt.cookie)
        return response

    @routes.get("/sso/callback")
    def sso_callback() -> Response:
        if provider is None:
            raise NotFound
        attempt = Attempt.of(request.cookies.get(origin.provider_cookie, ""))
        state, code = request.args.get("state", ""), request.args.get("code", "")
        if attempt is None or not code or len(code) > LONGEST_CODE:
            return _refuse("no attempt of this browser")
        try:
            person = provider.finish(attempt, state, code)
        except NotVouchedFor as problem:
            return _refuse(str(problem))
        if person is None:
            log.warning("console_person_unknown")
            return _without_attempt(site.error(403, "not_listed"))
        return _without_attempt(signed_in(site, site.parts.logins.begin(person, browser_of(request))))

    def _refuse(reason: str) -> Response:
        log.warning("console_provider_refused", extra={"reason": reason})
        return _without_attempt(site.error(400, "provider_refused"))

    def _without_attempt(response: Response) -> Response:
        origin.forget(response, origin.provider_cookie)
        return response
