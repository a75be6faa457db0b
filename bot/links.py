"""Addresses under which a file can be fetched once without logging in: signed, and for a while."""

from __future__ import annotations

from collections.abc import Callable

from itsdangerous import BadSignature, URLSafeSerializer

ROUTE = "/console/export/"


class Links:
    """`secret` gives this installation's own key; it is asked for when first needed."""

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
