"""What every request to the console passes before a page sees it.

    right host? ─ no ─► 421        a thread free? ─ no ─► 503        signed in? ─ no ─► 401
    a change: from our own form? ─ no ─► 403

Reading changes nothing: every route that changes something takes POST alone.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from bot.console.budget import Budget
from bot.console.site import HEADERS, Site
from bot.console.visitor import Visitor, is_token, token_of
from bot.domain import EngineError
from bot.store import StoreError

log = logging.getLogger(__name__)

REFUSALS = {400: "bad_request", 404: "not_found", 405: "not_allowed", 410: "gone", 413: "too_large"}
HSTS = "max-age=31536000"


def guard(routes: Blueprint, site: Site, budget: Budget, *, public: frozenset[str]) -> None:
    """Put the gate before every route of the blueprint; those named in `public` need no login."""

    def enter() -> Response | None:
        g.closing = ExitStack()
        g.visitor = None
        if not (site.origin.is_usable and site.origin.is_asked(request)):
            return site.error(421, "wrong_host", address=f"{site.origin.url}/console")
        if request.endpoint == f"{routes.name}.static_file":
            return None
        if not g.closing.enter_context(budget.place()):
            busy = site.error(503, "busy", again=2)
            busy.headers["Retry-After"] = "2"
            return busy
        secret = request.cookies.get(site.origin.login_cookie, "")
        login = site.parts.logins.get(secret) if secret else None
        if login is not None:
            g.visitor = Visitor(login, token_of(secret))
        if request.endpoint in public:
            return None
        if login is None:
            return site.error(401, "sign_in")
        if request.method == "POST" and (
            site.origin.is_forged(request) or not is_token(secret, request.form.get("token", ""))
        ):
            log.warning("console_forged", extra={"person": login.person.key, "route": request.endpoint})
            return site.error(403, "forged")
        return None

    def leave(_: BaseException | None) -> None:
        closing: ExitStack | None = g.pop("closing", None)
        if closing is not None:
            closing.close()

    def with_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if site.origin.is_secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response

    def refuse(error: HTTPException) -> Response:
        response = site.error(error.code or 400, REFUSALS.get(error.code or 400, "bad_request"))
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    def engine_away(error: EngineError) -> Response:
        log.warning("console_engine_away", extra={"reason": error.reason})
        away = site.error(503, "engine_away", again=5)
        away.headers["Retry-After"] = "5"
        return away

    def store_away(error: StoreError) -> Response:
        log.error("console_store_away", extra={"reason": str(error)})
        away = site.error(503, "store_away", again=5)
        away.headers["Retry-After"] = "5"
        return away

    def mistake(error: Exception) -> Response:
        # The one place of the console that catches everything.
        log.error("console_failed", exc_info=error)
        return site.error(503, "mistake")

    routes.before_request(enter)
    routes.teardown_request(leave)
    routes.after_request(with_headers)
    routes.register_error_handler(HTTPException, refuse)
    routes.register_error_handler(EngineError, engine_away)
    routes.register_error_handler(StoreError, store_away)
    routes.register_error_handler(Exception, mistake)
