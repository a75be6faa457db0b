"""Hostile texts wherever people may write, as a question, a room, a name or an answer, on every page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import insert

from bot.domain import Person
from bot.store.tables import quarantine
from tests.bot.console.conftest import HOSTILE
from tests.support.console import ANN, LIN, Visitor, a_tab, a_visitor, link_for
from tests.support.program import Program

_ALIVE = re.compile(
    r"<img src=x|<script>alert|href=\"?javascript:|on(error|mouseover)=[^&]*\">", re.IGNORECASE
)


@pytest.fixture(scope="module")
def haunted(program: Program) -> Program:
    """Each hostile text is a room, what is asked in it, its name, a person, and something put aside."""
    for text in HOSTILE:
        for line in (text, f"/name {text}", f"/kb add {text} => {text}", "/review 0.50 0.40", text):
            program.say(line, room=text)
        program.app.admins.claim(program.app.admins.new_code(), Person("slack", "T7", text, text))
    rows = [
        {
            "platform": "slack",
            "tenant": text,
            "reason": text,
            "body": text,
            "received_at": program.edges.clock.now(),
        }
        for text in HOSTILE
    ]
    program.app._database.write(lambda connection: connection.execute(insert(quarantine), rows))
    return program


def pages_of(program: Program) -> Iterator[str]:
    """Every page that has an address of its own."""
    for rule in program.app.flask.url_map.iter_rules():
        path = rule.rule.replace("<name>", "default").replace("<kb>", "default")
        if path.startswith("/console") and "GET" in (rule.methods or ()) and "<" not in path:
            yield path


@pytest.mark.parametrize("text", HOSTILE)
def test_no_page_brings_a_text_to_life(haunted: Program, text: str) -> None:
    lin = a_visitor(haunted, LIN, haunted.app.url)
    asked = {"channel": f"terminal:local:{text}", "q": text, "kb": "default", "text": text, "t": "0.10",
             "find": text, "state": "queued", "entry": text, "said": text}  # fmt: skip
    for path in pages_of(haunted):
        answered = lin.client.get(path, query_string=asked, base_url=lin.origin)
        assert answered.status_code < 500, path
        if answered.mimetype == "text/html":
            assert _ALIVE.search(answered.text) is None, path


def test_nothing_runs_in_a_real_browser(chromium: Browser, haunted: Program) -> None:
    with a_tab(chromium, haunted, LIN) as tab:
        dialogs: list[str] = []
        tab.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in ("channels", "questions", "week", "operators", "dial?q=img&t=0.10"):
            tab.open(f"/console/{path}")
        assert dialogs == []
        assert [one for one in tab.complaints if "Content Security Policy" in one] == []


def test_guessing_links_finds_none_and_locks_nobody_out(program: Program) -> None:
    good = link_for(program, ANN)
    for number in range(200):
        visitor = Visitor(program, program.app.url)
        guessed = f"{good[:-6]}{number:06}"
        assert visitor.get(guessed).status_code == 410
        assert visitor.post(guessed).status_code == 403
    visitor = Visitor(program, program.app.url)
    assert visitor.get(good).status_code == 200
    assert visitor.post(good).status_code == 303


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/console/dial", 200),
        ("GET", "/console", 303),
        ("GET", "/console/none", 404),
        ("PUT", "/console/dial", 405),
        ("DELETE", "/console/do", 405),
        ("POST", "/console/do", 403),
        ("GET", "/console/do", 405),
        ("GET", "/console/channels.csv", 200),
    ],
)
def test_every_kind_of_answer_has_the_safe_headers(
    program: Program, method: str, path: str, status: int
) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    answered = lin.client.open(path, method=method, base_url=lin.origin)
    assert answered.status_code == status
    # What no page of ours answers falls under the policy of the whole bot, which lets nothing in.
    policy = answered.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in answered.headers
    assert "Traceback" not in answered.text


def test_an_admin_who_is_removed_is_signed_out_everywhere(program: Program) -> None:
    zoe = Person("slack", "T8", "U8", "Zoe")
    assert program.app.admins.claim(program.app.admins.new_code(), zoe)
    first, second = (a_visitor(program, zoe, program.app.url) for _ in range(2))
    lin = a_visitor(program, LIN, program.app.url)
    assert lin.post("/console/operators/remove-admin", person=zoe.key).status_code == 303
    for visitor in (first, second):
        assert visitor.get("/console/dial").status_code == 401
