"""Calls a WSGI application from a `requests` session, without a socket. While `is_cut` nobody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter
from werkzeug.test import Client


class WsgiTransport(BaseAdapter):
    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        super().__init__()
        self._application = application
        self.is_cut = False

    def send(  # noqa: PLR0917 - the base class's signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        del stream, timeout, verify, cert, proxies
        if self.is_cut:
            raise requests.ConnectionError("nobody listens there")
        answered = Client(self._application).open(
            request.path_url,
            method=request.method,
            data=request.body,
            headers=list(request.headers.items()),
        )
        response = requests.Response()
        response.status_code = answered.status_code
        response.headers.update(answered.headers)
        response.raw = BytesIO(answered.data)
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Nothing is open."""
