"""The parts that pages are made with: templates, words, assets, and who is asking.

Everything foreign goes through Jinja's escaping; no template marks anything as safe, there is no
inline script or style, and the policy would not run one.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot import texts
from bot.console import assets
from bot.console.parts import Parts
from bot.console.visitor import Origin, Visitor, language_of
from bot.console.words import words_in
from bot.domain import Reply

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A page in the navigation; `endpoint` is the route's name, `word` the key of its name."""

    endpoint: str
    path: str
    word: str
    for_admins: bool = False


class Site:
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.origin = Origin(parts.bot.public_url)
        self.assets = assets.load()
        self._tabs: list[Tab] = []
        self.zone = ZoneInfo(parts.bot.timezone)
        self._templates = Environment(
            loader=PackageLoader("bot.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            moment=self._moment,
            count=_count,
            score=_score,
            percent=_percent,
            day=self._day,
            threshold=texts.threshold,
        )

    def add_tab(self, tab: Tab) -> None:
        self._tabs.append(tab)

    @property
    def visitor(self) -> Visitor:
        """The visitor who is signed in; only for routes that the gate lets nobody else into."""
        visitor: Visitor = g.visitor
        return visitor

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        language = language_of(request)
        visitor: Visitor | None = g.get("visitor")
        body = self._templates.get_template(template).render(
            {
                "w": words_in(language),
                "language": language,
                "visitor": visitor,
                "token": visitor.token if visitor else "",
                "tabs": self._tabs_of(visitor),
                "here": request.endpoint,
                "back": request.full_path.rstrip("?") if request.method == "GET" else request.path,
                "asset": {name: asset.path for name, asset in self.assets.items()},
                "once": secrets.token_urlsafe(12),
                "new_once": lambda: secrets.token_urlsafe(12),
                "said": self._reply() if visitor else None,
                **context,
            }
        )
        return Response(body, status, content_type="text/html; charset=utf-8")

    def _tabs_of(self, visitor: Visitor | None) -> list[Tab]:
        is_admin = visitor is not None and self.parts.rights.is_admin(visitor.person)
        return [tab for tab in self._tabs if is_admin or not tab.for_admins]

    def error(self, status: int, word: str, **context: Any) -> Response:
        """A refusal as a page; `word` begins the keys of its title and its sentence."""
        words = words_in(language_of(request))
        return self.page(
            "error.html",
            status,
            title=words[f"{word}_title"],
            sentence=words[f"{word}_sentence"],
            **context,
        )

    def _reply(self) -> Mapping[str, Any] | None:
        """The stored reply to the visitor's last change, by its number in the query parameter `said`."""
        number = request.args.get("said", "")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):  # noqa: PLR2004 - of a row
            return None
        said = self.parts.overview.console_reply(self.visitor.person, int(number))
        if said is None:
            return None
        return {
            "is_over": said.is_over or bool(said.replies),
            "replies": [_words_of(one) for one in said.replies],
        }

    def _moment(self, when: datetime | None) -> str:
        return "" if when is None else f"{when.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def _day(self, when: datetime) -> str:
        return f"{when.astimezone(self.zone):%Y-%m-%d}"


def links_of(reply: Reply) -> Sequence[str]:
    return [reply.link] if reply.kind == "document" and reply.link else []


def _words_of(reply: Reply) -> Mapping[str, Any]:
    """A reply as a page shows it: its words, and the file where it is one."""
    if reply.kind == "answer":
        return {"body": reply.question, "links": []}
    return {"body": reply.body, "links": links_of(reply)}


def _count(number: int) -> str:
    return f"{number:,}"


def _score(score: float) -> str:
    return texts.score(score)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
