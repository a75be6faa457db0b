"""Every route, crossed with everybody; what each answer carries; hostile texts."""

from __future__ import annotations

from itertools import product

import pytest
from werkzeug.routing import Rule

from tests.bot.console.conftest import HOSTILE
from tests.support.console import ANN, BOB, EVE, LIN, Visitor, a_visitor, link_for
from tests.support.program import Program

ROLES = {"nobody": None, "elsewhere": EVE, "member": ANN, "admin": BOB, "machine": LIN}
OPEN = dict.fromkeys(ROLES, 200)
SIGNED_IN = {**OPEN, "nobody": 401}
CHANNEL = "slack:T1:C1"
LIST = {"texts": "an apple\na lemon", "q": "apple", "t": "0.40"}
BATCH = {"kb": "default", "questions": "apple\nlemon"}
DO = {"verb": "/limit", "argument": "7", "channel": CHANNEL}
# A page of one channel: whoever is elsewhere is told nothing of it.
OF_CHANNEL = {**SIGNED_IN, "elsewhere": 404}
FOR_ADMINS = {**OF_CHANNEL, "member": 404}
FOR_OPERATORS = {**FOR_ADMINS, "admin": 404}

# A route without a row here fails the test: whoever adds one says who may use it.
# By method and rule: an address, a form, and the status for each role.
MATRIX: dict[tuple[str, str], tuple[str, dict[str, str], dict[str, int]]] = {
    ("GET", "/console"): ("/console", {}, {**dict.fromkeys(ROLES, 303), "nobody": 401}),
    ("GET", "/console/static/<name>"): ("/console/static/none.css", {}, dict.fromkeys(ROLES, 404)),
    ("GET", "/console/sign-in/<token>"): ("/console/sign-in/x", {}, dict.fromkeys(ROLES, 410)),
    ("POST", "/console/sign-in/<token>"): ("/console/sign-in/x", {}, dict.fromkeys(ROLES, 403)),
    ("POST", "/console/language"): ("/console/language", {}, dict.fromkeys(ROLES, 303)),
    ("GET", "/console/channels"): ("/console/channels", {}, SIGNED_IN),
    ("GET", "/console/channels.csv"): ("/console/channels.csv", {}, SIGNED_IN),
    ("GET", "/console/channel"): (f"/console/channel?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/calibrate"): (f"/console/calibrate?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/calibrate.csv"): (f"/console/calibrate.csv?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/questions"): (f"/console/questions?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/questions.csv"): (f"/console/questions.csv?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/label"): (f"/console/label?channel={CHANNEL}", {}, OF_CHANNEL),
    ("GET", "/console/review"): (f"/console/review?channel={CHANNEL}", {}, OF_CHANNEL),
    ("POST", "/console/review"): (
        "/console/review",
        {"decide-1": "confirm", "channel": CHANNEL},
        {"nobody": 401, "elsewhere": 404, "member": 303, "admin": 303, "machine": 303},
    ),
    ("GET", "/console/week"): ("/console/week", {}, SIGNED_IN),
    ("GET", "/console/week.csv"): ("/console/week.csv", {}, SIGNED_IN),
    ("GET", "/console/operators"): ("/console/operators", {}, FOR_ADMINS),
    ("POST", "/console/operators/replay"): (
        "/console/operators/replay",
        {"kind": "all"},
        {**FOR_ADMINS, "admin": 303, "machine": 303},
    ),
    ("POST", "/console/operators/admin-code"): ("/console/operators/admin-code", {}, FOR_OPERATORS),
    ("POST", "/console/operators/remove-admin"): (
        "/console/operators/remove-admin",
        {"person": "nobody"},
        {**FOR_OPERATORS, "machine": 404},
    ),
    ("GET", "/console/sso/login"): ("/console/sso/login", {}, dict.fromkeys(ROLES, 404)),
    ("GET", "/console/sso/callback"): ("/console/sso/callback?code=x&state=y", {}, dict.fromkeys(ROLES, 404)),
    ("GET", "/console/logins"): ("/console/logins", {}, SIGNED_IN),
    ("POST", "/console/logins/end"): (
        "/console/logins/end",
        {"login": "none"},
        {**dict.fromkeys(ROLES, 404), "nobody": 401},
    ),
    ("POST", "/console/do"): (
        "/console/do",
        DO,
        {"nobody": 401, "elsewhere": 404, "member": 303, "admin": 303, "machine": 303},
    ),
    ("GET", "/console/dial"): ("/console/dial?q=apple", {}, SIGNED_IN),
    ("GET", "/console/dial/rest"): ("/console/dial/rest?kb=default&q=apple", {}, SIGNED_IN),
    ("GET", "/console/dial.csv"): ("/console/dial.csv?kb=default&q=apple", {}, SIGNED_IN),
    ("GET", "/console/dial/list"): ("/console/dial/list", {}, SIGNED_IN),
    ("POST", "/console/dial/list"): ("/console/dial/list", LIST, SIGNED_IN),
    ("POST", "/console/dial/list.csv"): ("/console/dial/list.csv", LIST, SIGNED_IN),
    ("GET", "/console/dial/batch"): ("/console/dial/batch", {}, SIGNED_IN),
    ("POST", "/console/dial/batch"): ("/console/dial/batch", BATCH, SIGNED_IN),
    ("POST", "/console/dial/batch.csv"): ("/console/dial/batch.csv", BATCH, SIGNED_IN),
    ("POST", "/console/mark"): (
        "/console/mark",
        {"channel": CHANNEL, "answer": "none", "right": "1 x"},
        {**dict.fromkeys(ROLES, 404), "nobody": 401},
    ),
    ("GET", "/console/knowledge"): ("/console/knowledge", {}, {**dict.fromkeys(ROLES, 303), "nobody": 401}),
    ("GET", "/console/knowledge/<kb>"): ("/console/knowledge/default?find=apple", {}, SIGNED_IN),
    ("GET", "/console/knowledge/<kb>/entry"): (
        "/console/knowledge/default/entry?id=none",
        {},
        {**dict.fromkeys(ROLES, 404), "nobody": 401},
    ),
    ("GET", "/console/knowledge/<kb>/progress"): ("/console/knowledge/default/progress", {}, SIGNED_IN),
    ("POST", "/console/knowledge/<kb>/confirm"): (
        "/console/knowledge/many/confirm",
        {},
        {"nobody": 401, "elsewhere": 404, "member": 404, "admin": 303, "machine": 303},
    ),
    ("POST", "/console/knowledge/<kb>/rollback"): (
        "/console/knowledge/none/rollback",
        {},
        {**dict.fromkeys(ROLES, 404), "nobody": 401},
    ),
    ("POST", "/console/knowledge/<kb>/write"): (
        "/console/knowledge/many/write",
        {"channel": CHANNEL, "text": "a text of one", "answer": "one\ntwo"},
        {"nobody": 401, "elsewhere": 404, "member": 303, "admin": 303, "machine": 303},
    ),
    ("GET", "/console/gaps"): (
        f"/console/gaps?channel={CHANNEL}",
        {},
        {**dict.fromkeys(ROLES, 200), "nobody": 401, "elsewhere": 404},
    ),
    ("GET", "/console/teach"): (
        f"/console/teach?channel={CHANNEL}",
        {},
        {**dict.fromkeys(ROLES, 200), "nobody": 401, "elsewhere": 404},
    ),
    ("GET", "/console/vectors"): ("/console/vectors?text=apple", {}, SIGNED_IN),
    ("GET", "/console/vectors.csv"): ("/console/vectors.csv?text=apple", {}, SIGNED_IN),
    ("GET", "/console/<path:rest>"): ("/console/none", {}, {**dict.fromkeys(ROLES, 404), "nobody": 401}),
    ("POST", "/console/<path:rest>"): ("/console/none", {}, {**dict.fromkeys(ROLES, 404), "nobody": 401}),
    # These end the login, so they come last.
    ("POST", "/console/logins/end-all"): ("/console/logins/end-all", {}, SIGNED_IN),
    ("POST", "/console/sign-out"): ("/console/sign-out", {}, SIGNED_IN),
}
# By its own signature and not by a login: see tests/bot/web/test_files.py.
FILES = ("GET", "/console/export/<token>")


