"""Signing in by an OpenID provider and by a proxy's header, against a provider that behaves like one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError

from bot.config import Console
from bot.console.proxy import SECRET_HEADER
from tests.bot.console.conftest import FRUIT
from tests.support.console import LIN, Visitor, link_for
from tests.support.engine import a_knowledge_base
from tests.support.hang_guard import HANG_SECONDS
from tests.support.openid import CLIENT, SECRET, OpenId, an_openid_provider
from tests.support.program import Program, a_program

ORIGIN = "http://127.0.0.1:8000"
PROXY_SECRET = "a secret shared with the proxy alone"
PEOPLE = {"u-1": "slack:T1:U1", "ann@example.com": "slack:T1:U1", "ann": "slack:T1:U1"}


@pytest.fixture(scope="module")
def openid() -> Iterator[OpenId]:
    with an_openid_provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
def _honest(openid: OpenId) -> None:
    openid.claims, openid.spoil, openid.shows = {"sub": "u-1", "name": "Ann"}, {}, None


def console_of(openid: OpenId, **keys: Any) -> dict[str, Any]:
    named = {"issuer": openid.url, "client_id": CLIENT, "client_secret": SECRET, **keys}
    proxy = {"header": "X-Remote-User", "addresses": ["127.0.0.0/8"], "secret": PROXY_SECRET}
    return {"people": PEOPLE, "oidc": named, "proxy": proxy}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, openid: OpenId) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("sso")
    base = a_knowledge_base(folder / "kb", *FRUIT)
    with a_program(folder / "bot", base, with_web=True, console=console_of(openid)) as program:
        assert program.people.command("/ask", "apple").status_code == 200  # Ann, in slack:T1:C1
        yield program


@pytest.fixture(scope="module")
def by_mail(tmp_path_factory: pytest.TempPathFactory, openid: OpenId) -> Iterator[Program]:
    folder: Path = tmp_path_factory.mktemp("mail")
    base = a_knowledge_base(folder / "kb", *FRUIT)
    console = console_of(openid, claim="email", domains=["Example.com"])
    with a_program(folder / "bot", base, with_web=True, console=console) as program:
        yield program


def back_from(openid: OpenId, visitor: Visitor) -> str:
    """The path to which the provider sends the visitor back."""
    there = visitor.get("/console/sso/login")
    assert there.status_code == 303
    return openid.sign_in(there.headers["Location"]).removeprefix(ORIGIN)


def name_of(visitor: Visitor) -> str:
    page = visitor.get("/console/logins").text
    return page[page.index('href="/console/logins"') :].partition(">")[2].partition("<")[0]


def test_whoever_the_provider_vouches_for_is_who_the_configuration_says(
    program: Program, openid: OpenId
) -> None:
    visitor = Visitor(program)
    assert "/console/sso/login" in visitor.get("/console/dial").text
    assert visitor.get(back_from(openid, visitor)).status_code == 303
    assert name_of(visitor) == "Ann"
    login = program.app.logins.get(_cookie(visitor))
    assert login is not None
    assert login.person.key == "slack:T1:U1"


def test_a_way_back_is_good_once_and_in_its_own_browser(program: Program, openid: OpenId) -> None:
    visitor, other = Visitor(program), Visitor(program)
    back = back_from(openid, visitor)
    back_from(openid, other)
    assert other.get(back).status_code == 400
    assert other.get("/console/dial").status_code == 401
    assert Visitor(program).get(back).status_code == 400
    assert visitor.get(back).status_code == 303
    assert visitor.get(back).status_code == 400  # the cookie of the attempt is gone


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "another"},
        {"aud": "somebody else"},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"iss": "https://evil.test"},
        {"exp": 1},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_ours_signs_nobody_in(
    program: Program, openid: OpenId, spoil: dict[str, Any]
) -> None:
    openid.spoil = spoil
    visitor = Visitor(program)
    assert visitor.get(back_from(openid, visitor)).status_code == 400
    assert visitor.get("/console/dial").status_code == 401


def test_a_token_signed_with_another_key_signs_nobody_in(program: Program, openid: OpenId) -> None:
    openid.shows = RSAKey.generate_key(2048, auto_kid=True)
    visitor = Visitor(program)
    assert visitor.get(back_from(openid, visitor)).status_code == 400


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=x", "code=x&state=y", "error=access_denied&state=x", "code=" + "x" * 5000]
)
def test_an_odd_way_back_ends_in_a_page(program: Program, openid: OpenId, query: str) -> None:
    visitor = Visitor(program)
    back_from(openid, visitor)
    assert visitor.get(f"/console/sso/callback?{query}").status_code == 400


def test_somebody_whom_nobody_listed_is_told_so(program: Program, openid: OpenId) -> None:
    openid.claims = {"sub": "stranger"}
    visitor = Visitor(program)
    assert visitor.get(back_from(openid, visitor)).status_code == 403
    assert visitor.get("/console/dial").status_code == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "Ann@Example.com", "email_verified": True}, 303),
        ({"email": "new@example.com", "email_verified": True}, 303),
        ({"email": "ann@example.com", "email_verified": False}, 403),
        ({"email": "ann@example.com", "email_verified": "true"}, 403),
        ({"email": "ann@example.com"}, 403),
        ({"email": "ann@evil.test", "email_verified": True}, 403),
        ({"email": "ann@example.com.evil.test", "email_verified": True}, 403),
        ({}, 403),
    ],
    ids=str,
)
def test_an_address_counts_when_it_is_verified_and_its_domain_listed(
    by_mail: Program, openid: OpenId, claims: dict[str, Any], status: int
) -> None:
    openid.claims = {"sub": "u-7", **claims}
    visitor = Visitor(by_mail)
    assert visitor.get(back_from(openid, visitor)).status_code == status


def test_a_colleague_whom_nobody_mapped_sees_the_dial_and_no_channel(
    by_mail: Program, openid: OpenId
) -> None:
    openid.claims = {"sub": "u-8", "email": "new@example.com", "email_verified": True}
    visitor = Visitor(by_mail)
    visitor.get(back_from(openid, visitor))
    assert visitor.get("/console/dial?q=apple").status_code == 200
    assert visitor.get("/console/operators").status_code == 404
    assert "slack:" not in visitor.get("/console/channels").text


def test_signing_in_there_writes_nothing_secret_into_the_log(
    program: Program, openid: OpenId, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="bot")
    visitor = Visitor(program)
    back = back_from(openid, visitor)
    visitor.get(back)
    for part in back.partition("?")[2].split("&"):
        assert part.partition("=")[2] not in caplog.text


def through_the_proxy(visitor: Visitor, name: str) -> int:
    said = {"X-Remote-User": name, SECRET_HEADER: PROXY_SECRET}
    peer = {"REMOTE_ADDR": "127.0.0.1"}
    return visitor.client.get(
        "/console/dial", base_url=ORIGIN, headers=said, environ_overrides=peer
    ).status_code


def test_the_proxys_word_is_a_login(program: Program) -> None:
    visitor = Visitor(program)
    assert through_the_proxy(visitor, "ann") == 200
    assert name_of(visitor) == "ann"
    login = program.app.logins.get(_cookie(visitor))
    assert login is not None
    assert login.person.key == "slack:T1:U1"
    # Another person behind the same proxy and browser is not the one before.
    assert through_the_proxy(visitor, "zoe") == 200
    other = program.app.logins.get(_cookie(visitor))
    assert other is not None
    assert other.person.key == "proxy:local:zoe"
    assert [one.id for one in program.app.logins.of(login.person) if one.id == login.id] == []


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("10.1.1.1", {"X-Remote-User": "ann", SECRET_HEADER: PROXY_SECRET}),
        ("127.0.0.1", {"X-Remote-User": "ann"}),
        ("127.0.0.1", {"X-Remote-User": "ann", SECRET_HEADER: "wrong"}),
        ("127.0.0.1", {"X-Remote-User": "", SECRET_HEADER: PROXY_SECRET}),
        ("127.0.0.1", {"X-Remote-User": "ann,bob", SECRET_HEADER: PROXY_SECRET}),
    ],
    ids=str,
)
def test_the_header_from_anybody_else_is_refused(
    program: Program, peer: str, headers: dict[str, str]
) -> None:
    answered = program.app.flask.test_client().get(
        "/console/dial", base_url=ORIGIN, headers=headers, environ_overrides={"REMOTE_ADDR": peer}
    )
    assert answered.status_code == 400
    assert "Set-Cookie" not in answered.headers


def test_without_the_setting_the_header_is_nothing(tmp_path: Path) -> None:
    base = a_knowledge_base(tmp_path / "kb", *FRUIT)
    with a_program(tmp_path / "bot", base, with_web=True) as program:
        visitor = Visitor(program)
        assert visitor.get("/console/dial", **{"X-Remote-User": "ann"}).status_code == 401
        assert visitor.get("/console/sso/login").status_code == 404
        assert visitor.get(link_for(program, LIN)).status_code == 200


@pytest.mark.parametrize(
    "section",
    [
        {"people": {"ann": "root"}},
        {"people": {"ann": "slack::U1"}},
        {"oidc": {"issuer": "http://id.example.com", "client_id": "x", "client_secret": SECRET}},
        {"oidc": {"issuer": "https://id.example.com"}},
        {
            "oidc": {
                "issuer": "https://id.example.com",
                "client_id": "x",
                "client_secret": SECRET,
                "claim": "email",
            }
        },
        {"proxy": {"header": "X-Remote-User"}},
        {"proxy": {"header": "X Remote", "addresses": ["10.0.0.1"], "secret": SECRET}},
        {"proxy": {"header": "X-User", "addresses": ["not one"], "secret": SECRET}},
    ],
    ids=str,
)
def test_what_would_let_anybody_in_is_no_configuration(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Console.model_validate(section)


def _cookie(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie("kbdial-login", domain="127.0.0.1")
    return cookie.value if cookie else ""


def test_without_its_package_the_program_does_not_start_and_says_what_to_run(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[bot.console.oidc]\nissuer = "https://sso.example.com"\nclient_id = "kbdial"\n'
        'client_secret = "k7Qm2Vx9-of-the-provider"\n',
        encoding="utf-8",
    )
    without = "import sys; sys.modules['authlib'] = None; from bot.__main__ import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", without, "--config", str(config), "serve"],
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("[bot.console.oidc] needs the package authlib")
    assert "pip install -e '.[oidc]'" in ended.stderr
    assert "Traceback" not in ended.stderr
