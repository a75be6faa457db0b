"""The person at the browser, and whether the request is theirs: cookies, tokens against forgery, language.

The login's secret lives in a cookie that no script reads. The token in our forms is made of it, so
that it ends with the login and nothing need be kept.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request, Response

from bot.domain import Language, Person
from bot.store import Login
from bot.store.logins import LINK_SECONDS, LONGEST_SECONDS

LANGUAGE = "kbdial-language"
_YEAR_SECONDS = 365 * 24 * 3600
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The order matters: a browser that names both is answered in the one that it names first.
_FAMILIES = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who is signed in. `token` belongs in every form that they are given."""

    login: Login
    token: str

    @property
    def person(self) -> Person:
        return self.login.person

    @property
    def name(self) -> str:
        return self.person.name or self.person.id


class Origin:
    """The one address under which the console is reached: that of `public_url`.

    Off this machine it must be https, or passwords would be as good as shouted; on loopback a
    browser keeps a `Secure` cookie for plain http only where it calls the host "localhost", so
    there the cookies go without, under a name without the `__Host-` that promises it.
    """

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.host = parts.netloc.lower()
        self.is_secure = parts.scheme == "https"
        self.is_usable = self.is_secure or parts.hostname in _LOOPBACK
        prefix = "__Host-" if self.is_secure else ""
        self.login_cookie = f"{prefix}kbdial-login"
        self.nonce_cookie = f"{prefix}kbdial-sign-in"
        self.provider_cookie = f"{prefix}kbdial-provider"

    def is_asked(self, request: Request) -> bool:
        return request.host.lower() == self.host

    def is_forged(self, request: Request) -> bool:
        """Whether another site may have made the browser send this.

        Under our `no-referrer` a browser writes `Origin: null` on our own forms too, so what it says
        of the site goes first; one too old for that is judged by its Origin, and null is nobody.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site not in {"same-origin", "none"}
        return request.headers.get("Origin", self.url).lower() != self.url.lower()

    def set_login(self, response: Response, secret: str) -> None:
        self._set(response, self.login_cookie, secret, LONGEST_SECONDS)

    def set_nonce(self, response: Response, nonce: str) -> None:
        self._set(response, self.nonce_cookie, nonce, LINK_SECONDS)

    def set_pending(self, response: Response, pending: str) -> None:
        self._set(response, self.provider_cookie, pending, LINK_SECONDS)

    def forget(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.is_secure, httponly=True, samesite="Lax")

    def set_language(self, response: Response, language: Language) -> None:
        self._set(response, LANGUAGE, language, _YEAR_SECONDS)

    def _set(self, response: Response, name: str, value: str, seconds: float) -> None:
        # Lax and not Strict: a link out of the chat comes from another site, and must find its login.
        response.set_cookie(
            name, value, max_age=int(seconds), path="/", secure=self.is_secure, httponly=True, samesite="Lax"
        )


def token_of(secret: str) -> str:
    """The token that our forms carry for the login (or the sign-in) of this secret."""
    return hmac.new(secret.encode(), b"kbdial console form", hashlib.sha256).hexdigest()


def is_token(secret: str, given: str) -> bool:
    return bool(secret) and hmac.compare_digest(token_of(secret).encode(), given.encode())


def language_of(request: Request) -> Language:
    chosen = request.cookies.get(LANGUAGE)
    if chosen == "zh":
        return "zh"
    if chosen == "en":
        return "en"
    return "zh" if request.accept_languages.best_match(["en", "zh"], default="en") == "zh" else "en"


def browser_of(request: Request) -> str:
    """The family of the browser, for the list of logins; no version and no address."""
    agent = request.headers.get("User-Agent", "")
    return next((name for mark, name in _FAMILIES if mark in agent), "")
