"""Where a browser goes next."""

from __future__ import annotations

from flask import Response, make_response, redirect


def see_other(path: str) -> Response:
    """The page to go to, with a GET, after a form or instead of this one."""
    return make_response(redirect(path, 303))
