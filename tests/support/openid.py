"""A provider that behaves like one: discovery, PKCE S256, codes good once, signed ID tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "kbdial", "a secret of the provider's, long enough"


@dataclass
class OpenId:
    """`claims` is who signs in there; `spoil` is put over the claims of the ID token that it writes."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "Ann"})
    spoil: dict[str, Any] = field(default_factory=dict)
    signs_with: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    shows: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def sign_in(self, address: str) -> str:
        """Sign in as the person's browser does, and return the address to which it is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert {"state", "nonce", "code_challenge", "redirect_uri"} <= set(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def application(self) -> Flask:
        app = Flask(__name__)

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            return jsonify(
                issuer=self.url,
                authorization_endpoint=f"{self.url}/authorize",
                token_endpoint=f"{self.url}/token",
                jwks_uri=f"{self.url}/keys",
            )

        @app.get("/keys")
        def keys() -> Response:
            return jsonify(keys=[(self.shows or self.signs_with).as_dict(private=False)])

        @app.get("/authorize")
        def authorize() -> Any:
            return redirect(self.sign_in(request.url))

        @app.post("/token")
        def token() -> Any:
            asked = self.codes.pop(request.form["code"], None)
            basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            challenge = base64.urlsafe_b64encode(
                hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
            ).rstrip(b"=")
            is_right = (
                asked is not None
                and request.headers.get("Authorization") == f"Basic {basic}"
                and asked["code_challenge"] == challenge.decode()
                and asked["redirect_uri"] == request.form.get("redirect_uri")
            )
            if not is_right or asked is None:
                return jsonify(error="invalid_grant"), 400
            now = int(time.time())
            claims = {
                "iss": self.url,
                "aud": CLIENT,
                "iat": now,
                "exp": now + 300,
                "nonce": asked["nonce"],
                **self.claims,
                **self.spoil,
            }
            signed = jwt.encode({"alg": "RS256", "kid": self.signs_with.kid}, claims, self.signs_with)
            return jsonify(access_token="none", token_type="Bearer", expires_in=300, id_token=signed)

        return app


@contextmanager
def an_openid_provider() -> Iterator[OpenId]:
    provider = OpenId()
    server = make_server("127.0.0.1", 0, provider.application(), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
