"""The one passive answer of an application: a line of text, in the response to what it heard."""

from __future__ import annotations

from xml.sax.saxutils import escape

from bot.platforms.wecom.markup import clean

LIMIT_BYTES = 2_048


def text_reply(corp_id: str, user: str, content: str, now: float) -> bytes:
    """Roles are swapped. Escaped text instead of CDATA: there is no end mark to hide in it."""
    shown = clean(content).encode()[:LIMIT_BYTES].decode(errors="ignore")
    return (
        f"<xml><ToUserName>{escape(user)}</ToUserName><FromUserName>{escape(corp_id)}</FromUserName>"
        f"<CreateTime>{int(now)}</CreateTime><MsgType>text</MsgType>"
        f"<Content>{escape(shown)}</Content></xml>"
    ).encode()