def routes_of(program: Program) -> set[tuple[str, str]]:
    rules: list[Rule] = [
        rule for rule in program.app.flask.url_map.iter_rules() if rule.rule.startswith("/console")
    ]
    return {
        (method, rule.rule) for rule in rules for method in rule.methods or () if method in {"GET", "POST"}
    }


def test_every_route_has_its_row(program: Program) -> None:
    assert routes_of(program) - {FILES} == set(MATRIX)


@pytest.mark.parametrize(("route", "role"), list(product(MATRIX, ROLES)), ids=str)
def test_a_route_lets_in_whom_it_should(program: Program, route: tuple[str, str], role: str) -> None:
    path, form, statuses = MATRIX[route]
    person = ROLES[role]
    origin = program.app.url
    visitor = a_visitor(program, person, origin) if person else Visitor(program, origin)
    answered = visitor.get(path) if route[0] == "GET" else visitor.post(path, once=f"{role} {route}", **form)
    assert answered.status_code == statuses[role]
    policy = answered.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    assert answered.headers["Cache-Control"] == "no-store"
    assert "Server" not in answered.headers


@pytest.mark.parametrize(
    "route", [route for route in MATRIX if route[0] == "POST" and "<path" not in route[1]]
)
def test_what_changes_something_takes_no_get(program: Program, route: tuple[str, str]) -> None:
    if ("GET", route[1]) in MATRIX:
        return
    lin = a_visitor(program, LIN, program.app.url)
    refused = lin.get(MATRIX[route][0])
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_a_foreign_channel_looks_like_one_that_is_not(program: Program) -> None:
    eve = a_visitor(program, EVE, program.app.url)
    form = {"verb": "/threshold", "argument": "0.9", "once": "1"}
    foreign = eve.post("/console/do", channel=CHANNEL, **form)
    unknown = eve.post("/console/do", channel="slack:T2:none", **form)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text


