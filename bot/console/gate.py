"""The gate that every request to the console passes before a page sees it.

    right host? ─ no ─► 421        a thread free? ─ no ─► 503        signed in? ─ no ─► 401
    a change: from our own form? ─ no ─► 403

Reading changes nothing: every route that changes something takes POST alone.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from bot.console.budget import Budget
from bot.console.proxy import NotTheProxy, Proxy
from bot.console.site import HEADERS, Site
from bot.console.visitor import Visitor, browser_of, is_token, token_of
from bot.domain import EngineError
from bot.store import Login, StoreError

log = logging.getLogger(__name__)

REFUSALS = {400: "bad_request", 404: "not_found", 405: "not_allowed", 410: "gone", 413: "too_large"}
SSO = "/console/sso/login"
HSTS = "max-age=31536000"


def guard(routes: Blueprint, site: Site, budget: Budget, *, public: frozenset[str]) -> None:
    """Put the gate before every route of the blueprint; those named in `public` need no login."""
    proxy = Proxy(site.parts.bot.console.proxy, site.parts.bot.console.people)

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
        try:
            secret, login = _login(site, proxy)
        except NotTheProxy as stranger:
            log.warning("console_not_the_proxy", extra={"reason": str(stranger)})
            return site.error(400, "not_the_proxy")
        if login is not None:
            g.visitor = Visitor(login, token_of(secret))
        if request.endpoint in public:
            return None
        if login is None:
            return site.error(401, "sign_in", **({"sso": SSO} if site.parts.provider else {}))
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
        if secret := g.get("new_secret"):
            site.origin.set_login(response, secret)
        if site.origin.is_secure:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response

    def refuse(error: HTTPException) -> Response:
        response = site.error(error.code or 400, REFUSALS.get(error.code or 400, "bad_request"))
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    def mistake(error: Exception) -> Response:
        # The one place of the console that catches everything.
        log.error("console_failed", exc_info=error)
        return site.error(503, "mistake")

    routes.before_request(enter)
    routes.teardown_request(leave)
    routes.after_request(with_headers)
    routes.register_error_handler(HTTPException, refuse)
    routes.register_error_handler(EngineError, partial(_away, site, "engine_away"))
    routes.register_error_handler(StoreError, partial(_away, site, "store_away"))
    routes.register_error_handler(Exception, mistake)


def _login(site: Site, proxy: Proxy) -> tuple[str, Login | None]:
    """The login of this browser with its secret; a new one where the proxy vouches for somebody else.

    Raises:
        NotTheProxy: somebody else wrote the proxy's header.
    """
    logins = site.parts.logins
    secret = request.cookies.get(site.origin.login_cookie, "")
    login = logins.get(secret) if secret else None
    person = proxy.person(request)
    if person is None or (login is not None and login.person.key == person.key):
        return secret, login
    if login is not None:
        logins.end(login.person.key, login.id)
    secret = g.new_secret = logins.begin(person, browser_of(request))
    log.info("console_signed_in", extra={"person": person.key})
    return secret, logins.get(secret)


def _away(site: Site, word: str, error: EngineError | StoreError) -> Response:
    reason = error.reason if isinstance(error, EngineError) else str(error)
    log.warning("console_away", extra={"what": word, "reason": reason})
    away = site.error(503, word, again=5)
    away.headers["Retry-After"] = "5"
    return away
