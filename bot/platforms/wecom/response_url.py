"""The later reply to an AI bot's message: one call to the address that came with it.

The address is itself the credential, so it is never logged, and it comes from outside,
so nothing is sent to a host that is not allowed by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import requests

from bot.domain import PlatformError
from bot.platforms.kit import ResponseOrigins
from bot.platforms.wecom.client import Unreached, call

# Printable ASCII but the backslash, which some readers take for a slash.
_PATH = re.compile(r"/[!-\[\]-~]*")


class ResponseAddresses:
    """Sends to response addresses of these hosts, each written like "https://qyapi.weixin.qq.com"."""

    def __init__(self, session: requests.Session, hosts: Iterable[str]) -> None:
        self._session = session
        self._origins = ResponseOrigins(hosts, path=_PATH)

    def allows(self, address: str) -> bool:
        return self._origins.allow(address)

    def send(self, address: str, message: Mapping[str, Any]) -> None:
        """Use up the address. It is never tried twice: a try that failed may have used it.

        Raises:
            PlatformError: permanent, unless WeCom was certainly not reached.
        """
        if not self.allows(address):
            raise PlatformError("the response address is not one of WeCom's", permanent=True)
        try:
            call(self._session, "POST", address, json=dict(message))
        except Unreached:
            raise
        except PlatformError as failed:
            raise PlatformError(
                f"the later reply failed: {failed.reason}", permanent=True, maybe_sent=failed.maybe_sent
            ) from None
