"""The visitor that a reverse proxy names: believed from the listed addresses alone, with the secret."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import ip_address

from flask import Request

from bot.config import ProxyHeader
from bot.domain import Person

SECRET_HEADER = "X-Kbdial-Proxy-Secret"  # noqa: S105 - its name
PLATFORM = "proxy"
LONGEST_NAME = 200


class NotTheProxy(Exception):
    """The proxy's header, from an address or with a secret that is not the proxy's."""


class Proxy:
    def __init__(self, proxy: ProxyHeader, people: Mapping[str, str]) -> None:
        self._proxy = proxy
        self._people = people

    def person(self, request: Request) -> Person | None:
        """The person whom the header names; None where it is not used or not there.

        Raises:
            NotTheProxy: it came from elsewhere, without the secret, or names nobody or several.
        """
        if not self._proxy.header or self._proxy.header not in request.headers:
            return None
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._proxy.secret.get_secret_value().encode()):
            raise NotTheProxy("wrong secret")
        try:
            peer = ip_address(request.remote_addr or "")
        except ValueError:
            raise NotTheProxy("no address") from None
        if not any(peer in network for network in self._proxy.addresses):
            raise NotTheProxy(f"from {peer}")
        name = request.headers[self._proxy.header]
        if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME or "," in name:
            raise NotTheProxy("no name")
        key = self._people.get(name)
        if key is None:
            return Person(PLATFORM, "local", name, name)
        platform, tenant, id_ = key.split(":", 2)
        return Person(platform, tenant, id_, name)
