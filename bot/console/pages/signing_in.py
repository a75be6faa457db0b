"""Signing in by a one-time link, signing out, and where one is signed in.

A chat program fetches a link for its preview, so looking at one must not use it up: GET shows
whom it is for and sets a nonce in a cookie, and only the POST that brings the nonce back signs in.
"""

from __future__ import annotations

import logging
import secrets

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.console.redirects import see_other
from bot.console.site import Site
from bot.console.visitor import browser_of, is_token, token_of
from bot.store.logins import id_of

log = logging.getLogger(__name__)

HOME = "/console"


def add(routes: Blueprint, site: Site) -> None:
    logins, origin = site.parts.logins, site.origin

    @routes.get("/sign-in/<token>")
    def invitation(token: str) -> Response:
        person = logins.person_of_link(token)
        if person is None:
            return site.error(410, "link_gone")
        nonce = secrets.token_urlsafe(16)
        response = site.page("sign_in.html", person=person, form_token=token_of(nonce))
        origin.set_nonce(response, nonce)
        return response

    @routes.post("/sign-in/<token>")
    def sign_in(token: str) -> Response:
        nonce = request.cookies.get(origin.nonce_cookie, "")
        if origin.is_forged(request) or not is_token(nonce, request.form.get("token", "")):
            return site.error(403, "forged_sign_in")
        secret = logins.redeem(token, browser_of(request))
        if secret is None:
            log.warning("console_link_refused")
            return site.error(410, "link_gone")
        response = signed_in(site, secret)
        origin.forget(response, origin.nonce_cookie)
        return response

    @routes.post("/sign-out")
    def sign_out() -> Response:
        person = site.visitor.person
        logins.end(person.key, site.visitor.login.id)
        log.info("console_signed_out", extra={"person": person.key})
        response = site.error(200, "signed_out")
        origin.forget(response, origin.login_cookie)
        return response

    @routes.get("/logins")
    def own_logins() -> Response:
        secret = request.cookies.get(origin.login_cookie, "")
        return site.page("logins.html", logins=logins.of(site.visitor.person), this=id_of(secret))

    @routes.post("/logins/end")
    def end_login() -> Response:
        if not logins.end(site.visitor.person.key, request.form.get("login", "")):
            raise NotFound
        return see_other(f"{HOME}/logins")

    @routes.post("/logins/end-all")
    def end_all() -> Response:
        logins.end(site.visitor.person.key)
        return site.error(200, "signed_out")

    @routes.post("/language")
    def choose_language() -> Response:
        response = see_other(safe_path(request.form.get("back", "")))
        origin.set_language(response, "zh" if request.form.get("language") == "zh" else "en")
        return response


def signed_in(site: Site, secret: str) -> Response:
    """Home, with the login of this secret in the place of the one before."""
    logins, origin = site.parts.logins, site.origin
    old = request.cookies.get(origin.login_cookie, "")
    if old and (login := logins.get(old)) is not None:
        logins.end(login.person.key, login.id)
    made = logins.get(secret)
    log.info("console_signed_in", extra={"person": made.person.key if made else ""})
    response = see_other(HOME)
    origin.set_login(response, secret)
    return response


def safe_path(path: str) -> str:
    """A page of the console to go back to; its home for anything that leads elsewhere."""
    # What stands behind the question mark is somebody's words, and leads nowhere.
    place = path.partition("?")[0]
    is_ours = place == HOME or place.startswith(f"{HOME}/")
    is_plain = path.isprintable() and "\\" not in path and "//" not in place and ".." not in place
    return path if is_ours and is_plain else HOME
