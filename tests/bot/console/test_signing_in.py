"""One-time links, logins and what keeps others out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.console.pages.signing_in import safe_path
from tests.bot.store.building import HandClock
from tests.support.console import ANN, BOB, LIN, Visitor, a_visitor, link_for
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program

HTTPS = "https://kb.example.com"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple"), clock=HandClock()) as program:
        yield program


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Program]:
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple"), public_url=HTTPS) as program:
        yield program


def test_robots_that_fetch_the_link_do_not_use_it_up_and_get_no_login(program: Program) -> None:
    path, robot, person = link_for(program, ANN), Visitor(program), Visitor(program)
    for _ in range(3):
        assert robot.get(path).status_code == 200
        assert robot.client.head(path, base_url=robot.origin).status_code == 200
    assert robot.get("/console/logins").status_code == 401
    assert "Sign in as Ann" in person.get(path).text
    assert person.post(path).status_code == 303
    assert person.get("/console/logins").status_code == 200
    assert robot.get(path).status_code == 410


def test_a_link_signs_in_once_of_forty_at_the_same_moment(program: Program) -> None:
    path = link_for(program, ANN)
    visitors = [Visitor(program) for _ in range(40)]
    for visitor in visitors:
        visitor.get(path)
    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda visitor: visitor.post(path).status_code, visitors))
    assert sorted(statuses) == [303] + 39 * [410]


def test_a_new_link_makes_the_one_before_worthless_and_ten_minutes_end_it(program: Program) -> None:
    first, second = link_for(program, ANN), link_for(program, ANN)
    assert Visitor(program).get(first).status_code == 410
    clock = program.edges.clock
    assert isinstance(clock, HandClock)
    clock.go_on(599)
    assert Visitor(program).get(second).status_code == 200
    clock.go_on(1)
    assert Visitor(program).get(second).status_code == 410


def test_unknown_altered_and_used_links_are_told_apart_by_nothing(program: Program) -> None:
    good = link_for(program, ANN)
    used = link_for(program, BOB)
    visitor = Visitor(program)
    visitor.get(used)
    visitor.post(used)
    bodies = {
        Visitor(program).get(path).text.replace(path, "") for path in (used, good[:-1] + "~", good + "x")
    }
    assert len(bodies) == 1


def test_a_link_is_not_signed_in_by_a_forged_form(program: Program) -> None:
    path, victim = link_for(program, ANN), Visitor(program)
    assert victim.post(path).status_code == 403  # never looked at: no cookie, no token
    victim.get(path)
    assert victim.post(path, token="0" * 64).status_code == 403
    assert victim.post(path, {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert victim.post(path, {"Origin": "null"}).status_code == 403
    assert victim.post(path, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_form_without_its_token_or_with_anothers_changes_nothing(program: Program) -> None:
    lin, bob = a_visitor(program, LIN), a_visitor(program, BOB)
    program.say("hello", room="kitchen")
    wanted = {"channel": "terminal:local:kitchen", "verb": "/threshold", "argument": "0.9", "once": "1"}
    for token in ("", "0" * 64, bob.token):
        assert lin.post("/console/do", token=token, **wanted).status_code == 403
    for headers in ({"Origin": "null"}, {"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert lin.post("/console/do", headers, **wanted).status_code == 403
    assert "0.9" not in str(program.say("/threshold", room="kitchen"))
    assert lin.post("/console/do", **wanted).status_code == 303
    assert "0.90" in str(program.say("/threshold", room="kitchen"))


def test_the_cookie_is_host_bound_secure_unreadable_and_new_at_each_login(secure: Program) -> None:
    visitor = Visitor(secure, HTTPS)
    path = link_for(secure, ANN)
    visitor.get(path)
    first = visitor.post(path).headers.getlist("Set-Cookie")
    (login,) = (cookie for cookie in first if "login" in cookie)
    assert login.startswith("__Host-kbdial-login=")
    parts = {part.strip() for part in login.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
    assert not any(part.startswith("Domain") for part in parts)
    again = link_for(secure, ANN)
    visitor.get(again)
    assert login.split(";")[0] not in str(visitor.post(again).headers.getlist("Set-Cookie"))


def test_off_this_machine_there_is_no_console_in_the_clear(tmp_path: Path) -> None:
    with a_program(
        tmp_path, a_knowledge_base(tmp_path, "apple"), public_url="http://kb.example.com"
    ) as program:
        visitor = Visitor(program, "http://kb.example.com")
        assert visitor.get(link_for(program, ANN)).status_code == 421


def test_a_login_dies_at_sign_out_after_eight_idle_hours_and_after_seven_days(program: Program) -> None:
    clock = program.edges.clock
    assert isinstance(clock, HandClock)
    left, idle, busy = (a_visitor(program, ANN) for _ in range(3))
    copied = left.client.get_cookie("kbdial-login", domain="127.0.0.1")
    assert copied is not None
    assert left.post("/console/sign-out").status_code == 200
    left.client.set_cookie("kbdial-login", copied.value, domain="127.0.0.1")
    assert left.get("/console/logins").status_code == 401
    for _ in range(24):
        clock.go_on(7 * 3600)
        reached = busy.get("/console/logins").status_code
        if reached != 200:
            break
    assert clock.seconds - 1_700_000_000.0 > 6.9 * 24 * 3600
    assert reached == 401
    assert idle.get("/console/logins").status_code == 401


def test_own_logins_are_listed_and_ended_and_nobody_elses(program: Program) -> None:
    here, there, other = a_visitor(program, ANN), a_visitor(program, ANN), a_visitor(program, BOB)
    page = here.get("/console/logins").text
    assert page.count('name="login"') == 2
    assert page.count("this one") == 1
    names = [part.split('"')[0] for part in page.split('name="login" value="')[1:]]
    assert other.post("/console/logins/end", login=names[0]).status_code == 404
    mine = page.index("this one")
    theirs = names[1] if page.index(names[0]) > mine - 400 and page.index(names[1]) > mine + 400 else names[0]
    here.get("/console/logins")
    assert here.post("/console/logins/end", login=theirs).status_code == 303
    assert sorted(each.get("/console/logins").status_code for each in (here, there)) == [200, 401]
    assert other.post("/console/logins/end-all").status_code == 200
    assert other.get("/console/logins").status_code == 401


def test_another_host_is_refused_before_anything_else(program: Program) -> None:
    visitor = Visitor(program, "http://evil.test")
    assert visitor.get("/console/logins").status_code == 421
    assert "evil.test" not in visitor.get(link_for(program, ANN)).text


@pytest.mark.parametrize(
    "path",
    [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "/console//evil.test",
        "/consolex",
        "/console/../x",
        "/console?\\evil.test",
        "/console?q=a\r\nLocation: //evil.test",
        "/consolex?a=/console/",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(path: str) -> None:
    assert safe_path(path) == "/console"


def test_a_page_of_ours_is_gone_back_to() -> None:
    assert safe_path("/console/dial?q=a&t=0.40") == "/console/dial?q=a&t=0.40"
    words = "/console/dial?q=well..+is+https://a.test/+up"
    assert safe_path(words) == words
