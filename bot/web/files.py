"""Files fetched by a signed link from the chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

from flask import Blueprint, Response
from itsdangerous import BadSignature, URLSafeSerializer

from bot.domain import File

ROUTE = "/console/export/"
GONE = (
    "This link has expired or was never valid. Ask for the file again in the chat.\n"
    "这个链接已失效，请在聊天里重新获取。\n"
)


def blueprint(
    *,
    read: Callable[[str], str | None],
    find: Callable[[str], File | None],
    pieces: Callable[[str], Iterator[bytes]],
) -> Blueprint:
    """The route of the links.

    `read` checks a token and gives the id it names, `find` the file while it is kept, without its
    content, and `pieces` that.
    """
    routes = Blueprint("files", __name__)

    @routes.get(f"{ROUTE}<token>")
    def fetch(token: str) -> Response:
        document_id = read(token)
        file = find(document_id) if document_id is not None else None
        if file is None or document_id is None:
            return Response(GONE, 404, content_type="text/plain; charset=utf-8")
        name = quote(file.name)
        return Response(
            pieces(document_id),
            content_type=file.media_type,
            headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
        )

    return routes


class SignedLinks:
    """Signs and reads the addresses of files.

    `secret` gives this installation's own key; it is asked for when first needed.
    """

    def __init__(self, public_url: str, secret: Callable[[], str]) -> None:
        self._public_url = public_url
        self._secret = secret

    def to(self, document_id: str) -> str:
        return f"{self._public_url}{ROUTE}{self._signer().dumps(document_id)}"

    def read(self, token: str) -> str | None:
        """The document's id; None for what we did not sign. How long it lasts, the store knows."""
        try:
            document_id = self._signer().loads(token)
        except BadSignature:
            return None
        return document_id if isinstance(document_id, str) else None

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._secret(), salt="export")
