"""Reading the fields of what Mattermost sends."""

from __future__ import annotations

import re

# Of a user, a channel, a post, a team, a file.
ID = re.compile(r"[a-z0-9]{26}")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def clean(text: str) -> str:
    """Without what no database or terminal should see: lone surrogates and control characters."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNWANTED.sub("", whole)
