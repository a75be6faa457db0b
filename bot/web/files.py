"""Files fetched by a signed link from the chat."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from flask import Blueprint, Response

from bot.domain import File
from bot.links import ROUTE

GONE = (
    "This link has expired or was never valid. Ask for the file again in the chat.\n"
    "这个链接已失效，请在聊天里重新获取。\n"
)


def blueprint(*, read: Callable[[str], str | None], find: Callable[[str], File | None]) -> Blueprint:
    """`read` checks a token and gives the id it names, `find` the file while it is kept."""
    routes = Blueprint("files", __name__)

    @routes.get(f"{ROUTE}<token>")
    def fetch(token: str) -> Response:
        document_id = read(token)
        file = find(document_id) if document_id is not None else None
        if file is None:
            return Response(GONE, 404, content_type="text/plain; charset=utf-8")
        name = quote(file.name)
        return Response(
            file.content,
            content_type=file.media_type,
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    return routes
