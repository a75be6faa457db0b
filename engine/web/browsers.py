"""The guard against web pages, for an engine without a token.

Any page that somebody on this machine opens can send requests here, and with a name that it points at
this machine (DNS rebinding) it can read the answers. A browser always says who sends: `Host` is
the name that was asked for, `Origin` the page that asks, `Sec-Fetch-Site` how the two are related.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})


def refusal(method: str, headers: Mapping[str, str], hosts: Collection[str] = ()) -> str:
    """The reason why this request is refused, as a sentence; empty when no web page can have sent it.

    A host is an address, a name without a dot, which no page of the internet has, or one of `hosts`.
    """
    host = headers.get("Host", "")
    name = _name(host)
    if not (_is_address(name) or "." not in name or name in hosts):
        return (
            f'an engine without a token is not called "{name[:80]}": set [engine] token,'
            " or name this host in [engine] hosts"
        )
    if method in _READING:
        return ""
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return "web pages may change nothing here: set [engine] token if another program should"
    if headers.get("Sec-Fetch-Site", "none") not in _OWN:
        return "web pages of another site may change nothing here"
    return ""


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