def test_rights_that_are_taken_away_are_gone_with_the_next_request(program: Program) -> None:
    admins = program.app.admins
    assert admins.claim(admins.new_code(), EVE)
    eve = a_visitor(program, EVE, program.app.url)
    # An admin of T2 sees nothing of T1, with and without the right.
    assert eve.post("/console/do", channel=CHANNEL, verb="/limit", argument="3", once="2").status_code == 404
    assert admins.remove(EVE.key)


def test_what_is_done_in_the_console_is_the_command_with_its_history(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    form = {"channel": "terminal:local:kitchen", "verb": "/threshold", "argument": "0.55", "once": "x1"}
    gone = lin.post("/console/do", back="/console/dial?q=apple", **form)
    assert gone.status_code == 303
    assert "0.55" in lin.get(gone.headers["Location"]).text
    assert "lin" in str(program.say("/threshold", room="kitchen"))
    again = lin.post("/console/do", **form)  # the same form, sent twice
    assert again.headers["Location"].rpartition("=")[2] == gone.headers["Location"].rpartition("=")[2]
    said = gone.headers["Location"].rpartition("=")[2]
    ann = a_visitor(program, ANN, program.app.url)
    assert 'class="said"' not in ann.get(f"/console/dial?said={said}").text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(program: Program, text: str) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    for path in ("/console/dial", "/console/dial/rest", "/console/vectors"):
        page = lin.client.get(
            path, query_string={"kb": "default", "q": text, "t": "0.10", "text": text}, base_url=lin.origin
        ).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{7*7}}".replace("7*7", "49") not in page
        assert 'href="javascript' not in page


def test_a_formula_is_inert_in_the_file(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    table = lin.get("/console/dial.csv?kb=default&q=HYPERLINK+http+evil+test&t=0.10").text
    assert "'=HYPERLINK" in table
    assert ",=HYPERLINK" not in table
    assert ',"=HYPERLINK' not in table


@pytest.mark.parametrize(
    "query",
    [
        "t=nan",
        "t=1e999",
        "t=-1",
        "weight=7",
        "kb=none",
        "kb=default&from=99999999",
        "said=-1",
        "said=9" * 9,
        "u=x&compare=1",
    ],
)
def test_senseless_values_end_in_a_page_and_never_in_a_mistake(program: Program, query: str) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    assert lin.get(f"/console/dial?q=apple&{query}").status_code in {200, 404}
    assert lin.get(f"/console/dial/rest?q=apple&kb=default&{query}").status_code in {200, 404}


def test_signing_in_leaves_no_token_in_the_log(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    path = link_for(program, ANN)
    visitor = Visitor(program, program.app.url)
    visitor.get(path)
    visitor.post(path)
    assert path.rpartition("/")[2] not in caplog.text
