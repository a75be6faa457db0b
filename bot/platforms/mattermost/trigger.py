"""The id that Mattermost gives each command and each click: who, when, and the server's own signature.

It is base64 of `CLIENT:USER:MILLISECONDS:SIGNATURE`. The signature is the server's to check; what we
can see is that it names the person and is young. A copied request does not stay good for ever.
"""

from __future__ import annotations

import base64
import binascii
import re

FRESH_SECONDS = 300.0

_FORM = re.compile(r"[A-Za-z0-9+/_-]{16,1024}={0,2}")
_PARTS = re.compile(
    rb"(?P<client>[^:]{1,64}):(?P<user>[a-z0-9]{26}):(?P<at>[0-9]{13}):(?P<proof>.+)", re.DOTALL
)


class Untrusted(Exception):
    """No id of this person's, or not of now. The reason is one of a few fixed words."""


def check_trigger(trigger_id: str, user_id: str, now: float) -> None:
    """Check that an id names this person and was made within FRESH_SECONDS of `now` (seconds since 1970).

    Raises:
        Untrusted
    """
    if not _FORM.fullmatch(trigger_id):
        raise Untrusted("malformed")
    try:
        whole = base64.b64decode(trigger_id + "=" * (-len(trigger_id) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        raise Untrusted("malformed") from None
    parts = _PARTS.fullmatch(whole)
    if parts is None:
        raise Untrusted("malformed")
    if parts["user"] != user_id.encode(errors="replace"):
        raise Untrusted("forged")
    if abs(now - int(parts["at"]) / 1000) > FRESH_SECONDS:
        raise Untrusted("stale")
