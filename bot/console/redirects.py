"""Redirects: the response that sends a browser on to another page."""

from __future__ import annotations

from flask import Response, make_response, redirect


def see_other(path: str) -> Response:
    """A 303 response: the browser gets `path` with a GET, after a form or instead of this page."""
    return make_response(redirect(path, 303))
