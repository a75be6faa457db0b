"""The page for operators: letters tried again, codes made, rights taken away; each sees their own."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from bot.domain import Person
from bot.store.tables import inbox, outbox, quarantine
from tests.bot.console.conftest import HOSTILE
from tests.support.console import ANN, BOB, LIN, a_visitor
from tests.support.program import Program

ZOE = Person("slack", "T9", "U9", "Zoe")


def bury(program: Program, room: str, reason: str) -> int:
    """Make the newest message of a room a dead letter; its number."""
    channel = f"terminal:local:{room}"
    newest = select(inbox.c.id).where(inbox.c.channel == channel).order_by(inbox.c.id.desc()).limit(1)

    def work(connection: object) -> int:
        number: int = connection.scalar(newest)  # type: ignore[attr-defined]  # the store's own connection
        dead = update(inbox).where(inbox.c.id == number).values(state="dead", reason=reason)
        connection.execute(dead)  # type: ignore[attr-defined]  # the same
        return number

    return program.app._database.write(work)


def state_of(program: Program, number: int) -> str:
    query = select(inbox.c.state).where(inbox.c.id == number)
    return str(program.app._database.read(lambda connection: connection.scalar(query)))


def test_a_dead_letter_is_tried_again_from_the_page(program: Program) -> None:
    program.say("apple", room="dead")
    number = bury(program, "dead", HOSTILE[0])
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get("/console/operators").text
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
    assert lin.post("/console/operators/replay", kind="message", id=str(number)).status_code == 303
    assert state_of(program, number) != "dead"
    assert lin.post("/console/operators/replay", kind="message", id="999999").status_code == 404


def test_an_admin_sees_and_tries_what_is_their_workspaces_alone(program: Program) -> None:
    program.say("apple", room="theirs")
    number = bury(program, "theirs", "a reason of the terminal")
    bob = a_visitor(program, BOB, program.app.url)
    assert "a reason of the terminal" not in bob.get("/console/operators").text
    assert bob.post("/console/operators/replay", kind="message", id=str(number)).status_code == 404
    assert bob.post("/console/operators/replay", kind="all").status_code == 303
    assert state_of(program, number) == "dead"
    assert "/console/operators" not in a_visitor(program, ANN, program.app.url).get("/console/dial").text


def test_no_letter_tells_a_link_that_signs_somebody_in(program: Program) -> None:
    program.say("/console", room="link")
    query = update(outbox).where(outbox.c.reply.contains("/console/sign-in/")).values(state="dead")
    program.say("apple", room="link")
    count = program.app._database.write(lambda connection: connection.execute(query).rowcount)
    assert count
    page = a_visitor(program, LIN, program.app.url).get("/console/operators").text
    assert "/console/sign-in/…" in page
    assert page.count("/console/sign-in/") == page.count("/console/sign-in/…")


def test_what_was_put_aside_is_shown_to_whose_it_is(program: Program) -> None:
    now = program.edges.clock.now()
    rows = [
        {"platform": "slack", "tenant": tenant, "reason": "odd", "body": f"{tenant} <b>", "received_at": now}
        for tenant in ("T1", "T2")
    ]  # fmt: skip
    program.app._database.write(lambda connection: connection.execute(insert(quarantine), rows))
    page = a_visitor(program, BOB, program.app.url).get("/console/operators").text
    assert "T1 &lt;b&gt;" in page
    assert "T2 &lt;b&gt;" not in page


def test_a_code_made_on_the_page_makes_an_admin_who_is_taken_away_there(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.post("/console/operators/admin-code").text
    code = page[page.index("/admin claim ") :].split()[2].rstrip(".").partition("<")[0]
    assert program.app.admins.claim(code, ZOE)
    assert "Zoe" in lin.get("/console/operators").text
    zoe = a_visitor(program, ZOE, program.app.url)
    assert zoe.get("/console/operators").status_code == 200
    assert zoe.post("/console/operators/admin-code").status_code == 404
    assert lin.post("/console/operators/remove-admin", person=ZOE.key).status_code == 303
    assert zoe.get("/console/operators").status_code == 401
    assert "Zoe" not in lin.get("/console/operators").text


def test_the_page_says_how_both_programs_are(program: Program) -> None:
    page = a_visitor(program, LIN, program.app.url).get("/console/operators").text
    assert "The bot is ready." in page
    assert "The engine is ready:" in page
    assert "many" in page
