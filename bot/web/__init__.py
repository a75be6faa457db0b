"""The bot's HTTP application: every request from outside, whatever it is for.

A status code is a promise: 200 means stored (or known, or deliberately ignored), 401 not
authentic, 4xx that sending it again cannot help, 503 that it should be sent again. 500 is
never said.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

# A click carries the whole message it belongs to; 256 KiB is ample for that.
BODY_LIMIT_BYTES = 256 * 1024
# On every answer that has none of its own, also where no route was reached.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}


def create(blueprints: Iterable[Blueprint]) -> Flask:
    """The application, made of one blueprint a platform and one for operators."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _refusal)
    app.register_error_handler(Exception, _mistake)
    app.after_request(_with_safe_headers)
    return app


def _refusal(error: HTTPException) -> Response:
    response = Response(f"{error.name}\n", status=error.code, mimetype="text/plain")
    if error.code == 405 and hasattr(error, "valid_methods"):  # noqa: PLR2004 - method not allowed
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return response


def _mistake(error: Exception) -> Response:
    # The one place of the web side that catches everything. The message was not stored,
    # so it is worth sending again.
    log.error("request_failed", exc_info=error)
    return Response("not available, please repeat\n", 503, {"Retry-After": "5"}, mimetype="text/plain")


def _with_safe_headers(response: Response) -> Response:
    for name, value in SAFE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
