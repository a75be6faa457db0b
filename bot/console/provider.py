"""Signing in at an OpenID provider: the way there, and what the provider vouches for on the way back.

    begin ──► the provider's page (state, nonce, PKCE S256) ──► finish: code ──► checked ID token

The three secrets of one attempt lie in a cookie of the browser that began it, so that no other browser
can finish it. Nothing of a token is kept: whom it names is all that is wanted of it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from bot.config import Oidc
from bot.domain import Clock, Person
from bot.network_errors import name_cause

CALLBACK = "/console/sso/callback"
SCOPE = "openid email profile"
SECONDS = 5.0
LARGEST_BYTES = 256 * 1024
LEEWAY_SECONDS = 60
# What an issuer signs with; "none" and secrets shared with it are not among them.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
PLATFORM = "oidc"


class NotVouchedFor(Exception):
    """The provider's word is not taken; the reason is for the log."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the provider and back, as a cookie holds it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    @classmethod
    def of(cls, cookie: str) -> Attempt | None:
        parts = cookie.split(".")
        return cls(*parts) if len(parts) == len(("state", "nonce", "verifier")) and all(parts) else None

    @property
    def cookie(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}"


class Provider:
    """One issuer. Needs the extra `oidc`: ImportError from the constructor without it."""

    def __init__(
        self,
        oidc: Oidc,
        people: Mapping[str, str],
        *,
        address: str,
        clock: Clock,
        transport: BaseAdapter | None = None,
    ) -> None:
        # Imported here: an extra, which most installations go without.
        from authlib.integrations.requests_client import OAuth2Session
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        self._oidc = oidc
        self._people = people
        self._address = address
        self._clock = clock
        self._transport = transport
        self._session_kind = OAuth2Session
        self._jwt, self._refusal, self._keys = jwt, JoseError, KeySet

    def begin(self, attempt: Attempt) -> str:
        """The provider's page for this attempt. Raises NotVouchedFor when the provider is away."""
        with self._session() as session:
            known = self._discover(session)
            address, _ = session.create_authorization_url(
                known["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
            return str(address)

    def finish(self, attempt: Attempt, state: str, code: str) -> Person | None:
        """The person who came back; None for somebody whom we do not know. Raises NotVouchedFor."""
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise NotVouchedFor("another state")
        with self._session() as session:
            known = self._discover(session)
            try:
                token = session.fetch_token(
                    known["token_endpoint"], code=code, code_verifier=attempt.verifier, timeout=SECONDS
                )
            except Exception as refusal:  # the library's own kinds and those of `requests`
                raise NotVouchedFor(f"no token: {type(refusal).__name__}") from refusal
            claims = self._claims(str(token.get("id_token", "")), _json_of(session, known["jwks_uri"]))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), attempt.nonce.encode()):
            raise NotVouchedFor("another nonce")
        return self._person(claims)

    def _session(self) -> Any:
        session = self._session_kind(
            client_id=self._oidc.client_id,
            client_secret=self._oidc.client_secret.get_secret_value(),
            scope=SCOPE,
            redirect_uri=self._address,
            code_challenge_method="S256",
        )
        session.trust_env = False
        if self._transport is not None:
            session.mount("http://", self._transport)
            session.mount("https://", self._transport)
        return session

    def _discover(self, session: Any) -> Mapping[str, str]:
        issuer = self._oidc.issuer
        known = _json_of(session, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if known.get("issuer") != issuer:
            raise NotVouchedFor("the provider calls itself by another name than [bot.console.oidc] issuer")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if not all(isinstance(known.get(name), str) for name in needed):
            raise NotVouchedFor("the provider does not say where its pages are")
        return known

    def _claims(self, id_token: str, keys: Any) -> Mapping[str, Any]:
        wanted = self._jwt.JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._oidc.issuer},
            aud={"essential": True, "value": self._oidc.client_id},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            token = self._jwt.decode(id_token, self._keys.import_key_set(keys), algorithms=ALGORITHMS)
            wanted.validate(token.claims)
        except (self._refusal, ValueError, KeyError, TypeError) as refusal:
            raise NotVouchedFor(f"the ID token: {type(refusal).__name__}") from refusal
        claims: Mapping[str, Any] = token.claims
        if claims.get("azp", self._oidc.client_id) != self._oidc.client_id:
            raise NotVouchedFor("the ID token is another's")
        return claims

    def _person(self, claims: Mapping[str, Any]) -> Person | None:
        told_by, name = str(claims["sub"]), str(claims.get("name") or "")[:80]
        is_colleague = False
        if self._oidc.claim == "email":
            told_by = str(claims.get("email", "")).lower()
            domain = told_by.rpartition("@")[2]
            if claims.get("email_verified") is not True or domain not in map(str.lower, self._oidc.domains):
                return None
            is_colleague = True
        key = self._people.get(told_by)
        if key is not None:
            platform, tenant, id_ = key.split(":", 2)
            return Person(platform, tenant, id_, name)
        if not is_colleague:
            return None
        host = urlsplit(self._oidc.issuer).netloc
        return Person(PLATFORM, host, str(claims["sub"]), name or told_by)


def _json_of(session: Any, address: str) -> Mapping[str, Any]:
    try:
        answer = session.request("GET", address, withhold_token=True, timeout=SECONDS, allow_redirects=False)
        found = answer.json() if answer.status_code == requests.codes.ok else None
    except (requests.RequestException, ValueError) as problem:
        raise NotVouchedFor(f"the provider does not answer: {name_cause(problem)}") from problem
    if not isinstance(found, dict):
        raise NotVouchedFor("the provider answered with something else")
    return found
