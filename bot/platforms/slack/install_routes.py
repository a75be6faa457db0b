"""The pages that install the app in a workspace.

    GET /slack/install ─► a page with one button
    POST /slack/install ─► a state for this browser ─► Slack asks "allow?" ─► GET /slack/oauth_redirect

Looking at the page starts nothing, because a chat program fetches links for their previews. The state is
good once, for ten minutes and for the browser that has its cookie; the way back comes from another
site, so that cookie is `Lax`.
"""

from __future__ import annotations

import logging
import re
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request
from markupsafe import escape

from bot.domain import Language
from bot.platforms.slack.install_words import PAGES
from bot.platforms.slack.installing import Installer, NotInstalled
from bot.store import StoreError
from bot.store.installations import STATE_SECONDS, Installations

REDIRECT = "/slack/oauth_redirect"
_secret_form = re.compile(r"[A-Za-z0-9_-]{20,100}")
_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>kbdial</title></head>
<body><main><h1>{title}</h1><p>{body}</p>{form}</main></body>
</html>
"""
_FORM = '<form method="post" action="/slack/install"><button type="submit">{label}</button></form>'
_STATUS = {"expired": 400, "refused": 400, "foreign": 403, "unwanted": 403, "unreached": 502}

log = logging.getLogger(__name__)


def blueprint(installer: Installer, installations: Installations, public_url: str) -> Blueprint:
    """The two routes, good under the host of `public_url` alone."""
    routes = Blueprint("slack_install", __name__, url_prefix="/slack")
    parts = urlsplit(public_url)
    is_secure = parts.scheme == "https"
    cookie = f"{'__Host-' if is_secure else ''}kbdial-slack"
    slack = urlsplit(installer.address(""))

    @routes.before_request
    def enter() -> Response | None:
        if request.host.lower() != parts.netloc.lower():
            return _page(421, "wrong_host", address=f"{public_url}/slack/install")
        return None

    @routes.get("/install")
    def show() -> Response:
        return _page(200, "install", with_form=True)

    @routes.post("/install")
    def begin() -> Response:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return _page(403, "expired", with_form=True)
        browser = secrets.token_urlsafe(32)
        state = installations.new_state(browser)
        if state is None:
            busy = _page(503, "busy")
            busy.headers["Retry-After"] = "60"
            return busy
        onward = redirect(installer.address(state), 303)
        response = Response(onward.get_data(), status=onward.status_code, headers=dict(onward.headers))
        response.set_cookie(
            cookie,
            browser,
            max_age=int(STATE_SECONDS),
            path="/",
            secure=is_secure,
            httponly=True,
            samesite="Lax",
        )
        return response

    @routes.get("/oauth_redirect")
    def finish() -> Response:
        response = _finish(installer, installations, request.cookies.get(cookie, ""))
        response.delete_cookie(cookie, path="/", secure=is_secure, httponly=True, samesite="Lax")
        return response

    @routes.errorhandler(StoreError)
    def away(failed: StoreError) -> Response:
        log.error("slack_install_not_kept", extra={"reason": str(failed)})
        response = _page(503, "away", with_form=True)
        response.headers["Retry-After"] = "5"
        return response

    @routes.after_request
    def with_policy(response: Response) -> Response:
        # A form may lead where its answer sends the browser: to Slack.
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; form-action 'self' {slack.scheme}://{slack.netloc};"
            " frame-ancestors 'none'; base-uri 'none'"
        )
        return response

    return routes


def _finish(installer: Installer, installations: Installations, browser: str) -> Response:
    state = request.args.get("state", "")
    is_ours = _secret_form.fullmatch(state) and _secret_form.fullmatch(browser)
    if not is_ours or not installations.redeem(state, browser):
        log.warning("slack_install_state_refused")
        return _page(403, "expired", with_form=True)
    if "error" in request.args:
        return _page(200, "denied", with_form=True)
    try:
        done = installer.install(request.args.get("code", ""))
    except NotInstalled as failed:
        return _page(_STATUS[failed.why], failed.why, with_form=failed.why in {"expired", "unreached"})
    if done.missing_scopes:
        return _page(200, "installed_partly", name=done.name, scopes=", ".join(done.missing_scopes))
    return _page(200, "installed", name=done.name)


def _page(status: int, word: str, *, with_form: bool = False, **values: str) -> Response:
    language: Language = (
        "zh" if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" else "en"
    )
    words = PAGES[language]
    title, body = words[word]
    shown = {name: escape(value) for name, value in values.items()}
    form = _FORM.format(label=words["button"][0]) if with_form else ""
    text = _PAGE.format(language=language, title=title.format(**shown), body=body.format(**shown), form=form)
    return Response(text, status=status, content_type="text/html; charset=utf-8")
